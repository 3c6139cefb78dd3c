"""What the run forms of Prefect's UI offer: kept in step with the disks, the hosts and the services."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from blocks.ledger.seen import read_seen
from blocks.ledger.state import CHECKS
from blocks.ledger.store import Ledger
from blocks.menu import DISK, Entry, disks_from, make_menu, swappable
from blocks.nim import CATALOG
from blocks.settings import Settings
from tasks.announce import Offer, Offers, offer
from tasks.observe_rounds import keep_looking

log = logging.getLogger("observer")

FORM_SECONDS = 3.0
AGAIN_SECONDS = 120.0
"""A form is looked at again after this time: whoever publishes the flows anew takes its choices away."""

ALL = "all"
BLANK = ""


@dataclass
class RunForms:
    """
    Offers the choices of every form, in a thread of its own: Prefect may be slow or away.

    Attributes:
        settings: Gives them as they were read last.
        again_seconds: After how long a form is looked at again.
    """

    ledger: Ledger
    settings: Callable[[], Settings]
    ended: threading.Event
    again_seconds: float = AGAIN_SECONDS
    _offered: dict[str, tuple[Offers, float]] = field(default_factory=dict)
    _refused: dict[str, int] = field(default_factory=dict)

    def run(self) -> None:
        """Offer what is new until told to end."""
        keep_looking(self.offer, "the run forms", FORM_SECONDS, self.ended)

    def offer(self) -> None:
        """One look at each form that is due; the round ends at one that Prefect did not take."""
        settings = self.settings()
        if not settings.cluster.hosts:  # not read yet, or nothing to choose from
            return
        wanted = offers_of(settings, self._menu(settings))
        due = [form for form in wanted if self._is_due(form, wanted[form])]
        # Those that were refused less often come first: one that is missing keeps no other from its turn.
        for form in sorted(due, key=lambda form: self._refused.get(form, 0)):
            if not offer(form, wanted[form]):
                self._refused[form] = self._refused.get(form, 0) + 1
                return
            if self._offered.get(form, ({}, 0.0))[0] != wanted[form]:
                log.info("the run form of %s offers %s", form, wanted[form])
            self._offered[form] = (wanted[form], time.monotonic())

    def _is_due(self, form: str, wanted: Offers) -> bool:
        offered, at = self._offered.get(form, ({}, 0.0))
        return offered != wanted or time.monotonic() - at > self.again_seconds

    def _menu(self, settings: Settings) -> list[Entry]:
        disks, hosts = disks_from(read_seen(self.ledger, DISK)), {h.name for h in settings.cluster.hosts}
        present = {name: disks[name] for name in disks if name in hosts}
        return make_menu(settings.cluster, settings.catalog, present)


def offers_of(settings: Settings, menu: list[Entry]) -> dict[str, Offers]:
    """By deployment, what each field of its form offers (pure)."""
    hosts = tuple(host.name for host in settings.cluster.hosts)
    services = tuple(service.name for service in settings.cluster.services)
    ready = tuple(swappable(menu))
    on_disk = tuple(dict.fromkeys(entry.model for entry in menu if entry.on_disk))
    lacking = (entry.model for entry in menu if entry.state in ("not on disk", "incomplete"))
    to_download = tuple(dict.fromkeys(model for model in lacking if not model.startswith(("/", "~"))))
    of_recipes = tuple(entry.key for entry in menu if entry.recipe is not None)
    acts = [f"{verb}-service/cluster" for verb in ("start", "stop", "restart")]
    on_a_host = [f"{name}/cluster" for name in ("wake-host", "create-ssh-key", "free-memory")]
    anywhere = Offer((ALL, *hosts))
    return {
        "swap-model/cluster": {"model": Offer(ready), "afterwards": Offer((BLANK, *ready))},
        "validate-model/cluster": {"model": Offer(of_recipes)},
        "download-model/cluster": {"repo": Offer(to_download, others=True), "hosts": anywhere},
        "delete-weights/cluster": {"model": Offer(on_disk), "hosts": anywhere},
        "ensure-state/cluster": {"hosts": anywhere, "groups": Offer((ALL, *CHECKS))},
        "deep-check/cluster": {"service": Offer((ALL, *services))},
        "show-logs/cluster": {"service": Offer((BLANK, *services)), "host": Offer((BLANK, *hosts))},
        "install-nim/cluster": {
            "nim": Offer(tuple(nim.key for nim in CATALOG), others=True),
            "host": Offer((BLANK, *hosts)),
        },
        **{form: {"service": Offer(services)} for form in acts},
        **{form: {"host": Offer(hosts)} for form in on_a_host},
    }
