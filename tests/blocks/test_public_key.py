"""Public SSH keys: what they look like, and the line of shell that installs one, in a real shell."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.public_key import PublicKey, read_public_key

LINE = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()


def install(home: Path, key: PublicKey) -> list[str]:
    """Run the line in a shell of that home; what authorized_keys holds then."""
    done = subprocess.run(
        ["bash", "-c", key.install_line],
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return (home / ".ssh/authorized_keys").read_text().splitlines()


def test_a_key_is_read_with_its_comment_and_without():
    assert read_public_key(f"{LINE} owner@laptop\n").comment == "owner@laptop"
    assert read_public_key(LINE).line == LINE


@pytest.mark.parametrize(
    "text", ["", "no key", "ssh-ed25519", "ssh-ed25519 A!A", f"{LINE} a\nb", f"x {LINE}"]
)
def test_what_is_no_key_is_refused(text: str):
    with pytest.raises(ValueError, match=r"."):
        read_public_key(text)


@given(st.text())
def test_any_text_is_a_key_or_refused(text: str):
    with contextlib.suppress(ValueError):
        assert read_public_key(text).line


@pytest.mark.skipif(
    not shutil.which("ssh-keygen"), reason="without ssh-keygen there is nothing to compare with"
)
def test_the_fingerprint_is_that_of_ssh_keygen(tmp_path: Path):
    (tmp_path / "key.pub").write_text(f"{LINE}\n")
    said = subprocess.run(
        ["ssh-keygen", "-l", "-f", tmp_path / "key.pub"], capture_output=True, text=True, check=True
    )

    assert said.stdout.split()[1] == read_public_key(LINE).fingerprint


def test_the_line_installs_a_key_once_with_the_modes_that_sshd_asks_for(tmp_path: Path):
    key = read_public_key(f"{LINE} o'brien $(touch /nowhere)")

    assert install(tmp_path, key) == [key.line]
    assert install(tmp_path, key) == [key.line]
    assert (tmp_path / ".ssh").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / ".ssh/authorized_keys").stat().st_mode & 0o777 == 0o600


def test_the_line_keeps_what_is_there_also_when_its_last_line_has_no_end(tmp_path: Path):
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/authorized_keys").write_text("ssh-ed25519 AAAA other")

    assert install(tmp_path, read_public_key(LINE)) == ["ssh-ed25519 AAAA other", LINE]
