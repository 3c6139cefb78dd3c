"""Whether an answer of the control API says something new, or whether only time has passed (pure)."""

from dataclasses import dataclass
from typing import Any

AGE_SECONDS = 5.0
"""An age is news when the moment it points to has moved by so much: something was looked at anew."""

_COUNTS = frozenset(
    (
        "elapsed_seconds", "eta_seconds", "for_seconds", "oldest_wait_seconds", "seconds", "uptime_seconds",
    )
)  # fmt: skip
"""Numbers that only count time, from a moment that stands beside them or does not matter."""

_AGES = ("looked_seconds", "age_seconds")
_AT = "at"


@dataclass(frozen=True)
class Said:
    """
    What a GET answered.

    Attributes:
        at: When, in seconds since 1970.
        data: The JSON of a good answer; None otherwise.
        error: The message of another one; None for a good one.
    """

    at: float
    data: Any = None
    error: str | None = None


def is_news(before: Said, now: Said) -> bool:
    """
    Whether a person has to be told of `now` who was told of `before`.

    Of ages only those count that do not follow from the earlier ones: the age of a fresh look falls back.
    The outermost `at` is the moment of the answer; any other is the moment of what it stands beside.
    """
    if before.error != now.error:
        return True
    return _differs(_without_at(before.data), _without_at(now.data), now.at - before.at)


def _without_at(data: Any) -> Any:
    return {key: data[key] for key in data if key != _AT} if isinstance(data, dict) else data


def _differs(before: Any, now: Any, passed: float) -> bool:
    if isinstance(before, dict) and isinstance(now, dict):
        keys = set(before)
        return keys != set(now) or any(_is_other(key, before[key], now[key], passed) for key in keys)
    if isinstance(before, list) and isinstance(now, list):
        return len(before) != len(now) or any(
            _differs(one, other, passed) for one, other in zip(before, now, strict=True)
        )
    return bool(before != now)


def _is_other(key: str, before: Any, now: Any, passed: float) -> bool:
    """The same for the values of one key."""
    if not (_is_number(before) and _is_number(now)):
        return _differs(before, now, passed)
    if key in _COUNTS:
        return False
    if key in _AGES or key.endswith("_age_seconds"):
        return bool(abs(before + passed - now) >= AGE_SECONDS)
    return bool(before != now)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
