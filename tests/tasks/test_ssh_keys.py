"""SSH keys on a simulated host: its own is made once, and the controller's is shown by its public half."""

import subprocess
import sys
from pathlib import Path

import pytest

from blocks.ledger.seen import read_seen
from blocks.public_key import read_public_key
from tasks.check import Answer, Unreadable
from tasks.checks.ssh_key import OwnKey
from tasks.ensure import ensure_without_prefect, look
from tasks.ssh_keys import CONTROLLER, note_controller_keys, note_own_key
from tests.tasks.quiet import quiet_report
from tests.tasks.simulated import Sparks, sparks_in

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sparks(tmp_path_factory: pytest.TempPathFactory):
    """One Spark for this file."""
    with sparks_in(tmp_path_factory.mktemp("sparks"), "--hosts", "1") as pair:
        yield pair


@pytest.fixture
def folder(sparks: Sparks) -> Path:
    """The host's ~/.ssh without a key of its own."""
    folder = sparks.simulation.home() / ".ssh"
    for name in ("id_ed25519", "id_ed25519.pub"):
        (folder / name).unlink(missing_ok=True)
    return folder


def test_a_host_without_a_key_is_given_one_that_stays(sparks: Sparks, folder: Path):
    host = sparks.cluster.hosts[0]
    assert look(host, OwnKey()).verdict.faults == ("the host has no key in ~/.ssh/id_ed25519",)

    ensure_without_prefect(host, OwnKey())
    private = (folder / "id_ed25519").read_text()
    ensure_without_prefect(host, OwnKey())

    seen = look(host, OwnKey()).seen
    assert seen == read_public_key((folder / "id_ed25519.pub").read_text())
    assert (folder / "id_ed25519").read_text() == private
    assert (folder / "id_ed25519").stat().st_mode & 0o777 == 0o600


def test_a_key_whose_public_half_is_lost_is_shown_all_the_same(sparks: Sparks, folder: Path):
    host = sparks.cluster.hosts[0]
    ensure_without_prefect(host, OwnKey())
    before = look(host, OwnKey()).seen
    (folder / "id_ed25519.pub").unlink()

    assert look(host, OwnKey()).seen.data == before.data


def test_what_cannot_be_read_is_not_taken_for_a_missing_key():
    with pytest.raises(Unreadable):
        OwnKey().read(Answer(0, "-----BEGIN OPENSSH PRIVATE KEY-----\n"))
    with pytest.raises(Unreadable):
        OwnKey().read(Answer(1, "", "Permission denied"))


def test_the_public_halves_are_written_down_for_the_gateway(sparks: Sparks, folder: Path, tmp_path: Path):
    ledger = quiet_report(tmp_path).ledger
    host = sparks.cluster.hosts[0]
    ensure_without_prefect(host, OwnKey())

    note_controller_keys(ledger, [host, host.model_copy(update={"key_path": "/nowhere/key"})])
    note_own_key(ledger, "spark-1", look(host, OwnKey()).seen)

    seen = read_seen(ledger, "ssh-key/")
    ledger.close()
    assert seen[CONTROLLER].data == {host.key_path: Path(f"{host.key_path}.pub").read_text().strip()}
    assert seen["ssh-key/spark-1"].data["public"].startswith("ssh-ed25519 AAAA")


def test_the_controllers_key_is_made_once_by_one_command(tmp_path: Path):
    def ask() -> str:
        words = [sys.executable, "-m", "control.ssh_key", str(tmp_path / "new" / "key")]
        return subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout

    first, private = ask(), (tmp_path / "new" / "key").read_bytes()
    (tmp_path / "new" / "key.pub").unlink()
    second = ask()

    key = read_public_key((tmp_path / "new" / "key.pub").read_text())
    assert first.startswith("A new key was made")
    assert second.startswith("The key is there")
    assert key.fingerprint in first
    assert key.data in second
    assert (tmp_path / "new" / "key").read_bytes() == private
    assert (tmp_path / "new" / "key").stat().st_mode & 0o777 == 0o600
