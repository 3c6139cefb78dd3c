"""`python -m control.keys` as a person uses it: real processes on a real ledger."""

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from blocks.ledger.keys import hash_key, list_keys
from blocks.ledger.store import Ledger
from control.keys import main

CHECKOUT = Path(__file__).parents[2]


class Operator:
    """Runs the command, and looks at what it made of the ledger."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SPARK_LEDGER_URL": self.url, "PYTHONPATH": str(CHECKOUT)}
        command = [sys.executable, "-m", "control.keys", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def keys(self) -> dict[str, tuple[str, set[str], float | None]]:
        """Hash, scopes and end of each key by its name."""
        with closing(Ledger(self.url)) as ledger:
            return {key.name: (key.hash, set(key.scopes), key.expires) for key in list_keys(ledger)}


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """One whose ledger nobody made yet."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    monkeypatch.setenv("SPARK_LEDGER_URL", url)
    return Operator(url)


def test_a_first_key_is_shown_once_and_closes_the_gateway(operator: Operator):
    added = operator.run("add", "phone", "--scope", "inference")
    listed = operator.run("list")

    key = added.stdout.strip()
    assert operator.keys() == {"phone": (hash_key(key.encode()), {"inference"}, None)}
    assert "only time" in added.stderr
    assert "from now on every request needs a key" in added.stderr
    assert "--scope control" in added.stderr
    assert "phone" in listed.stdout
    assert key not in listed.stdout + listed.stderr


def test_a_key_with_both_scopes_and_an_end_is_listed_so(operator: Operator, capsys):
    main(["add", "owner", "--scope", "inference", "--scope", "control", "--days", "30"])
    main(["list"])

    told = capsys.readouterr()
    [(_, scopes, expires)] = operator.keys().values()
    assert scopes == {"inference", "control"}
    assert expires == pytest.approx(time.time() + 30 * 86400, abs=600)
    assert "control+inference" in told.out
    assert "expires" in told.out
    assert "--scope control" not in told.err


def test_revoking_the_last_key_says_that_the_gateway_is_open_again(operator: Operator, capsys):
    main(["add", "owner", "--scope", "control"])
    main(["add", "phone"])
    main(["revoke", "phone"])
    assert "is open" not in capsys.readouterr().err

    main(["revoke", "owner"])
    assert "the gateway is open to everyone" in capsys.readouterr().err
    main(["list"])
    assert "the gateway is open to everyone" in capsys.readouterr().err
    assert operator.keys() == {}


REFUSED = [
    (("add", "owner"), "a key named 'owner' already"),
    (("add", "Owner's"), "cannot name a key"),
    (("add", "x", "--scope", "everything"), "invalid choice: 'everything'"),
    (("add", "x", "--days", "0"), "between 0 and 36500"),
    (("add", "x", "--days", "nan"), "between 0 and 36500"),
    (("revoke", "nobody"), "no key named 'nobody' (known: owner)"),
    ((), "add | list | revoke"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_cannot_be_done_is_said_in_a_line_and_changes_nothing(operator: Operator, capsys, words, said):
    main(["add", "owner", "--scope", "control"])
    before = operator.keys()
    capsys.readouterr()

    with pytest.raises(SystemExit) as refused:
        main(words)

    told = capsys.readouterr()
    assert said in f"{refused.value.code} {told.err}"
    assert told.out == ""
    assert operator.keys() == before


def test_a_ledger_that_cannot_be_reached_is_no_traceback(operator: Operator):
    operator.url = "postgresql+psycopg://nobody:s3cret@127.0.0.1:9/none"

    refused = operator.run("list")

    assert refused.returncode == 1
    assert refused.stderr.startswith("the ledger does not answer")
    assert "Traceback" not in refused.stderr
    assert "s3cret" not in refused.stderr
