"""`python -m tasks.observer`: looks at every host every few seconds and writes what it saw to the ledger."""

import logging
import signal
import threading
from dataclasses import asdict, dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from blocks.cluster import Cluster, Host
from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger
from blocks.menu import DISK, disks_from, files_subject, make_menu, swappable
from blocks.settings import Settings, ledger_url, load_settings
from tasks import ssh
from tasks.announce import emit_event, offer_choices
from tasks.check import Unreadable
from tasks.checks.launcher import UPDATES, ImageSeen, LauncherUpToDate, News, updates_data
from tasks.checks.weights import list_command, read_models, read_settings
from tasks.sight import HostSight, look_command, read_sight

log = logging.getLogger("observer")

HOST_SECONDS = 3.0
DISK_SECONDS = 20.0
SETTINGS_SECONDS = 3.0
UPDATES_SECONDS = 3600.0
HOST = "host/"


@dataclass
class HostObserver:
    """Looks at one host, in a thread of its own, so that a dead host never slows the others."""

    host: Host
    cluster: Cluster
    ledger: Ledger
    ended: threading.Event = field(default_factory=threading.Event)
    reachable: bool | None = None
    disk_free: int = 0
    known: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Look until told to end; no error of a look ends it."""
        every = max(1, round(DISK_SECONDS / HOST_SECONDS))
        turn = 0
        while not self.ended.is_set():
            try:
                self.look()
                if self.reachable and turn % every == 0:
                    self.look_at_disk()
            except SQLAlchemyError as error:
                log.warning("the ledger cannot be written: %s", error)
            turn = turn + 1 if self.reachable else 0
            self.ended.wait(HOST_SECONDS)

    def look(self) -> None:
        """One look at the host; a transition is said as an event."""
        try:
            sight = read_sight(ssh.run(self.host, look_command(self.cluster.hf_cache)))
        except (ssh.Unreachable, ssh.OutputTooLong, Unreadable) as error:
            self._note({"reachable": False, "error": str(error)}, reachable=False)
            return
        self.disk_free = sight.disk_free
        self._note(sight_data(sight), reachable=True)

    def look_at_disk(self) -> None:
        """One look at the models on disk; what cannot be read leaves the last sight as it is."""
        try:
            where = (self.cluster.hf_cache, self.cluster.models_directory)
            answer = ssh.run(self.host, list_command(*where, known=sorted(self.known)))
            models = [asdict(model) for model in read_models(answer)]
            sent = read_settings(answer)
        except (ssh.Unreachable, ssh.OutputTooLong, Unreadable) as error:
            log.warning("%s: %s", self.host.name, error)
            return
        write_seen(self.ledger, f"{DISK}{self.host.name}", {"models": models, "free_bytes": self.disk_free})
        for model, settings in sent.items():
            write_seen(self.ledger, files_subject(self.host.name, model), {"model": model, **settings})
            self.known.add(settings["digest"])

    def run_updates(self) -> None:
        """Look for updates every hour; in a thread of its own, since upstream may be slow."""
        while not self.ended.is_set():
            try:
                if self.reachable and self._updates_are_old():
                    self.look_at_updates()
            except SQLAlchemyError as error:
                log.warning("the ledger cannot be written: %s", error)
            self.ended.wait(SETTINGS_SECONDS)

    def look_at_updates(self) -> None:
        """Ask upstream what is new for the launcher, and how old the image is; nothing of it is changed."""
        image, launcher = ImageSeen(self.cluster.image), LauncherUpToDate(self.cluster.launcher_directory)
        news: News | None = None
        try:
            seen = image.read(ssh.run(self.host, image.probe()))
            if self.host.name == self.cluster.vllm.host:
                news = launcher.read(ssh.run(self.host, launcher.probe()))
            data = updates_data(self.cluster.image, seen, news)
        except (ssh.Unreachable, ssh.OutputTooLong):
            return
        except (Unreadable, LookupError) as error:
            data = {"error": str(error)}
        write_seen(self.ledger, f"{UPDATES}{self.host.name}", data)

    def _updates_are_old(self) -> bool:
        last = read_seen(self.ledger, f"{UPDATES}{self.host.name}").get(f"{UPDATES}{self.host.name}")
        return last is None or last.age_seconds > UPDATES_SECONDS

    def _note(self, data: dict[str, object], *, reachable: bool) -> None:
        write_seen(self.ledger, f"{HOST}{self.host.name}", data)
        if self.reachable is not None and self.reachable != reachable:
            word = "reachable" if reachable else "unreachable"
            emit_event(f"spark.host.{word}", f"spark.host.{self.host.name}", {"error": data.get("error", "")})
        self.reachable = reachable


def sight_data(sight: HostSight) -> dict[str, object]:
    """A sight as the ledger keeps it."""
    return {"reachable": True, "error": sight.gpu_fault or sight.docker_fault, **asdict(sight)}


@dataclass
class Observer:
    """Keeps one `HostObserver` for each host of the settings, and the run form's choices up to date."""

    ledger: Ledger
    ended: threading.Event = field(default_factory=threading.Event)
    _watching: dict[str, HostObserver] = field(default_factory=dict)
    _offered: list[str] | None = None

    def run(self) -> None:
        """Observe until told to end."""
        while not self.ended.is_set():
            settings = load_settings(self.ledger)
            self._watch(settings.cluster)
            self._offer(settings)
            self.ended.wait(SETTINGS_SECONDS)
        for watcher in self._watching.values():
            watcher.ended.set()
        ssh.close_all()

    def _watch(self, cluster: Cluster) -> None:
        """Start what is new or was changed, end what has gone."""
        wanted = {host.name: host for host in cluster.hosts}
        for name, watcher in list(self._watching.items()):
            if wanted.get(name) != watcher.host or watcher.cluster != cluster:
                watcher.ended.set()
                del self._watching[name]
        for name in wanted.keys() - self._watching.keys():
            watcher = HostObserver(wanted[name], cluster, self.ledger)
            self._watching[name] = watcher
            for work in (watcher.run, watcher.run_updates):
                threading.Thread(target=work, name=f"observe {name}", daemon=True).start()

    def _offer(self, settings: Settings) -> None:
        """Offer what is on disk in the form of Prefect's UI; tried again when Prefect was away."""
        disks = disks_from(read_seen(self.ledger, DISK))
        present = {name: disks[name] for name in disks if name in self._watching}
        choices = swappable(make_menu(settings.cluster, settings.catalog, present))
        if choices != self._offered and offer_choices("swap-model/cluster", "model", choices):
            log.info("the run form offers %s", ", ".join(choices) or "nothing")
            self._offered = choices


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
