"""`python -m tasks.observer`: looks at every host every few seconds and writes what it saw to the ledger."""

import logging
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from blocks.cluster import Cluster, Host
from blocks.ledger.store import Ledger
from blocks.settings import Settings, ledger_url, load_settings
from tasks import ssh
from tasks.observe_bot import BotObserver
from tasks.observe_disk import DiskObserver
from tasks.observe_forms import RunForms
from tasks.observe_host import HostObserver
from tasks.observe_memory import MemoryWatcher
from tasks.observe_patches import PatchesObserver
from tasks.observe_tell import Teller
from tasks.outbox import Outbox
from tasks.ssh_keys import note_controller_keys

log = logging.getLogger("observer")

SETTINGS_SECONDS = 3.0


@dataclass
class Observer:
    """Keeps one `HostObserver` for each host of the settings, and what there is once, each in its thread."""

    ledger: Ledger
    ended: threading.Event = field(default_factory=threading.Event)
    teller: Teller = field(init=False)
    _watching: dict[str, HostObserver] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.teller = Teller(self.ledger)

    def run(self) -> None:
        """Observe until told to end; a ledger that is away for a while ends nothing."""
        self._begin(self.teller.run, self.ended)
        self._begin(Outbox(self.ledger).run, self.ended)
        self._begin(RunForms(self.ledger, self._settings, self.ended).run)
        self._begin(BotObserver(self.ledger, self._settings, self.ended, self._is_reachable).run)
        self._begin(PatchesObserver(self.ledger, self._settings, self.ended, self._is_reachable).run)
        while not self.ended.is_set():
            try:
                self.follow_settings()
            except SQLAlchemyError as error:
                log.warning("the ledger cannot be read: %s", error)
            except Exception:  # an unforeseen error must not end the looks at the hosts
                log.exception("the settings could not be followed")
            self.ended.wait(SETTINGS_SECONDS)
        for watcher in self._watching.values():
            watcher.ended.set()
        ssh.close_all()

    def follow_settings(self) -> None:
        """Take the settings as they are now: hosts that came, went or changed."""
        settings = load_settings(self.ledger)
        hosts_before = self.teller.settings.cluster.hosts
        self.teller.settings = settings
        self._watch(settings.cluster)
        if settings.cluster.hosts != hosts_before:
            note_controller_keys(self.ledger, settings.cluster.hosts)

    def _settings(self) -> Settings:
        return self.teller.settings

    def _is_reachable(self, name: str) -> bool:
        watcher = self._watching.get(name)
        return watcher is not None and watcher.reachable

    def _watch(self, cluster: Cluster) -> None:
        """Start what is new or was changed, end what has gone."""
        wanted = {host.name: host for host in cluster.hosts}
        for name, watcher in list(self._watching.items()):
            if wanted.get(name) != watcher.host or watcher.cluster != cluster:
                watcher.ended.set()
                del self._watching[name]
        for name in wanted.keys() - self._watching.keys():
            self._watching[name] = self._observe(wanted[name], cluster)

    def _observe(self, host: Host, cluster: Cluster) -> HostObserver:
        """Begin to look at a host, each kind of look in a thread of its own."""
        memory = MemoryWatcher(host.name, self.ledger, self.teller)
        watcher = HostObserver(host, cluster, self.ledger, self.teller, memory)
        disk = DiskObserver(
            host, cluster, self.ledger, watcher.ended, lambda: watcher.reachable, lambda: watcher.disk_free
        )
        for work in (watcher.run, disk.run, disk.run_updates):
            self._begin(work)
        return watcher

    @staticmethod
    def _begin(work: Callable[..., None], *given: object) -> None:
        threading.Thread(target=work, args=given, daemon=True).start()


def main() -> None:
    """Observe until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("paramiko", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    ledger = Ledger(ledger_url())
    ledger.require_head()
    observer = Observer(ledger)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: observer.ended.set())
    observer.run()


if __name__ == "__main__":
    main()
