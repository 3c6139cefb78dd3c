"""A host's own SSH key: it is there, or is made; one that is there is never written over."""

from dataclasses import dataclass

from blocks.public_key import PublicKey, read_public_key
from tasks.check import Answer, Check, Command, Unreadable, Verdict, command

KEY = "~/.ssh/id_ed25519"

_LOOK = """
cd ~/.ssh 2>/dev/null || exit 0
if [ -e id_ed25519.pub ]; then cat id_ed25519.pub
elif [ -e id_ed25519 ]; then ssh-keygen -y -P '' -f id_ed25519; fi
"""
_MAKE = """
mkdir -p -m 700 ~/.ssh && cd ~/.ssh || exit
name="$(id -un)@$(hostname)"
[ -e id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -C "$name" -f id_ed25519 </dev/null || exit
[ -e id_ed25519.pub ] || ssh-keygen -y -P '' -f id_ed25519 >id_ed25519.pub
"""


@dataclass(frozen=True)
class OwnKey(Check[PublicKey | None]):
    """The host has an SSH key of its own; seen is its public half, None without one."""

    def __str__(self) -> str:
        return f"{KEY} is there"

    def probe(self) -> Command:
        return command("bash", "-s", stdin=_LOOK)

    def read(self, answer: Answer) -> PublicKey | None:
        if not answer.ok:
            raise Unreadable(f"{KEY} cannot be read: {answer.said}")
        if not answer.stdout.strip():
            return None
        try:
            return read_public_key(answer.stdout)
        except ValueError:
            raise Unreadable(f"{KEY}.pub holds no public key of a kind that is known") from None

    def verdict(self, seen: PublicKey | None) -> Verdict:
        return Verdict() if seen else Verdict((f"the host has no key in {KEY}",))

    def fix(self, seen: PublicKey | None) -> tuple[Command, ...]:
        return (command("bash", "-s", stdin=_MAKE),)
