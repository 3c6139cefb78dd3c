"""A run's voice without Prefect: what it says goes to a ledger of its own."""

from pathlib import Path

from blocks.ledger.migrate import migrate
from blocks.ledger.runs import Event, Run, events_after, get_run
from blocks.ledger.store import Ledger
from tasks.artifacts import Artifact
from tasks.report import Report

RUN = "5a5a5a5a-0000-4000-8000-000000000000"


class QuietReport(Report):
    """A report that leaves nothing in Prefect's UI, for there is none here."""

    def show(self, artifact: Artifact) -> None:
        """Nobody looks at it."""

    @property
    def record(self) -> Run:
        """What the run wrote down."""
        found = get_run(self.ledger, self.run_id)
        assert found is not None
        return found

    @property
    def events(self) -> list[Event]:
        """What it said, oldest first."""
        return events_after(self.ledger, self.run_id, limit=100_000)

    def phases(self) -> list[str]:
        """The phases it went through, each once."""
        return list(dict.fromkeys(event.data["phase"] for event in self.events if event.kind == "phase"))


def quiet_report(folder: Path, model: str = "spark-2", kind: str = "test") -> QuietReport:
    """A report that has begun, on an empty ledger in a folder."""
    url = f"sqlite:///{folder}/ledger.db"
    migrate(url)
    report = QuietReport(Ledger(url), RUN, model, kind=kind)
    report.start(None)
    return report
