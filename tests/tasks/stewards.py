"""A steward for a service of a simulated pair, with a ledger and a voice of its own."""

from pathlib import Path

from blocks.ledger.service_events import service_events_of
from blocks.settings import Settings
from tasks.service import Steward
from tests.tasks.quiet import quiet_report
from tests.tasks.simulated_pair import Pair


def steward(pair: Pair, folder: Path, name: str, **changes) -> Steward:
    """The steward of a service, with a ledger and a voice of its own."""
    voice = quiet_report(folder)
    cluster = pair.cluster
    service = cluster.service(name).model_copy(update=changes)
    return Steward(Settings(cluster=cluster), voice.ledger, voice, service, "a test")


def kinds(steward: Steward) -> list[str]:
    return [event.kind for event in service_events_of(steward.ledger, steward.service.name)]
