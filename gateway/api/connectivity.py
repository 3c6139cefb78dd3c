"""/api/connectivity and /api/health-event: when hosts and services were up or down, and who says so."""

import time
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter

from blocks.cluster import Cluster
from blocks.ledger.transitions import APP, REPORT, Span, TooMany, history, note_report, states
from gateway.connectivity import Connectivity
from gateway.problem import Problem
from gateway.rate import Rate
from gateway.records import Records
from gateway.watch import Watch

Limit = Annotated[int, QueryParameter(ge=1, le=1000)]
Subject = Annotated[str, QueryParameter(max_length=120)]

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
State = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Why = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]

BODY_LIMIT = 8 * 1024
FUTURE_SECONDS, PAST_SECONDS = 60.0, 24 * 3600.0


class HealthEvent(msgspec.Struct, forbid_unknown_fields=True):
    """
    What an application saw.

    Attributes:
        source: Who says so: the application's name.
        state: Such as `up`, `down`, `slow`; `event` is another word for it.
        subject: `service/NAME` or `host/NAME` of the cluster, or `app/NAME` for what only it knows;
            `service` and `host` are other words for it.
        why: Plain words.
        at: When, in seconds since 1970, within the last day; blank: now.
    """

    source: Name
    state: State | None = None
    event: State | None = None
    subject: Annotated[str, msgspec.Meta(max_length=120)] = ""
    service: Name | None = None
    host: Name | None = None
    why: Why = ""
    at: float | None = None


class ConnectivityApi(Controller):
    """Who was reachable when."""

    tags = ("connectivity",)

    @get("/api/connectivity")
    async def now(
        self,
        records: NamedDependency[Records],
        connectivity: NamedDependency[Connectivity],
        *,
        subject: FromQuery[Subject] = "",
        limit: FromQuery[Limit] = 200,
    ) -> dict[str, Any]:
        """
        States and their history, newest first; times in seconds since 1970.

        `subject` narrows both: 'service/kokoro', or all that begin with 'host/'.  `unwritten` counts changes
        that wait for the ledger.
        """
        now = [each for each in await records.ask(states) if _is_meant(each, subject)]
        past = await records.ask(history, subject, limit)
        return {
            "at": time.time(),
            "subjects": [_view(each) for each in now],
            "history": [_view(each) for each in past],
            "unwritten": connectivity.unwritten,
        }

    @post("/api/health-event", status_code=200, request_max_body_size=BODY_LIMIT)
    async def report(
        self,
        data: JSONBody[HealthEvent],
        request: Request[Any, Any, Any],
        records: NamedDependency[Records],
        watch: NamedDependency[Watch],
        connectivity: NamedDependency[Connectivity],
        reports: NamedDependency[Rate],
    ) -> dict[str, Any]:
        """Write down what an application saw; `noted` is false when it is what it said last."""
        reports.require(request.client.host if request.client else "")
        subject, state = _subject(data, watch.settings.cluster), data.state or data.event
        if state is None:
            raise Problem(422, "say what was seen: 'state' is missing", "unfit_value", param="state")
        source = f"{REPORT}{data.source}"
        try:
            noted = await records.ask(note_report, subject, state, source, data.why, _time(data.at))
        except TooMany as error:
            raise Problem(409, f"{error}: no more are taken", "too_many", param="subject") from None
        if noted is not None:
            connectivity.tell(f"spark.report.{state}", noted)
        return {"noted": noted is not None, "subject": subject, "state": state, "source": source}


def _is_meant(span: Span, subject: str) -> bool:
    mine = span.transition.subject
    return mine.startswith(subject) if subject.endswith("/") else subject in ("", mine)


def _view(span: Span) -> dict[str, Any]:
    one = span.transition
    return {
        "subject": one.subject,
        "state": one.state,
        "at": one.at,
        "until": span.until,
        "seconds": round(span.seconds, 1),
        "source": one.source,
        "why": one.why,
    }


def _subject(data: HealthEvent, cluster: Cluster) -> str:
    """Whom it is about; 422 unless that is a host or service of the cluster, or an application."""
    named = [
        data.subject,
        f"service/{data.service}" if data.service else "",
        f"host/{data.host}" if data.host else "",
    ]
    subject, *more = [each for each in named if each] or [""]
    known = {f"service/{each.name}" for each in cluster.services} | {f"host/{e.name}" for e in cluster.hosts}
    if more or not (subject in known or _is_app(subject)):
        said = "two subjects are named" if more else f"{subject or 'nothing'!r} is not one of them"
        raise Problem(
            422,
            f"say what it is about, as host/NAME, service/NAME or app/NAME: {said}",
            "unknown_subject",
            param="subject",
        )
    return subject


def _is_app(subject: str) -> bool:
    try:
        msgspec.convert(subject.removeprefix(APP), Name)
    except msgspec.ValidationError:
        return False
    return subject.startswith(APP)


def _time(at: float | None) -> float | None:
    now = time.time()
    if at is not None and not now - PAST_SECONDS <= at <= now + FUTURE_SECONDS:
        raise Problem(
            422, "'at' has to be within the last day, in seconds since 1970", "unfit_value", param="at"
        )
    return at
