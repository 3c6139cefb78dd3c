"""Qdrant's filter as typed JSON: what is not known here does not get through (pure)."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

MOST_CONDITIONS = 256
DEEPEST = 8

Number = int | float
Edge = Number | str | None
"""A number, or a time in RFC 3339."""


class _Shape(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a client sends, and what Qdrant gets."""


class Match(_Shape):
    """A value, one of several, none of several, or words in a text."""

    value: str | int | bool | UnsetType = UNSET
    any: list[str | int] | UnsetType = UNSET
    except_: list[str | int] | UnsetType = msgspec.field(default=UNSET, name="except")
    text: str | UnsetType = UNSET
    text_any: str | UnsetType = UNSET
    phrase: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Exactly one of them."""
        if len(_given(self)) != 1:
            raise ValueError("'match' has exactly one of value, any, except, text, text_any, phrase")


class Range(_Shape):
    """Edges between which a value lies; null is none."""

    gt: Edge | UnsetType = UNSET
    gte: Edge | UnsetType = UNSET
    lt: Edge | UnsetType = UNSET
    lte: Edge | UnsetType = UNSET


class Place(_Shape):
    """A point on the earth, in degrees."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]


class Box(_Shape):
    """Two corners."""

    top_left: Place
    bottom_right: Place


class Radius(_Shape):
    """A circle, in metres."""

    center: Place
    radius: Annotated[float, Meta(ge=0)]


class Ring(_Shape):
    """A closed line."""

    points: Annotated[list[Place], Meta(min_length=4, max_length=1000)]


class Polygon(_Shape):
    """An area, with holes."""

    exterior: Ring
    interiors: list[Ring] | UnsetType = UNSET


class Key(_Shape):
    """A field of the payload."""

    key: str


class AtLeast(_Shape):
    """So many of several conditions."""

    conditions: list["Condition"]
    min_count: Annotated[int, Meta(ge=0)]


class Filter(_Shape):
    """All of `must`, one of `should`, none of `must_not`."""

    must: "list[Condition] | Condition | UnsetType | None" = UNSET
    should: "list[Condition] | Condition | UnsetType | None" = UNSET
    must_not: "list[Condition] | Condition | UnsetType | None" = UNSET
    min_should: AtLeast | UnsetType | None = UNSET


class Nested(_Shape):
    """A filter for the members of a list."""

    key: str
    filter: Filter


class Condition(Filter):
    """A condition on a field, on a point, or a filter in its place."""

    key: str | UnsetType = UNSET
    match: Match | UnsetType = UNSET
    range: Range | UnsetType = UNSET
    values_count: Range | UnsetType = UNSET
    geo_bounding_box: Box | UnsetType = UNSET
    geo_radius: Radius | UnsetType = UNSET
    geo_polygon: Polygon | UnsetType = UNSET
    is_empty: Key | UnsetType = UNSET
    is_null: Key | UnsetType = UNSET
    has_id: list[int | str] | UnsetType = UNSET
    has_vector: str | UnsetType = UNSET
    nested: Nested | UnsetType = UNSET

    def __post_init__(self) -> None:
        """One kind of condition at a time: of a mixed one Qdrant would read a part, and drop the rest."""
        given = _given(self)
        if "key" in given:
            if given == {"key"} or not given <= _OF_FIELD:
                raise ValueError(
                    f"a condition with 'key' has one of {', '.join(sorted(_OF_FIELD - {'key'}))}"
                )
        elif not given <= _CLAUSES and not (len(given) == 1 and given <= _ALONE):
            kinds = ", ".join(sorted(_ALONE))
            raise ValueError(f"a condition has a 'key', or is one of {kinds}, or a filter")


_CLAUSES = frozenset({"must", "should", "must_not", "min_should"})
_ALONE = frozenset({"is_empty", "is_null", "has_id", "has_vector", "nested"})
_OF_FIELD = frozenset(
    {"key", "match", "range", "values_count", "geo_bounding_box", "geo_radius", "geo_polygon"}
)


def fault_of_filter(wanted: Filter) -> str:
    """Why a filter is too much, in plain words; blank: it is not."""
    for count, depth in enumerate(_depths(wanted, 1)):
        if depth > DEEPEST:
            return f"a filter goes {DEEPEST} levels deep at most"
        if count > MOST_CONDITIONS:
            return f"a filter has {MOST_CONDITIONS} conditions at most"
    return ""


def _depths(wanted: Filter, depth: int) -> Iterator[int]:
    """The depth of each filter and condition, outermost first; not below one that is too deep."""
    yield depth
    if depth > DEEPEST:
        return
    for inside in _inside(wanted):
        yield from _depths(inside, depth + 1)


def _inside(wanted: Filter) -> Iterator[Filter]:
    for clause in (wanted.must, wanted.should, wanted.must_not):
        if isinstance(clause, list):
            yield from clause
        elif isinstance(clause, Filter):
            yield clause
    if isinstance(wanted.min_should, AtLeast):
        yield from wanted.min_should.conditions
    if isinstance(wanted, Condition) and isinstance(wanted.nested, Nested):
        yield wanted.nested.filter


def _given(shape: msgspec.Struct) -> set[str]:
    return {name for name in shape.__struct_fields__ if getattr(shape, name) is not UNSET}
