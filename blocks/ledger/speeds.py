"""How fast each model answered, day by day: 30 days of at most 50 models, counted in bins."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from blocks.ledger import clock
from blocks.ledger.store import Ledger
from blocks.ledger.tables import speeds
from blocks.speed import FIRST, TOKENS, Counted

DAYS = 30
MOST_MODELS = 50
LONGEST_MODEL = 200
_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Usual:
    """
    What is usual for a model.

    Attributes:
        tokens_per_second, first_token_seconds: Medians of its answers.
        answers: How many there were, on `days` different days (UTC).
    """

    tokens_per_second: float
    first_token_seconds: float
    answers: int
    days: int


def add_speeds(ledger: Ledger, counted: Mapping[str, Counted]) -> None:
    """Add answers to those of today, by model; what is too old or too much goes."""
    try:
        _add(ledger, counted)
    except IntegrityError:  # another gateway made today's row between our look and our insert
        _add(ledger, counted)


def usual_speeds(ledger: Ledger) -> dict[str, Usual]:
    """What was usual over the last 30 days, by model."""
    today = _today()
    query = select(speeds).where(speeds.c.day > today - DAYS, speeds.c.day <= today)
    sums: dict[str, Counted] = {}
    days: dict[str, int] = {}
    with ledger.read() as connection:
        for row in connection.execute(query):
            with suppress(ValueError):  # another version counted in other bins: of no use to this one
                sums.setdefault(row.model, Counted()).join(Counted(row.tokens, row.first))
                days[row.model] = days.get(row.model, 0) + 1
    found = {}
    for model, counted in sums.items():
        tokens, first = TOKENS.median(counted.tokens), FIRST.median(counted.first)
        if tokens is not None and first is not None:
            found[model] = Usual(tokens, first, counted.answers, days[model])
    return found


def _add(ledger: Ledger, counted: Mapping[str, Counted]) -> None:
    today = _today()
    with ledger.write() as connection:
        for model, more in counted.items():
            mine = (speeds.c.model == model[:LONGEST_MODEL], speeds.c.day == today)
            row = connection.execute(select(speeds).where(*mine).with_for_update()).first()
            total = Counted()
            total.join(more)
            if row is not None:
                with suppress(ValueError):
                    total.join(Counted(row.tokens, row.first))
            values = {"tokens": total.tokens, "first": total.first}
            if row is not None:
                connection.execute(update(speeds).where(*mine).values(**values))
            else:
                connection.execute(insert(speeds).values(model=model[:LONGEST_MODEL], day=today, **values))
        _forget(connection, today)


def _forget(connection: Connection, today: int) -> None:
    """Remove what is too old, what a wrong clock dated ahead, and the models that answered longest ago."""
    old = or_(speeds.c.day <= today - DAYS, speeds.c.day > today + 1)
    connection.execute(delete(speeds).where(old))
    newest = func.max(speeds.c.day).desc()
    query = select(speeds.c.model).group_by(speeds.c.model).order_by(newest, speeds.c.model)
    gone = connection.execute(query.offset(MOST_MODELS)).scalars().all()
    if gone:
        connection.execute(delete(speeds).where(speeds.c.model.in_(gone)))


def _today() -> int:
    """Days since 1970, UTC."""
    return int(clock.now() // _DAY_SECONDS)
