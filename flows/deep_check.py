"""deep-check: ask real work of every service, and restart those that fail, within their limits."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from blocks.cluster import Cluster, Service
from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from blocks.words import Name
from tasks.artifacts import table
from tasks.deep_check import Checked, DeepCheck, as_rows, in_words
from tasks.heal import Healer
from tasks.heal import heal as heal_one
from tasks.outcome import failure_told
from tasks.report import Report, own_name
from tasks.run_form import titled
from tasks.run_pages import headline

ALL = "all"
KIND = "deep-check"
SCHEDULED = "auto-scheduled"
"""Prefect's tag of the runs that a schedule made."""


@flow(name="deep-check", flow_run_name=own_name)
def deep_check(
    service: Annotated[Name, titled("Service")] = ALL,
    heal: Annotated[bool, titled("Restart what fails")] = True,
    dry_run: Annotated[bool, titled("Only look")] = False,
    reason: Annotated[str, titled("Reason")] = "",
) -> str:
    """
    Check services by real work, and restart those that fail.

    A model says one token, a spoken sentence is written down, a word is spoken, texts become vectors, a
    collection is searched.  A service that is busy is left alone.  One that fails is restarted, at most as
    often as the settings allow.

    Args:
        service: The service to check; all: every one that is shown.
        heal: Restart what fails, as often as the settings allow.
        dry_run: Only say what is found; nothing is restarted.
        reason: Why it is asked for, for people; with a reason, real traffic is not proof enough.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", service, kind=KIND)
    asked = bool(reason) or SCHEDULED not in (flow_run.tags or ())
    if asked:
        report.start(None)
    with told(report) if asked else nullcontext():
        settings = load_settings(ledger)
        deep = DeepCheck(settings, ledger, asked=asked)
        results = look(deep, services_named(settings.cluster, service))
    failing = [each for each in results if each.needs_cure]
    if failing and not asked:  # a routine check in which all is well leaves no record of its own
        report.start(None)
    if failing and heal and not dry_run:
        with told(report):
            results = cure(Healer(deep, report, reason), results)
    return done(report, results, recorded=asked or bool(failing))


def told(report: Report) -> AbstractContextManager[None]:
    """What is said when the check cannot be carried out."""
    return failure_told(
        report,
        f"The deep check of {report.model} was not carried out",
        "What is known of each service stands at GET /api/deep-health.",
    )


def services_named(cluster: Cluster, name: str) -> list[Service]:
    """One service by its name, or all that are shown; `LookupError` names those that exist."""
    if name != ALL:
        return [cluster.service(name)]
    return [each for each in cluster.services if not each.hidden]


def look(deep: DeepCheck, services: Sequence[Service]) -> list[Checked]:
    """Check them all at the same time: one that is silent holds up none of the others."""
    with ThreadPoolExecutor(max_workers=max(1, len(services))) as threads:
        return list(threads.map(deep.check, services))


def cure(healer: Healer, results: Sequence[Checked]) -> list[Checked]:
    """Heal those that fail, at the same time: a model takes minutes, and speech waits for none of it."""
    healer.report.phase("healing", in_words(results), 0.5)
    healing = {each.service.name: heal_one.submit(healer, each) for each in results if each.needs_cure}
    return [healing[each.service.name].result() if each.service.name in healing else each for each in results]


def done(report: Report, results: Sequence[Checked], *, recorded: bool) -> str:
    """The end: a sentence, and a table where somebody will look at it."""
    message = in_words(results)
    if recorded:
        report.show(table("deep-health", as_rows(results), headline(message)))
        report.end(
            "completed", message, services={each.service.name: each.health.verdict for each in results}
        )
    get_run_logger().info(message)
    return message
