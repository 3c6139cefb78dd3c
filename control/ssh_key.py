"""`python -m control.ssh_key`: the controller's own SSH key, made when missing, and how hosts get it."""

import argparse
import os
import sys
from pathlib import Path

import asyncssh

from blocks.public_key import PublicKey, read_public_key

USUAL = "~/.ssh/id_ed25519"


def own_key(path: Path) -> tuple[PublicKey, bool]:
    """
    The public half of the key in a file, and whether it was made just now.

    A private key that is there is never written over; its .pub file is made anew when that is missing.
    """
    public = path.with_name(f"{path.name}.pub")
    made = not path.exists()
    if made:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = asyncssh.generate_private_key("ssh-ed25519", comment=f"spark-control@{os.uname().nodename}")
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.export_private_key())
        key.write_public_key(str(public))
    elif not public.exists():
        asyncssh.read_private_key(str(path)).write_public_key(str(public))
    return read_public_key(public.read_text(encoding="utf-8")), made


def main() -> None:
    """Read the command line, and say what is there."""
    parser = argparse.ArgumentParser(prog="python -m control.ssh_key", description=__doc__)
    parser.add_argument("path", nargs="?", default=USUAL, help=f"private key file, usually {USUAL}")
    path = Path(parser.parse_args().path).expanduser()
    try:
        key, made = own_key(path)
    except (OSError, ValueError, asyncssh.KeyImportError) as error:
        raise SystemExit(f"{path} cannot be used as a key: {error}") from error
    there = "A new key was made" if made else "The key is there"
    sys.stdout.write(
        f"{there}: {path}\nIts fingerprint: {key.fingerprint}\n"
        f"Run this on each host, as the user that the settings name:\n\n{key.install_line}\n"
    )


if __name__ == "__main__":
    main()
