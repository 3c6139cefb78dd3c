"""show-logs: the last lines of a service's or container's log, and those that follow; changes nothing."""

from typing import Annotated

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field, StringConstraints

from blocks.cluster import Cluster
from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from tasks.outcome import failure_told
from tasks.report import Report, own_name
from tasks.run_form import NameOrBlank, titled
from tasks.service_engine import engine_hosts
from tasks.service_logs import MOST_LINES, LogWatch
from tasks.steward import ServiceFailed, Steward

LONGEST_SECONDS = 3600

ContainerOrBlank = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,127})?$")]


@flow(name="show-logs", flow_run_name=own_name)
def show_logs(
    service: Annotated[NameOrBlank, titled("Service")] = "",
    tail: Annotated[int, Field(ge=1, le=MOST_LINES), titled("Lines")] = 200,
    follow_seconds: Annotated[int, Field(ge=0, le=LONGEST_SECONDS), titled("Follow for (seconds)")] = 0,
    container: Annotated[ContainerOrBlank, titled("Or a container")] = "",
    host: Annotated[NameOrBlank, titled("Host of the container")] = "",
) -> str:
    """
    Show the log of a service, or of any container.

    The lines are the run's own log events, keys and tokens masked.  A vLLM that runs on several hosts shows
    the log of each.

    Args:
        service: The service whose log it is; blank: a container is named instead.
        tail: How many of the last lines.
        follow_seconds: For how long lines that come are shown as well; 0: not at all.
        container: Name of any container, together with its host.
        host: Where that container is.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", service or container, kind="logs")
    report.start(float(follow_seconds))
    with failure_told(report, "The log cannot be shown", "Nothing was changed."):
        watch = _watch(ledger, report, service, container, host)
        report.phase("reading", f"reading the log of {watch.name}", 0.5)
        watch.show_last(report, tail)
        if follow_seconds:
            report.phase("following", f"following the log of {watch.name}", 0.9)
            watch.follow(report, follow_seconds)
    message = f"{watch.shown} lines of {watch.name} on {' and '.join(h.name for h in watch.hosts)}."
    report.end("completed", message, lines=watch.shown)
    return message


def _watch(ledger: Ledger, report: Report, service: str, container: str, host: str) -> LogWatch:
    """Whose log it is; `ServiceFailed` when that is not said, `LookupError` when there is no such thing."""
    settings = load_settings(ledger)
    cluster: Cluster = settings.cluster
    if service:
        steward = Steward(settings, ledger, report, cluster.service(service), "")
        hosts = engine_hosts(steward) if steward.is_engine else [steward.host]
        return LogWatch(hosts, steward.service.container)
    if not (container and host):
        raise ServiceFailed("name a service, or a container and its host")
    return LogWatch([cluster.host(host)], container)
