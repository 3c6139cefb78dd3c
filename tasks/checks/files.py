"""Files and folders that a start needs on a host."""

from dataclasses import dataclass

from tasks.check import Answer, Check, Command, Unreadable, Verdict, command

MISSING = 'for path; do [ -e "$path" ] || printf "%s\\n" "$path"; done'


@dataclass(frozen=True)
class FilesThere(Check[tuple[str, ...]]):
    """Every one of these paths exists; seen are those that do not."""

    paths: tuple[str, ...]

    def __str__(self) -> str:
        return f"{len(self.paths)} files and folders are there"

    def probe(self) -> Command:
        return command("bash", "-c", MISSING, "-", *self.paths)

    def read(self, answer: Answer) -> tuple[str, ...]:
        if not answer.ok:
            raise Unreadable(f"it cannot be seen which files are there: {answer.said}")
        return tuple(answer.stdout.splitlines())

    def verdict(self, seen: tuple[str, ...]) -> Verdict:
        return Verdict(tuple(f"{path} does not exist" for path in seen))
