"""How a swap differs from its recipe and how long it stays: as parameters of the flow."""

from typing import Any

from gateway.api.knobs import as_kept
from gateway.models import Models
from gateway.problem import Problem

LONGEST_MINUTES = 7 * 24 * 60


async def stay(models: Models, knobs: dict[str, Any], length_minutes: int, afterwards: str) -> dict[str, Any]:
    """
    The parameters that are not as usual.

    `Problem` 422 names a knob that does not fit, 404 an unknown model, 400 a length that cannot be.
    """
    if not 0 <= length_minutes <= LONGEST_MINUTES:
        message = f"length_minutes is {length_minutes}: a model stays for up to 7 days (10080), 0 is for good"
        raise Problem(400, message, "bad_request", param="length_minutes")
    if afterwards and not length_minutes:
        message = "afterwards says what comes after length_minutes, which is missing"
        raise Problem(400, message, "bad_request", param="afterwards")
    parameters: dict[str, Any] = {"knobs": as_kept(knobs)} if knobs else {}
    if length_minutes:
        parameters["length_minutes"] = length_minutes
    if afterwards:
        parameters["afterwards"] = (await models.known(afterwards, "afterwards")).key
    return parameters
