"""Installing a NIM: fetch its image, start it with its key, wait until it is ready; undone when it is not."""

import math
from contextlib import suppress
from dataclasses import dataclass, field

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.cluster import Host, Service
from blocks.ledger.store import Ledger
from blocks.nim import LOG_IN_AS, REGISTRY, Nim
from blocks.settings import Settings
from tasks.check import Check, Command, command, read_json
from tasks.checks.containers import ContainerGone
from tasks.checks.disk import DiskFree
from tasks.checks.launcher import ImageSeen
from tasks.checks.memory import MemoryFree
from tasks.checks.nim import LABEL, CacheOwned, PullProgress, nim_command, run_words
from tasks.checks.port import PortFree
from tasks.ensure import ensure_without_prefect, look
from tasks.follow_job import follow_job, last_line
from tasks.follow_nim import FollowNim
from tasks.job import Job
from tasks.outcome import TOLD, Failed
from tasks.report import Report
from tasks.ssh import run

CACHE = "~/.cache/nim"
CACHE_GIB = 10.0
"""Room for what a NIM writes whose image is there already."""
SILENCE_SECONDS = 3000.0
"""A first start downloads and builds for up to 50 minutes, at times without a word (spark-tools.md 4.6)."""
PULL = 'docker pull "$2"; code=$?; rm -rf "$1"; exit $code'
REMOVE = 'docker ps -aq --filter "label=$1" | xargs -r docker rm -f'
"""What this run has started, and nothing that merely has the same name."""


@dataclass
class Install:
    """
    One installation.

    Attributes:
        nim: Its key is the name of the container and of the service.
        fetched: True when the image was on the host at the last look.
        silence_seconds: A start whose log says nothing for so long has failed.
    """

    settings: Settings
    ledger: Ledger
    report: Report
    nim: Nim
    host: Host
    fetched: bool = False
    silence_seconds: float = SILENCE_SECONDS
    progress: PullProgress = field(default_factory=PullProgress)

    @property
    def cache(self) -> str:
        """Where it keeps its downloads."""
        return f"{CACHE}/{self.nim.key}"

    @property
    def service(self) -> Service:
        """What it is registered as."""
        nim = self.nim
        return Service(
            name=self.nim.key, kind=nim.kind, host=self.host.name, port=self.nim.port, container=self.nim.key,
            health_path=nim.health_path, dialect=nim.dialect,
        )  # fmt: skip

    def look(self) -> None:
        """See what is there; `Failed` lists all that stands in the way."""
        self.report.phase("looking", f"looking whether {self.host.name} can take {self.nim.title}", 0.02)
        faults = self._of_settings()
        self.fetched = bool(look(self.host, ImageSeen(self.nim.image)).seen[0])
        checks: tuple[Check[object], ...] = (
            ContainerGone(self.nim.key),  # type: ignore[assignment]
            PortFree(self.nim.port),
            DiskFree("/", CACHE_GIB if self.fetched else self.nim.disk_gib),
            MemoryFree(self.nim.memory_gib, steady_gib=math.inf),
        )
        for check in checks:
            faults += [f"{self.host.name}: {fault}" for fault in look(self.host, check).verdict.faults]
        if faults:
            raise Failed("; ".join(faults))

    def sentences(self) -> list[str]:
        """What it will do."""
        fetch = f"Fetch the image {self.nim.image} to {self.host.name}, which may take long."
        return [
            f"The image {self.nim.image} is on {self.host.name}." if self.fetched else fetch,
            f"Start it as container {self.nim.key} at port {self.nim.port}.",
            f"It takes about {self.nim.memory_gib:.0f} GiB of memory as long as it runs.",
            f"Wait until it is ready: the first time up to {self.nim.start_seconds // 60} minutes.",
            f"Add it to the services as {self.nim.key}, of kind {self.nim.kind}.",
        ]

    def fetch(self) -> None:
        """Bring the image to the host; the login for it is gone afterwards, whatever happens here."""
        if self.fetched:
            return
        self.report.phase("fetching", f"fetching {self.nim.image}", 0.05)
        folder = self._log_in()
        environment = {"DOCKER_CONFIG": folder} if folder else {}
        words = ["bash", "-c", PULL, "-", folder] if folder else ["docker", "pull"]
        job = Job(f"nim-{self.nim.key}", [[*words, self.nim.image]], self.report.run_id, environment)
        try:
            state = follow_job(self.host, job, self._tell_fetched)
        except BaseException:
            self._tidy(job.stop())
            raise
        if state.code != 0:
            raise Failed(f"the image could not be fetched: {last_line(state)}")

    def start(self) -> None:
        """Start it and wait until it is ready; a container that never is, is removed."""
        self.report.phase("starting", f"starting {self.nim.title}", 0.45)
        ensure_without_prefect(self.host, MemoryFree(self.nim.memory_gib))
        ensure_without_prefect(self.host, CacheOwned(self.cache, self.nim.image))
        mark = f"{LABEL}={self.report.run_id}"
        words = run_words(self.nim, self.nim.key, self.nim.port, self.cache, mark)
        environment = {**dict(self.nim.environment), "NGC_API_KEY": self._key}
        try:
            self._do(nim_command("start", self.nim.key, words=words, environment=environment))
            base_url = self.settings.cluster.base_url(self.service)
            FollowNim(
                self.nim, self.host, self.nim.key, base_url, self.report, self.silence_seconds, self._key
            ).follow()
        except BaseException:
            self._tidy(command("bash", "-c", REMOVE, "-", mark, timeout=60))
            raise

    @property
    def _key(self) -> str:
        return self.settings.ngc_key.key.get_secret_value()

    def _of_settings(self) -> list[str]:
        """What the settings say against it."""
        key, services = self.settings.ngc_key, self.settings.cluster.services
        faults = [refusal] if (refusal := key.refusal(self.nim.image)) else []
        if not key.there:
            faults.append("there is no usable NGC key: write it into the block NGC Key")
        for service in services:
            if service.name == self.nim.key:
                faults.append(f"there is a service named {self.nim.key} already: give this one another name")
            elif (service.host, service.port) == (self.host.name, self.nim.port):
                faults.append(
                    f"port {self.nim.port} on {service.host} is that of {service.name}: choose another"
                )
        return faults

    def _log_in(self) -> str:
        """The folder with a login of our own for NVIDIA's registry; blank for another one."""
        if not self.nim.image.startswith(REGISTRY):
            return ""
        given = {"registry": REGISTRY.rstrip("/"), "user": LOG_IN_AS, "key": self._key}
        try:
            return self._do(nim_command("login", self.nim.key, **given))
        except Failed as error:
            raise Failed(f"NVIDIA's registry refuses the NGC key: {error}") from error

    def _do(self, asked: Command) -> str:
        """Have remote/nim.py do something; the folder it did it with."""
        answer = run(self.host, asked)
        if not answer.ok:
            raise Failed(self._hide(answer.said))
        return read_json(
            answer, lambda said: str(said["folder"]), "what was done cannot be read", "nothing was done"
        )

    def _tell_fetched(self, lines: list[str]) -> None:
        self.report.log(self.host.name, lines)
        for line in lines:
            self.progress.feed(line)
        done, all_of_it = len(self.progress.done), len(self.progress.layers)
        message = f"fetching {self.nim.image}: {done} of {all_of_it} layers"
        self.report.phase("fetching", message, 0.05 + 0.4 * self.progress.fraction)

    def _tidy(self, act: Command) -> None:
        """Undo, also when the line is down for a moment; what cannot be undone is not what failed."""
        for ask in (act, nim_command("forget", self.nim.key)):
            with suppress(*TOLD):
                run(self.host, ask)

    def _hide(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text


@task(name="fetch NIM", task_run_name="fetch {install.nim.title}", cache_policy=NO_CACHE)
def fetch(install: Install) -> None:
    """Bring its image to the host."""
    install.fetch()


@task(name="start NIM", task_run_name="start {install.nim.title}", cache_policy=NO_CACHE)
def start(install: Install) -> None:
    """Start it and wait until it is ready."""
    install.start()
