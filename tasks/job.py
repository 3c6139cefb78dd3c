"""A job that a host runs by itself: it outlives the run that began it, and the next run finds it (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.check import Answer, Command, command, read_json
from tasks.remote import script_with


@dataclass(frozen=True)
class JobState:
    """
    A job as its host tells of it.

    Attributes:
        known: False when none of that name was ever begun.
        code: Exit code once it has ended; None while it runs, and when it was killed.
        begun: True in the answer to `begin` when it was not running already.
        run: The flow run that began it.
        line: What it runs, as one line of shell; secrets are in its environment only.
        log: The end of what it said.
    """

    known: bool
    running: bool
    code: int | None
    begun: bool
    run: str
    line: str
    log: str


@dataclass(frozen=True)
class Job:
    """
    A job and its name; one of a name runs at a time.

    Attributes:
        steps: Argument lists, run one after the other until one fails.
        environment: Added to that of the host; secrets may be here, and show in no argument list or log.
    """

    name: str
    steps: Sequence[Sequence[str]]
    run: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def begin(self) -> Command:
        """Starts it; one of its name that runs already is left alone."""
        return self._ask(
            "begin",
            steps=[list(step) for step in self.steps],
            environment=dict(self.environment),
            run=self.run,
        )

    def look(self) -> Command:
        """Asks how it goes."""
        return self._ask("look")

    def stop(self) -> Command:
        """Ends it; what it has written stays."""
        return self._ask("stop")

    def _ask(self, verb: str, **more: object) -> Command:
        text = script_with("job.py", verb=verb, name=self.name, **more)
        return command("python3", "-", stdin=text, timeout=40)


def read_job(answer: Answer) -> JobState:
    """The state in an answer; `Unreadable` when it is none."""
    return read_json(
        answer,
        lambda said: JobState(**said),
        unread="the state of a job cannot be read",
        unasked="a job could not be asked for",
    )


def list_jobs() -> Command:
    """Asks for the names of the jobs that run on a host."""
    return command("python3", "-", stdin=script_with("job.py", verb="list", name=""), timeout=30)


def read_jobs(answer: Answer) -> list[str]:
    """The names in an answer; `Unreadable` when there are none to be read."""
    return read_json(
        answer,
        lambda said: [str(name) for name in said],
        unread="the jobs of a host cannot be read",
        unasked="a host could not be asked for its jobs",
    )
