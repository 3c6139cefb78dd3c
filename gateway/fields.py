"""What pydantic has against a value, as a problem that names the field (pure)."""

from pydantic import ValidationError

from gateway.problem import Problem


def unfit(error: ValidationError, what: str) -> Problem:
    """
    422 with the first fault in words, its field as `param`, and all of them as `faults`.

    Args:
        error: Of a model or type of `blocks`.
        what: What does not fit, for a fault that belongs to no field.
    """
    faults = [
        {
            "field": ".".join(str(step) for step in each["loc"] if step != "[key]"),
            "message": _words(each["msg"]),
        }
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    first = faults[0]
    message = f"{first['field'] or what}: {first['message']}"
    return Problem(422, message, "unfit_value", param=first["field"] or None, faults=faults)


def _words(message: str) -> str:
    return message.removeprefix("Value error, ")[:300]
