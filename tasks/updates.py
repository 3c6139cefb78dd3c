"""One update of the launcher under way: the steps that the flow puts in order."""

import time
from dataclasses import dataclass, field
from typing import TypeVar

from blocks.cluster import Cluster, Host
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from tasks.check import Check, Unreadable, command
from tasks.checks.disk import DiskFree
from tasks.checks.launcher import UPDATES, ImageSeen, LauncherUpToDate, News, before_tag, updates_data
from tasks.ensure import look
from tasks.job import Job, JobState, read_job
from tasks.report import Report
from tasks.ssh import Unreachable, run
from tasks.updated_image import UpdatedImage, last_update, note_update, take_back

Seen = TypeVar("Seen")

JOB = "update-launcher"
LOOK_SECONDS = 2.0
LOST_SECONDS = 300.0
"""How long the host may be out of reach while it builds by itself."""
HEAD_GIB, PEER_GIB = 60.0, 30.0
"""Room for the new image beside the old one, and on the head for the file it is copied from."""


class UpdateFailed(Exception):
    """The update did not come to its end; the message is for people."""


@dataclass
class Update:
    """
    One update.

    Attributes:
        news: What upstream had at the last look.
        images: Id and date of the image by host, at the last look.
    """

    cluster: Cluster
    ledger: Ledger
    report: Report
    news: News = field(default_factory=News)
    images: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def head(self) -> Host:
        """The host that holds the checkout."""
        return self.cluster.host(self.cluster.vllm.host)

    @property
    def peers(self) -> list[Host]:
        """The other hosts, which get the image by copy."""
        return [host for host in self.cluster.hosts if host.name != self.head.name]

    def look(self) -> None:
        """See what is there; `UpdateFailed` lists why it cannot be updated."""
        self.report.phase("looking", "looking at the launcher and its image", 0.02)
        faults: list[str] = []
        self.news = self._ask(self.head, LauncherUpToDate(self.cluster.launcher_directory), faults)
        for host in self.cluster.hosts:
            self.images[host.name] = self._ask(host, ImageSeen(self.cluster.image), [])
            gib = HEAD_GIB if host.name == self.head.name else PEER_GIB
            self._ask(host, DiskFree("/", gib), faults)
        if "@" in self.cluster.image:
            faults.append(f"the image {self.cluster.image} is pinned by its digest: it is never updated")
        if faults:
            raise UpdateFailed("; ".join(faults))

    def sentences(self) -> list[str]:
        """The plan in plain words."""
        count = self.news.behind or 0
        pull = f"Pull {count} new commit{'' if count == 1 else 's'} of the launcher on {self.head.name}."
        copied = " and ".join(host.name for host in self.peers)
        said = [pull if count else "The launcher has no new commits."]
        said.append(
            f"Build or fetch the image {self.cluster.image} anew"
            + (f", copy it to {copied}." if copied else ".")
        )
        made = self.images[self.head.name][1][:10]
        if made:
            said.append(f"The present image, made on {made}, is kept as {before_tag(self.cluster.image)}.")
        said.append("The loaded model goes on answering; the next swap takes the new image.")
        said.append("If that swap fails, the present image is put back.")
        return said

    def apply(self) -> str:
        """Pull, build, copy; returns what came of it, `UpdateFailed` with the image as it was."""
        image, present = self.cluster.image, self.images[self.head.name][0]
        before = self._keep_image(present)
        state = self._work(Job(JOB, self._steps(), self.report.run_id))
        self.images = {host.name: self._ask(host, ImageSeen(image), []) for host in self.cluster.hosts}
        now = self.images[self.head.name][0]
        same = len({identity for identity, _ in self.images.values()}) == 1
        if state.code != 0 or not now or not same:
            why = "the image is not the same on all hosts" if state.code == 0 else _last_line(state)
            raise UpdateFailed(f"{why}.{self._undo(present, now)}")
        self._tell_observers()
        if now == present:
            return "The launcher is up to date; the image has not changed."
        note_update(self.ledger, UpdatedImage(image, before, now))
        return (
            f"The launcher is up to date and the image {image} is new on every host: the next swap takes it."
        )

    def _keep_image(self, present: str) -> str:
        """Keep the image under another name; after an update that was not tried yet, the one before."""
        last = last_update(self.ledger)
        if last and not last.tried and last.after == present:
            return last.before
        for host in self.cluster.hosts:
            if self.images[host.name][0]:
                keep = command("docker", "tag", self.cluster.image, before_tag(self.cluster.image))
                if not (answer := run(host, keep)).ok:
                    raise UpdateFailed(f"{host.name}: the present image cannot be kept: {answer.said}")
        return present

    def _tell_observers(self) -> None:
        """What the observer would see only at its next look, an hour later at most."""
        news = self._ask(self.head, LauncherUpToDate(self.cluster.launcher_directory, fetch=False), [])
        for host in self.cluster.hosts:
            told = news if host.name == self.head.name else None
            data = updates_data(self.cluster.image, self.images[host.name], told)
            write_seen(self.ledger, f"{UPDATES}{host.name}", data)

    def _steps(self) -> list[list[str]]:
        where = self.cluster.launcher_directory
        inside = ["bash", "-c", 'cd "${1/#\\~/$HOME}" && shift && exec "$@"', "-", where]
        peers = ",".join(host.peer_address for host in self.peers)
        build = ["./build-and-copy.sh", "-t", self.cluster.image, *(("-c", peers) if peers else ())]
        return [[*inside, "git", "pull", "--ff-only"], [*inside, *build]]

    def _work(self, job: Job) -> JobState:
        """Begin the job on the head and follow it to its end; it goes on there whatever happens here."""
        state = read_job(run(self.head, job.begin()))
        if not state.begun:
            raise UpdateFailed(f"an earlier update is still at work on {self.head.name}: wait for its end")
        told, seen = "", time.monotonic()
        while state.running:
            time.sleep(LOOK_SECONDS)
            try:
                state = read_job(run(self.head, job.look()))
            except (Unreachable, Unreadable) as error:
                if time.monotonic() - seen > LOST_SECONDS:
                    raise UpdateFailed(f"{self.head.name} has been out of reach too long: {error}") from error
                continue
            seen = time.monotonic()
            lines = _news_of(told, state.log)
            told = state.log
            self.report.log(self.head.name, lines)
            if lines:
                self.report.phase("updating", lines[-1][:200], 0.1)
        return state

    def _undo(self, before: str, now: str) -> str:
        """After a failure: the name belongs to the image from before again, where there was one."""
        if not before:
            return ""
        return " " + take_back(self.ledger, UpdatedImage(self.cluster.image, before, now), self.cluster.hosts)

    def _ask(self, host: Host, check: Check[Seen], faults: list[str]) -> Seen:
        """What is seen on a host; what is wrong with it is added to the faults."""
        finding = look(host, check)
        faults += [f"{host.name}: {fault}" for fault in finding.verdict.faults]
        return finding.seen


def _news_of(told: str, log: str) -> list[str]:
    """The lines of a log's end that were not told yet."""
    fresh = log[len(told) :] if log.startswith(told) else log
    return [line for line in fresh.splitlines() if line.strip()]


def _last_line(state: JobState) -> str:
    """Why a job failed, in its own words."""
    lines = [line for line in state.log.splitlines() if line.strip()]
    return lines[-1] if lines else f"the update ended with exit code {state.code}"
