"""Virtual environments: their programs are there and fit the GPU, and their packages are known."""

from dataclasses import dataclass

from tasks.check import Answer, Check, Command, Unreadable, Verdict, command
from tasks.remote import script


@dataclass(frozen=True)
class VenvSeen:
    """
    What a virtual environment holds.

    Attributes:
        identity: Digest of its packages and their versions; blank when there are none.
        missing: Programs that cannot be run, as NAME=path.
        ptxas: What ptxas says of sm_121 when it refuses it.
    """

    identity: str
    missing: tuple[str, ...] = ()
    ptxas: str = ""


@dataclass(frozen=True)
class VenvThere(Check[VenvSeen]):
    """A virtual environment is populated and its programs, named by absolute path, can be run."""

    folder: str
    programs: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"the virtual environment {self.folder} is there"

    def probe(self) -> Command:
        named = (f"{name}={path}" for name, path in self.programs)
        return command("bash", "-s", "--", self.folder, *named, stdin=script("venv.sh"))

    def read(self, answer: Answer) -> VenvSeen:
        if not answer.ok:
            raise Unreadable(f"the virtual environment {self.folder} cannot be looked at: {answer.said}")
        facts = [line.split("=", 1) for line in answer.stdout.splitlines() if "=" in line]
        missing = tuple(value for key, value in facts if key == "missing")
        told = dict(facts)
        identity = f"venv:{told['packages']}" if told.get("packages") else ""
        return VenvSeen(identity, missing, told.get("ptxas", ""))

    def verdict(self, seen: VenvSeen) -> Verdict:
        faults = [f"{name} is not an executable file" for name in seen.missing]
        if not seen.identity:
            faults.append(f"the virtual environment {self.folder} holds no packages")
        if seen.ptxas:
            faults.append(f"ptxas does not know this GPU (sm_121): {seen.ptxas}")
        return Verdict(tuple(faults))
