"""The slow look at the speech container's patches: every ten minutes, while its host is reachable."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from blocks.ledger import clock
from blocks.ledger.runs import latest_runs
from blocks.ledger.seen import read_seen
from blocks.ledger.store import Ledger
from blocks.patches import PATCHES
from blocks.settings import Settings
from tasks import ssh
from tasks.check import Unreadable
from tasks.observe_rounds import keep_looking
from tasks.patches_look import look_at_patches, write_patches

log = logging.getLogger("observer")

LOOK_SECONDS = 600.0
POLL_SECONDS = 5.0


@dataclass
class PatchesObserver:
    """
    Looks at the patches of the cluster's speech container.

    Attributes:
        settings: Gives them as they were read last.
        reachable: Tells of a host's name whether the last look at the host was a good one.
    """

    ledger: Ledger
    settings: Callable[[], Settings]
    ended: threading.Event
    reachable: Callable[[str], bool]

    def run(self) -> None:
        """Look until told to end; no error of a look ends it."""
        keep_looking(self.look_if_due, "the patches", POLL_SECONDS, self.ended)

    def look_if_due(self) -> None:
        """Look when the last look is old, or was at another container; not while a run is at work on it."""
        settings = self.settings()
        try:
            service = settings.cluster.patched
            host = settings.cluster.host(service.host)
        except LookupError:  # there is nothing to patch, or no such host: the gateway says so
            return
        seen = read_seen(self.ledger, PATCHES).get(PATCHES)
        is_other = seen is None or seen.data.get("container") != service.container
        if not (is_other or seen is None or seen.age_seconds > LOOK_SECONDS):
            return
        if not self.reachable(host.name) or self._is_worked_on():
            return
        try:
            look_at_patches(self.ledger, settings)
        except (ssh.Unreachable, ssh.OutputTooLong, Unreadable) as error:
            log.warning("the patches: %s", error)
            before = {} if seen is None or is_other else seen.data
            why = f"the patches cannot be looked at, what is shown was seen before: {error}"
            write_patches(self.ledger, service, {**before, "fault": why})

    def _is_worked_on(self) -> bool:
        """A run looks by itself; one that is silent for long counts as gone."""
        runs = latest_runs(self.ledger, "patches", 1)
        return any(run.ended is None and abs(clock.now() - run.updated) < LOOK_SECONDS for run in runs)
