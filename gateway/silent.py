"""A service that gives no answer: the wedge learns of it, and whoever asked is told in words."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from blocks.cluster import Service
from gateway.problem import Problem, retry_after
from gateway.wedge import Wedge


@contextmanager
def silence_told(wedge: Wedge, service: Service) -> Iterator[None]:
    """Ask within it; `Problem` 504 when the service says nothing in time, 503 when it cannot be reached."""
    try:
        yield
    except httpx.TimeoutException:
        wedge.timed_out(service.name)
        message = f"{service.name} on {service.host} gave no answer in time"
        raise Problem(504, message, "timed_out", headers=retry_after(10)) from None
    except httpx.HTTPError as error:
        why = str(error) or type(error).__name__
        wedge.broke(service.name, why)
        message = f"{service.name} on {service.host} does not answer: {why}"
        raise Problem(503, message, "upstream_unreachable", headers=retry_after(5)) from None
