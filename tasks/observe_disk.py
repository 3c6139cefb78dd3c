"""The slow looks at one host: the models on its disk, and what is new for the launcher and its image."""

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from blocks.cluster import Cluster, Host
from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger
from blocks.menu import DISK, files_subject
from tasks import ssh
from tasks.check import Unreadable
from tasks.checks.launcher import UPDATES, ImageSeen, LauncherUpToDate, News, updates_data
from tasks.checks.weights import list_command, read_models, read_settings

log = logging.getLogger("observer")

DISK_SECONDS = 20.0
UPDATES_SECONDS = 3600.0
POLL_SECONDS = 1.0


@dataclass
class DiskObserver:
    """
    Looks at one host's disk and launcher, each in a thread of its own, while the host is reachable.

    Attributes:
        disk_free: Gives the bytes that the last look at the host found; None: not known.
    """

    host: Host
    cluster: Cluster
    ledger: Ledger
    ended: threading.Event
    reachable: Callable[[], bool]
    disk_free: Callable[[], int | None]
    known: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Look at the disk until told to end; no error of a look ends it."""
        while not self.ended.is_set():
            pause = POLL_SECONDS
            if self.reachable():
                self._guarded(self.look_at_disk)
                pause = DISK_SECONDS
            self.ended.wait(pause)

    def run_updates(self) -> None:
        """Look for updates every hour; upstream may be slow."""
        while not self.ended.is_set():
            if self.reachable():
                self._guarded(self._look_if_old)
            self.ended.wait(POLL_SECONDS * 3)

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
        write_seen(self.ledger, f"{DISK}{self.host.name}", {"models": models, "free_bytes": self.disk_free()})
        for model, settings in sent.items():
            write_seen(self.ledger, files_subject(self.host.name, model), {"model": model, **settings})
            self.known.add(settings["digest"])

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

    def _look_if_old(self) -> None:
        last = read_seen(self.ledger, f"{UPDATES}{self.host.name}").get(f"{UPDATES}{self.host.name}")
        if last is None or last.age_seconds > UPDATES_SECONDS:
            self.look_at_updates()

    def _guarded(self, look: Callable[[], None]) -> None:
        try:
            look()
        except SQLAlchemyError as error:
            log.warning("the ledger cannot be written: %s", error)
        except Exception:  # an unforeseen error of one look must not end all of them
            log.exception("%s: the look failed", self.host.name)
