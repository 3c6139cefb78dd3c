"""What the run forms of Prefect's UI offer: kept in step with the disks, the hosts and the services."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from blocks.ledger.seen import read_seen
from blocks.ledger.store import Ledger
from blocks.menu import DISK, disks_from, make_menu, swappable
from blocks.settings import Settings
from tasks.announce import Choices, offer_choices

log = logging.getLogger("observer")

FORM_SECONDS = 3.0
ALL = "all"


@dataclass
class RunForms:
    """
    Offers the choices of every form, in a thread of its own: Prefect may be slow or away.

    Attributes:
        settings: Gives them as they were read last.
    """

    ledger: Ledger
    settings: Callable[[], Settings]
    ended: threading.Event
    _offered: dict[str, Choices] = field(default_factory=dict)
    _refused: dict[str, int] = field(default_factory=dict)

    def run(self) -> None:
        """Offer what is new until told to end."""
        while not self.ended.is_set():
            try:
                self.offer()
            except SQLAlchemyError as error:
                log.warning("the ledger cannot be read: %s", error)
            except Exception:  # an unforeseen error of one round must not end all of them
                log.exception("the run forms could not be kept up to date")
            self.ended.wait(FORM_SECONDS)

    def offer(self) -> None:
        """One call for each form whose choices changed; the round ends at one that Prefect did not take."""
        settings = self.settings()
        if not settings.cluster.hosts:  # not read yet, or nothing to choose from
            return
        wanted = choices_of(settings, self._swappable(settings))
        changed = [form for form in wanted if wanted[form] != self._offered.get(form)]
        # Those that were refused less often come first: one that is missing keeps no other from its turn.
        for form in sorted(changed, key=lambda form: self._refused.get(form, 0)):
            if not offer_choices(form, wanted[form]):
                self._refused[form] = self._refused.get(form, 0) + 1
                return
            self._offered[form] = wanted[form]
            log.info("the run form of %s offers %s", form, wanted[form])

    def _swappable(self, settings: Settings) -> list[str]:
        disks, hosts = disks_from(read_seen(self.ledger, DISK)), {h.name for h in settings.cluster.hosts}
        present = {name: disks[name] for name in disks if name in hosts}
        return swappable(make_menu(settings.cluster, settings.catalog, present))


def choices_of(settings: Settings, models: list[str]) -> dict[str, Choices]:
    """By deployment, the values that each of its parameters may have (pure)."""
    hosts = [host.name for host in settings.cluster.hosts]
    services = [service.name for service in settings.cluster.services]
    acts = [f"{verb}-service/cluster" for verb in ("start", "stop", "restart")]
    on_a_host = [f"{name}/cluster" for name in ("wake-host", "create-ssh-key", "free-memory", "install-nim")]
    on_disks = [f"{name}/cluster" for name in ("download-model", "delete-weights")]
    return {
        "swap-model/cluster": {"model": models},
        "deep-check/cluster": {"service": [ALL, *services]},
        "show-logs/cluster": {"service": services, "host": hosts},
        **{form: {"service": services} for form in acts},
        **{form: {"host": hosts} for form in on_a_host},
        **{form: {"hosts": [ALL, *hosts]} for form in on_disks},
    }
