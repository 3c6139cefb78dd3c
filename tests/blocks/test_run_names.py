"""What runs are called."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.run_names import LONGEST, SENTENCES, run_name

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
PARAMETERS = ("model", "repo", "hosts", "host", "service", "length_minutes", "dry_run", "in_place_of", "nim")


@pytest.mark.parametrize(
    ("flow", "parameters", "name"),
    [
        ("swap-model", {"model": "glm"}, "Swap to glm"),
        ("swap-model/cluster", {"model": "glm", "dry_run": True}, "Plan: swap to glm"),
        ("swap-model", {"model": "glm", "length_minutes": 61}, "Swap to glm for 1 hour and 1 minute"),
        ("swap-model", {"model": "glm", "in_place_of": "1", "as_launched": "2"}, "Swap back to glm"),
        ("swap-model", {"model": "glm", "as_launched": "2"}, "Load glm again"),
        ("download-model", {"repo": "org/name"}, "Download org/name to all hosts"),
        ("download-model", {"repo": "org/name", "hosts": ["a", "b"]}, "Download org/name to a and b"),
        ("delete-weights", {"model": "org/name", "dry_run": True}, "Plan: delete org/name from all hosts"),
        ("restart-service", {"service": "parakeet"}, "Restart parakeet"),
        ("update-launcher", {"back": True}, "Take the launcher's last update back"),
        ("deep-check", {}, "Check every service"),
        ("deep-check", {"service": "vllm", "dry_run": True}, "Check vllm, restarting nothing"),
        ("ensure-state", {}, "Check the state of all hosts"),
        ("ensure-state", {"act": True, "hosts": ["a"]}, "Check and put right the state of a"),
        ("show-logs", {"container": "x", "host": "spark-1"}, "Show the log of container x on spark-1"),
        ("free-memory", {"host": "a", "action": "stop_engine"}, "Free memory of a by unloading the model"),
        ("install-nim", {"nim": "magpie", "host": "b"}, "Install magpie on b"),
        ("apply-patches/cluster", {"host": "spark-2"}, "Apply patches: spark-2"),
        ("apply-patches", {"dry_run": True}, "Plan: apply patches"),
    ],
)
def test_a_run_is_called_by_what_it_does(flow: str, parameters: dict[str, Any], name: str):
    assert run_name(flow, parameters) == name


@given(
    st.sampled_from(sorted(SENTENCES)) | st.text(max_size=30),
    st.dictionaries(st.sampled_from(PARAMETERS), ANYTHING),
)
def test_whatever_the_parameters_are_there_is_a_name_of_one_line(flow: str, parameters: dict[str, Any]):
    name = run_name(flow, parameters)

    assert 0 < len(name) <= LONGEST
    assert len(name.splitlines()) == 1
