"""A host to speak to over SSH, with a file of known hosts of its own; Hypothesis without a clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tasks import ssh
from tests.tasks.ssh_host import SshHost, served

settings.register_profile("no clock", deadline=None)
settings.load_profile("no clock")


@pytest.fixture
def known_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's keys of first contact are recorded."""
    file = tmp_path / "state" / "known_hosts"
    monkeypatch.setenv("SPARK_KNOWN_HOSTS", str(file))
    return file


@pytest.fixture
def spark(tmp_path: Path, known_hosts: Path) -> Iterator[SshHost]:
    """A host that answers."""
    with served(tmp_path / "spark") as host:
        yield host
        ssh.close_all()
