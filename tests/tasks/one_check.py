"""A check as small as can be: a file holds a text."""

from dataclasses import dataclass

from tasks.check import Answer, Check, Command, Unreadable, Verdict, command


@dataclass(frozen=True)
class FileHolds(Check[str]):
    """The file holds exactly that text."""

    path: str
    text: str
    tries: int = 1
    pause: float = 0

    def probe(self) -> Command:
        return command("cat", self.path)

    def read(self, answer: Answer) -> str:
        if not answer.ok:
            raise Unreadable(f"{self.path} cannot be read: {answer.said}")
        return answer.stdout

    def verdict(self, seen: str) -> Verdict:
        return Verdict() if seen == self.text else Verdict((f"{self.path} holds {seen!r}",))

    def fix(self, seen: str) -> tuple[Command, ...]:
        return (command("cp", "/dev/stdin", self.path, stdin=self.text),)


@dataclass(frozen=True)
class FileWillHold(FileHolds):
    """The same, but nothing but time helps."""

    def fix(self, seen: str) -> tuple[Command, ...]:
        return ()
