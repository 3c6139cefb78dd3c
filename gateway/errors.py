"""Every error of the control API as our envelope, in plain words."""

import logging
import re
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.types import ExceptionHandlersMap

from gateway.problem import Problem

log = logging.getLogger(__name__)

_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


def answer_problem(_request: Request[Any, Any, Any], problem: Problem) -> Response[dict[str, Any]]:
    """A problem of our own."""
    return Response(problem.body, status_code=problem.status, headers=problem.headers)


def answer_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """What Litestar refused: unknown paths, wrong methods, bodies that do not fit."""
    status, headers = error.status_code, dict(error.headers or {})
    if isinstance(error, NotFoundException):
        message = f"there is nothing at {request.url.path}"
    elif isinstance(error, MethodNotAllowedException):
        message = f"{request.method} is not possible at {request.url.path}"
    elif status == 413:
        message = "the body is too large"
    elif status < 500:
        message = _of_validation(error)
    else:
        log.error("%s %s failed: %s", request.method, request.url.path, error.detail)
        message = "the gateway could not answer; its log says why"
    code = _CODES.get(status, "bad_request" if status < 500 else "internal")
    return answer_problem(request, Problem(status, message, code, param=_param(error), headers=headers))


def answer_unforeseen(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """A fault of ours: the log has it, the client does not."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer_problem(request, Problem(500, "the gateway could not answer; its log says why", "internal"))


def answer_nesting(request: Request[Any, Any, Any], _error: RecursionError) -> Response[dict[str, Any]]:
    """A body whose brackets go deeper than anything that is meant: the client's fault, not ours."""
    return answer_problem(request, Problem(400, "the body is nested too deeply", "bad_request"))


HANDLERS: ExceptionHandlersMap = {
    Problem: answer_problem,
    RecursionError: answer_nesting,
    HTTPException: answer_http,
    Exception: answer_unforeseen,
}


def _faults(error: HTTPException) -> list[dict[str, Any]]:
    extra = error.extra
    return [fault for fault in extra if isinstance(fault, dict)] if isinstance(extra, list) else []


def _of_validation(error: HTTPException) -> str:
    faults = [
        f"{fault['key']}: {fault['message']}"
        if fault.get("key", "data") != "data"
        else fault.get("message", "")
        for fault in _faults(error)
    ]
    return (
        "; ".join(fault for fault in faults if fault) or "the request cannot be read: its body has to be JSON"
    )


def _param(error: HTTPException) -> str | None:
    """The field at fault; "data" is Litestar's word for the whole body."""
    for fault in _faults(error):
        if fault.get("key", "data") != "data":
            return str(fault["key"])
        if named := re.search(r"field `(\w+)`", str(fault.get("message", ""))):
            return named[1]
    return None
