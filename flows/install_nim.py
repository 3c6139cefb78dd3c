"""install-nim: fetch and start a NIM container, and add it to the services."""

from typing import Annotated, Literal

from prefect import flow, get_run_logger
from prefect.runtime import flow_run
from pydantic import Field

from blocks.cluster import ServiceKind
from blocks.ledger.claim import Claimed, claim
from blocks.ledger.lock import LockHeld, require_lock
from blocks.ledger.service_events import note_service_event
from blocks.ledger.store import Ledger
from blocks.nim import CATALOG, Nim, chosen_nim
from blocks.settings import ledger_url, load_settings
from blocks.words import Image
from tasks.approval import has_a_go
from tasks.delete import claimed_words
from tasks.nim import Install, fetch, start
from tasks.outcome import Failed, failure_told
from tasks.register_service import register_service
from tasks.report import Report, own_name
from tasks.run_form import Approval, DryRun, LockPass, NameOrBlank, titled


@flow(name="install-nim", flow_run_name=own_name)
def install_nim(  # noqa: PLR0913 - each is a field of the run form
    nim: Annotated[Image, titled("NIM")] = CATALOG[0].key,
    host: Annotated[NameOrBlank, titled("Host")] = "",
    dry_run: DryRun = False,
    approval: Approval = "none",
    *,
    name: Annotated[NameOrBlank, titled("Name of the service")] = "",
    port: Annotated[int, Field(ge=0, le=65535), titled("Port on the host")] = 0,
    kind: Annotated[Literal["", ServiceKind], titled("Kind of the service")] = "",
    memory_gib: Annotated[float, Field(ge=0, le=1000), titled("Memory that it needs (GiB)")] = 0,
    lock_pass: LockPass = "",
) -> str:
    """
    Install a NIM: NVIDIA's container with a model in it.

    Its first start downloads the model and may take 50 minutes.  The key comes from the block NGC Key.

    Args:
        nim: A key of the catalogue, or any image of nvcr.io.
        host: Where it shall run; blank: on the last host.
        dry_run: Only say what would be done; nothing is changed.
        approval: none: begin at once. ask: show the plan, and wait for a go.
        name: Name of the container and the service; blank: as in the catalogue.
        port: 0: as in the catalogue.
        kind: What the service is; blank: as in the catalogue, http for an image of your own.
        memory_gib: 0: as in the catalogue, 16 for an image of your own.
        lock_pass: Filled in over HTTP for whoever holds the swap lock; leave it blank.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", nim, kind="nim")
    report.start(None)
    left = f"{nim} was not added to the services; what was fetched stays."
    with failure_told(report, f"{nim} was not installed", left):
        chosen = chosen_nim(nim, name=name, port=port, kind=kind, memory_gib=memory_gib)
        install = prepared(ledger, report, chosen, host, lock_pass)
        message = carry_out(install, dry_run=dry_run, approval=approval)
    report.end("completed", message)
    get_run_logger().info(message)
    return message


def prepared(ledger: Ledger, report: Report, nim: Nim, host: str, lock_pass: str) -> Install:
    """The installation, if nobody else holds the lock; `LookupError` for a host that is not there."""
    try:
        require_lock(ledger, lock_pass)
    except LockHeld as error:
        raise Failed(str(error)) from error
    settings = load_settings(ledger)
    if not settings.cluster.hosts:
        raise Failed("the cluster has no host")
    place = settings.cluster.host(host) if host else settings.cluster.hosts[-1]
    return Install(settings, ledger, report, nim, place)


def carry_out(install: Install, *, dry_run: bool, approval: str) -> str:
    """Look, plan, ask, act; returns what came of it."""
    install.look()
    sentences = install.sentences()
    install.report.state("running", plan=sentences)
    if dry_run:
        return "Dry run: " + " ".join(sentences)
    if approval == "ask" and not has_a_go(install.report, sentences):
        return "No go: nothing was changed."
    fetch(install)
    try:
        # No swap may begin while a NIM takes its memory; to fetch its image hinders none.
        with claim(install.ledger, "gpu", install.report.run_id, on_lost=lambda: None):
            install.look()
            start(install)
    except Claimed as error:
        raise Failed(claimed_words(install.ledger, error)) from error
    return registered(install)


def registered(install: Install) -> str:
    """Add it to the services; what came of it all."""
    service = install.service
    note_service_event(install.ledger, service.name, "started", "installed", install.report.run_id)
    runs = f"{install.nim.title} runs on {service.host} at port {service.port}"
    try:
        register_service(install.ledger, service)
    except Failed as error:
        told = f"{runs}, but it could not be added to the services: {error}"
        raise Failed(f"{told}. Add it there: {service.name}, of kind {service.kind}") from error
    return f"{runs}, and is service {service.name}."
