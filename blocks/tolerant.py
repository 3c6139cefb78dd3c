"""Reading settings a person typed: a bad value falls back to its default and is reported by name."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)

_SPEAKABLE = re.compile(r"[\w .\[\]-]{1,60}")


def read_settings(
    kind: type[Model], raw: Mapping[str, Any], essential: tuple[str, ...] = ()
) -> tuple[Model, list[str]]:
    """
    Make settings from anything, and say what was wrong with it.

    A blank value means its default.  A bad value is dropped, so that its default stands; where there is
    none (a host without a usable address) the whole item is left out.  Never raises for bad input,
    provided every field of `kind` itself has a default.

    Args:
        kind: What to make.
        raw: What was typed.
        essential: Fields of an item without which it would be another thing: it is left out, default or not.

    Returns:
        The settings, and one sentence for each value that was not used.
    """
    cleaned = without_blanks(raw)
    problems: list[str] = []
    for _ in range(100):
        try:
            return kind.model_validate(cleaned), problems
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            problems.append(_sentence(first, cleaned))
            _drop(cleaned, _place(first, cleaned, essential))
    return kind(), [*problems, "too many bad values: every setting is at its default"]


def without_blanks(raw: Any) -> Any:
    """The same structure without None and empty strings in mappings."""
    if isinstance(raw, Mapping):
        return {str(k): without_blanks(v) for k, v in raw.items() if v is not None and v != ""}
    if isinstance(raw, list | tuple):
        return [without_blanks(item) for item in raw]
    return raw


def _place(error: Any, raw: Any, essential: tuple[str, ...]) -> list[str | int]:
    """The path of what has to go: the value itself, or the item that cannot be without it."""
    existing: list[str | int] = []
    here = raw
    for step in error["loc"]:
        if not _has(here, step) or (existing and isinstance(existing[-1], int) and step in essential):
            break
        here = here[step]
        existing.append(step)
    return existing


def _has(here: Any, step: str | int) -> bool:
    return step in here if isinstance(here, dict) else isinstance(here, list) and isinstance(step, int)


def _drop(raw: Any, place: list[str | int]) -> None:
    """Remove what stands at a place; an empty place empties everything."""
    if not place:
        raw.clear()
        return
    for step in place[:-1]:
        raw = raw[step]
    del raw[place[-1]]


def _sentence(error: Any, raw: Any) -> str:
    where = _spoken(error["loc"], raw)
    if error["type"] == "missing":
        return f"{where} is missing: the item is left out"
    message = error["msg"].removeprefix("Value error, ")
    given = error["input"]
    if isinstance(given, dict | list) or repr(given) in message:
        return f"{where}: {_short(message)}: not used"
    return f"{where}: {message} (given: {str(given)[:80]!r}): not used"


def _spoken(loc: tuple[str | int, ...], raw: Any) -> str:
    """The path for people: items of a list by their name where they have one."""
    words, here = "", raw
    for step in loc:
        here = here[step] if _has(here, step) else None
        if isinstance(step, int):
            name = here.get("key", here.get("name")) if isinstance(here, dict) else None
            words += f"[{name if isinstance(name, str) and _SPEAKABLE.fullmatch(name) else step}]"
        else:
            shown = step if _SPEAKABLE.fullmatch(step) else repr(step)[:60]
            words += f".{shown}" if words else shown
    return words


def _short(text: str) -> str:
    """A hostile value may be as long as it likes, the sentence about it not."""
    return text if len(text) <= 300 else f"{text[:150]} … {text[-100:]}"
