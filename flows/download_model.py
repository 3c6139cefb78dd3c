"""download-model: bring a model's weights to the hosts, from the Hugging Face Hub and over the fast link."""

import re
from typing import Annotated

from prefect import flow, get_run_logger
from prefect.blocks.system import Secret
from prefect.exceptions import Pause, TerminationSignal
from prefect.runtime import flow_run
from pydantic import AfterValidator, StringConstraints

from blocks.ledger.claim import Claimed, claim
from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from blocks.words import Name
from tasks.approval import has_a_go
from tasks.check import CheckFailed, Unreadable
from tasks.download import ALL, Download, DownloadFailed, hosts_named
from tasks.download_plan import Way, faults_of_room, sentences
from tasks.hub import Refused
from tasks.outcome import end_early
from tasks.report import Report, own_name
from tasks.run_form import Approval, DryRun, titled
from tasks.ssh import OutputTooLong, Unreachable
from tasks.transfer import TransferFailed

FAILURES = (
    DownloadFailed, TransferFailed, Refused, Unreachable, Unreadable, CheckFailed, OutputTooLong, LookupError,
)  # fmt: skip


def _without_leaps(value: str) -> str:
    """The Hub has no such names, and the cache names its folders with two dashes for a slash."""
    if ".." in value or "--" in value:
        raise ValueError(f"{value!r} holds '..' or '--'")
    return value


_PART = "[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
Repo = Annotated[str, StringConstraints(pattern=f"^{_PART}/{_PART}$"), AfterValidator(_without_leaps)]
Revision = Annotated[
    str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9._/-]{0,99})?$"), AfterValidator(_without_leaps)
]


@flow(name="download-model", flow_run_name=own_name)
def download_model(
    repo: Annotated[Repo, titled("Repository")],
    hosts: Annotated[list[Name], titled("Hosts")] = [ALL],  # noqa: B006 - the form shows it; nobody changes it
    dry_run: DryRun = False,
    approval: Approval = "none",
    way: Annotated[Way, titled("Way to the other hosts")] = "copy",
    revision: Annotated[Revision, titled("Revision")] = "",
) -> str:
    """
    Download a model's weights.

    Runs beside the loaded model.  Goes on where an earlier download ended; a download of the same
    repository that is under way is followed, not doubled.  A cancel keeps what has arrived.

    Args:
        repo: Repository on the Hugging Face Hub, like org/name.
        hosts: The hosts that shall have it; all: every host.
        dry_run: Only say what would be done, and how many GB; nothing is changed.
        approval: none: begin at once. ask: show the plan, and wait for a go.
        way: copy: from the Internet once, then over the fast link. each: every host from the Internet.
        revision: Branch, tag or commit; blank: main.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", repo, kind="download")
    report.start(None)
    download: Download | None = None
    try:
        download = begun(report, repo, hosts, way, revision)
        message = carry_out(download, dry_run=dry_run, approval=approval)
    except FAILURES as error:
        raise failed(report, download, error) from error
    except Pause:
        raise
    except BaseException as error:
        end_early(report, error, left_behind(download, error))
        raise
    report.end("completed", message)
    get_run_logger().info(message)
    return message


def begun(report: Report, repo: str, hosts: list[str], way: Way, revision: str) -> Download:
    """The download, with the settings as they are now; `LookupError` for a host that there is not."""
    cluster = load_settings(report.ledger).cluster
    targets = hosts_named(cluster, hosts)
    return Download(cluster, report.ledger, report, repo, revision, targets, way, hub_token())


def carry_out(download: Download, *, dry_run: bool, approval: str) -> str:
    """Plan, ask, act; returns what came of it."""
    if dry_run or approval == "ask":
        said = plan(download)
        if dry_run:
            return "Dry run: " + " ".join(said)
        if not has_a_go(download.report, said):
            return "No go: nothing was changed."
    while True:
        try:
            # A claim that is lost does no harm: the run that took it follows the same job on the host.
            with claim(download.ledger, download.claim_name, download.report.run_id, on_lost=lambda: None):
                plan(download)
                return download.go(download.legs())
        except Claimed as error:
            download.wait_for_other(error)


def plan(download: Download) -> list[str]:
    """Look, and say what would be done; `DownloadFailed` when there is no room."""
    download.look()
    legs = download.legs()
    if faults := faults_of_room(legs, download.seen):
        raise DownloadFailed("; ".join(faults))
    where = " and ".join(host.name for host in download.targets)
    said = [f"{download.repo} is whole on {where} already: nothing to download."]
    if legs:
        said = sentences(download.repo, legs, download.seen, download.doubt)
    download.report.state("running", plan=said)
    return said


def hub_token() -> str:
    """The token in the Secret block 'hf-token'; blank without one.  `DownloadFailed` when it is none."""
    try:
        kept = str(Secret.load("hf-token").get()).strip()  # type: ignore[union-attr]
    except ValueError:
        return ""
    if not re.fullmatch(r"[A-Za-z0-9_.-]*", kept):
        raise DownloadFailed("the Secret block 'hf-token' holds something that is no token")
    return kept


def failed(report: Report, download: Download | None, error: Exception) -> DownloadFailed:
    """Close the record of a download that failed; returns the whole message, to be raised."""
    kept = " What has arrived is kept." if download and download.transfer else ""
    message = f"{report.model} was not downloaded: {error}.{kept}"
    report.end("failed", message, cause=str(error))
    return DownloadFailed(message)


def left_behind(download: Download | None, error: BaseException) -> str:
    """A cancel ends what goes on on the hosts; what was not foreseen leaves it, to be taken up again."""
    if isinstance(error, TerminationSignal):
        return download.leave() if download else "Nothing was under way."
    return "Start the download again to go on."
