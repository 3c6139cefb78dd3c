"""Public SSH keys as people see them: fingerprint, and a line of shell that installs one (pure)."""

import base64
import hashlib
import re
import shlex
from dataclasses import dataclass

_LINE = re.compile(
    r"(?P<kind>ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) (?P<data>[A-Za-z0-9+/]+={0,3})"
    r"(?: (?P<comment>[^\x00-\x1f\x7f]{1,200}))?"
)


@dataclass(frozen=True)
class PublicKey:
    """
    One public key.

    Attributes:
        kind: Such as ssh-ed25519.
        data: The key itself, in base64.
        comment: What stands behind it, usually user@machine; may be blank.
    """

    kind: str
    data: str
    comment: str = ""

    @property
    def line(self) -> str:
        """As it stands in a .pub file and in authorized_keys."""
        return f"{self.kind} {self.data} {self.comment}".rstrip()

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` shows it: SHA256 in base64 without padding."""
        digest = hashlib.sha256(base64.b64decode(self.data)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    @property
    def install_line(self) -> str:
        """
        One line of shell for a terminal on the host: whoever holds the key's other half may then come in.

        It may be run again, keeps what is in the file, and sets the modes without which sshd ignores it.
        """
        known, line = shlex.quote(f"{self.kind} {self.data}"), shlex.quote(self.line)
        return (
            "mkdir -p ~/.ssh && touch ~/.ssh/authorized_keys && chmod 700 ~/.ssh && "
            f"chmod 600 ~/.ssh/authorized_keys && {{ grep -qF {known} ~/.ssh/authorized_keys || "
            # A file whose last line has no end would join it with ours.
            '{ test -z "$(tail -c 1 ~/.ssh/authorized_keys)" || echo; '
            f"printf '%s\\n' {line}; }} >> ~/.ssh/authorized_keys; }}"
        )


def read_public_key(text: str) -> PublicKey:
    """The key of a .pub file's text; `ValueError` when it is none."""
    found = _LINE.fullmatch(text.strip())
    if found is None:
        raise ValueError("this is not a public SSH key")
    base64.b64decode(found["data"], validate=True)
    return PublicKey(found["kind"], found["data"], (found["comment"] or "").strip())
