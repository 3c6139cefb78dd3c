"""One download under way: the steps that the flow puts in order."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from prefect import get_run_logger

from blocks.cluster import Cluster, Host
from blocks.ledger.claim import Claimed, holder
from blocks.ledger.runs import get_run
from blocks.ledger.store import Ledger
from tasks.check import Command, Unreadable, command
from tasks.checks.weights import HasWeights
from tasks.download_jobs import copy_job, hub_job
from tasks.download_plan import HostSeen, Leg, Way, gigabytes, plan_legs, spans
from tasks.ensure import look
from tasks.hub import HubRepo, Refused, access_path, ask_command, list_path, read_repo, require_access
from tasks.measure import Measured, folder_of, measure_command, read_measured
from tasks.plan import spoken
from tasks.remote import script_with
from tasks.report import Report
from tasks.ssh import Unreachable, run
from tasks.transfer import Transfer, carry

ALL = "all"
"""In the place of a host's name: every host."""

TELL_SECONDS = 4.0
"""Progress is told at most this often: each time is an event that is kept."""


class DownloadFailed(Exception):
    """A download that did not come to its end; the message is for people."""


@dataclass
class Download:
    """
    One download.

    Attributes:
        targets: Hosts that shall have the weights.
        seen: Every host that could be looked at, by name.
        hub: The commit and its files; None when the Hub could not be asked, and `doubt` says why.
        transfer: The way that is being gone.
    """

    cluster: Cluster
    ledger: Ledger
    report: Report
    repo: str
    revision: str
    targets: list[Host]
    way: Way
    token: str = field(default="", repr=False)
    seen: dict[str, HostSeen] = field(default_factory=dict)
    hub: HubRepo | None = None
    doubt: str = ""
    transfer: Transfer | None = None
    _told: float = 0.0

    @property
    def claim_name(self) -> str:
        """The claim of whoever changes these weights."""
        return weights_claim(self.repo)

    @property
    def commit(self) -> str:
        """The commit that is wanted; blank when only the Hub knows."""
        return self.hub.commit if self.hub else ""

    def look(self) -> None:
        """Ask the Hub what it is, and the hosts what they have of it; `DownloadFailed` when one is away."""
        self.report.phase("looking", "asking the Hub and the hosts", 0.01)
        self._ask_hub()
        self.seen = {}
        for host in self.cluster.hosts:
            try:
                self.seen[host.name] = self._look_at(host)
            except (Unreachable, Unreadable) as error:
                if host in self.targets:
                    raise DownloadFailed(f"{host.name} cannot be looked at: {error}") from error

    def legs(self) -> list[Leg]:
        """The ways to go; `DownloadFailed` when a host lacks what it needs for them."""
        legs = plan_legs(self.seen, [host.name for host in self.targets], self.hub, self.way)
        for leg in legs:
            if not leg.source and not self.seen[leg.to].measured.uvx:
                raise DownloadFailed(
                    f"{leg.to} has no uvx, neither in ~/.local/bin nor on its PATH: install uv there"
                )
        return legs

    def go(self, legs: list[Leg]) -> str:
        """Bring the weights to every target; returns what came of it."""
        for leg, span in zip(legs, spans(legs), strict=True):
            if self.hub:
                self._settle(leg.to, wanted=dict(self.hub.files))
            self.transfer = self._transfer(leg, span)
            carry(self.transfer)
            self.transfer = None
            self._confirm(leg.to)
        self._point()
        where = " and ".join(host.name for host in self.targets)
        return f"{self.repo} is whole on {where}."

    def wait_for_other(self, error: Claimed) -> None:
        """Another run has these weights in hand: follow it to its end."""
        while (other := holder(self.ledger, self.claim_name)) is not None:
            record = get_run(self.ledger, other)
            how = f": {record.message}" if record and record.message else ""
            doing = "deleting" if record and record.kind == "delete" else "downloading"
            self.report.phase(
                "waiting",
                f"run {other} is {doing} {self.repo} already{how}",
                record.progress if record and doing == "downloading" else 0.0,
                record.eta_seconds if record else None,
            )
            time.sleep(TELL_SECONDS)
        get_run_logger().info("the other run has ended (%s): looking what is there now", error.run_id)

    def leave(self) -> str:
        """A cancel: end what goes on on the hosts; returns what is kept, in plain words."""
        transfer, self.transfer = self.transfer, None
        if transfer is None:
            return "Nothing was under way."
        try:
            transfer.stop()
            arrived = read_measured(run(transfer.to, transfer.measure)).arrived
        except (Unreachable, Unreadable) as error:
            return f"It may go on by itself on {transfer.at.name}, which cannot be told ({error})."
        kept = f"{gigabytes(arrived)} on {transfer.to.name} are kept"
        return f"{kept}: start the download again to go on from there."

    def _ask_hub(self) -> None:
        self.hub, self.doubt = None, ""
        asked = self.targets[0]
        try:
            # A login of the host's own opens what a question without a token is refused.
            login = not self.token and read_measured(run(asked, self._measure())).login
            if not login:
                self._hub_says(asked, access_path(self.repo))
            self.hub = read_repo(self._hub_says(asked, list_path(self.repo, self.revision)))
        except (Unreadable, Unreachable, Refused) as error:
            if isinstance(error, Refused) and not login:
                raise
            self.doubt = str(error)
            get_run_logger().warning("the size is not known: %s", error)

    def _hub_says(self, host: Host, path: str) -> str:
        answer = run(host, ask_command(path, self.token))
        return require_access(answer, self.repo, self.revision, token=bool(self.token))

    def _look_at(self, host: Host) -> HostSeen:
        measured = read_measured(run(host, self._measure()))
        return HostSeen(measured, look(host, self._check(self.commit)).seen)

    def _measure(self) -> Command:
        blobs: Mapping[str, int] = self.hub.blobs if self.hub else {}
        return measure_command(self.cluster.hf_cache, self.repo, blobs)

    def _check(self, commit: str) -> HasWeights:
        return HasWeights(self.repo, self.cluster.hf_cache, self.cluster.models_directory, commit)

    def _transfer(self, leg: Leg, span: tuple[float, float]) -> Transfer:
        to = self.cluster.host(leg.to)
        total = leg.bytes + self.seen[leg.to].measured.arrived if leg.bytes is not None else None

        def tell(measured: Measured, rate: float) -> None:
            self._tell(leg, span, measured.arrived, total, rate)

        self._told = 0.0
        measured, run_id = self.seen[leg.to].measured, self.report.run_id
        if leg.source:
            cache = self.seen[leg.source].measured.cache
            job = copy_job(self.repo, cache, to, measured.cache, run_id)
        else:
            job = hub_job(self.repo, self.commit or self.revision, measured, self.token, run_id)
        return Transfer(
            repo=self.repo,
            revision=self.revision,
            source=self.cluster.host(leg.source) if leg.source else None,
            to=to,
            job=job,
            measure=self._measure(),
            tell=tell,
            token=self.token,
        )

    def _tell(
        self, leg: Leg, span: tuple[float, float], arrived: int, total: int | None, rate: float
    ) -> None:
        if time.monotonic() - self._told < TELL_SECONDS:
            return
        self._told = time.monotonic()
        share = min(1.0, arrived / total) if total else 0.0
        left = (total - arrived) / rate if total and rate else None
        of = f" of {gigabytes(total)}" if total else ""
        speed = f", {rate / 1e6:.0f} MB/s" if rate else ""
        rest = f", {spoken(left)} left" if left else ""
        self.report.phase(
            "copying" if leg.source else "downloading",
            f"{gigabytes(arrived)}{of} on {leg.to}{speed}{rest}",
            span[0] + (span[1] - span[0]) * share,
            left,
            bytes_done=arrived,
            bytes_total=total,
            bytes_per_second=round(rate),
            host=leg.to,
        )

    def _settle(self, host_name: str, **what: object) -> None:
        """Write on a host what is wanted there, or which snapshot counts."""
        given = {"cache": self.cluster.hf_cache or "", "folder": folder_of(self.repo), "commit": self.commit}
        settle = command("python3", "-", stdin=script_with("settle_download.py", **given, **what))
        answer = run(self.cluster.host(host_name), settle)
        if not answer.ok:
            raise DownloadFailed(f"{host_name}: its cache cannot be written: {answer.said}")

    def _confirm(self, host_name: str) -> None:
        """Look whether all of it is there."""
        found = look(self.cluster.host(host_name), self._check(self.commit))
        if not found.verdict.ok:
            faults = "; ".join(found.verdict.faults)
            raise DownloadFailed(f"{host_name}: {faults} after the download: start it again")

    def _point(self) -> None:
        """Only now, with all of it there, does the new snapshot count, for us and for every other program."""
        if self.hub and self.revision != self.commit:
            for host in self.targets:
                self._settle(host.name, ref=self.revision or "main")


def weights_claim(model: str) -> str:
    """The claim on a model's weights: held by whoever downloads or deletes them."""
    return f"weights-{hashlib.sha256(model.encode()).hexdigest()[:32]}"


def hosts_named(cluster: Cluster, names: list[str]) -> list[Host]:
    """The hosts of these names, once each; `LookupError` names those that exist."""
    if not cluster.hosts:
        raise LookupError("the cluster has no hosts yet: add them to its settings")
    if ALL in names or not names:
        return list(cluster.hosts)
    return [cluster.host(name) for name in dict.fromkeys(names)]
