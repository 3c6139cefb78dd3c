"""The contract of the hosts' state is what the checks' docstrings say."""

from pathlib import Path

import pytest

from tasks.state.contract import FIRST, sections
from tasks.state.kinds import every_check

PAGE = Path(__file__).parents[3] / "docs/contracts/ensure-state.md"


@pytest.mark.parametrize("check", every_check({}), ids=lambda check: check.name)
def test_a_check_says_what_is_asked_and_wanted_what_its_fix_does_and_its_source(check):
    assert check.promise("").endswith(".")
    for part in ("Asked", "Wanted", "Fix", "Source"):
        assert check.promise(part).endswith("."), part


def test_the_contract_is_made_of_the_docstrings():
    _, first, rest = PAGE.read_text(encoding="utf-8").partition(FIRST)

    assert first + rest == sections()
