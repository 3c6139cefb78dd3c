"""The figures of the hot path as tables in Markdown (pure)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from control.bench.scale import Scale

Figures = Mapping[str, float]
"""One target's figures of one round, by the key of their column; what could not be measured is not there."""

OURS = "gateway"
NOTHING = "direct"


@dataclass(frozen=True)
class Column:
    """
    One figure.

    Attributes:
        best: Which of several rounds counts: `min` for what a thing costs, `max` for what it does.
        form: A format specification.
    """

    key: str
    title: str
    best: Callable[[Iterable[float]], float]
    form: str


def columns(scale: Scale) -> list[Column]:
    """Every figure there is, in the order of the table."""
    size = f"{scale.size / 1e6:.0f} MB"
    return [
        Column("rss", "idle, MB (RSS)", min, ".0f"),
        Column("pss", "idle, MB (PSS)", min, ".0f"),
        Column("rest", "idle, CPU %", min, ".1f"),
        Column("p50", "p50 at 1 connection, ms", min, ".3f"),
        Column("added", "of which added, ms", min, ".3f"),
        Column("some_rate", f"req/s at {scale.some}", max, ",.0f"),
        Column("some", f"CPU-s/1k at {scale.some}", min, ".3f"),
        Column("many", f"CPU-s/1k at {scale.many}", min, ".3f"),
        Column("calm", f"CPU-s/1k at {scale.rate:.0f} req/s", min, ".3f"),
        Column("kept", f"{scale.paced} streams x {scale.pace:.0f}/s kept, %", max, ".1f"),
        Column("cores", "cores used for them", min, ".2f"),
        Column("first", "their first event, p50 ms", min, ".1f"),
        Column("last", "their first event, p99 ms", min, ".1f"),
        Column("gap", "their longest gap, ms", min, ".0f"),
        Column("flat", f"{scale.flat} streams flat out, ev/s", max, ",.0f"),
        Column("flat_cost", "CPU-s per 100k of these events", min, ".2f"),
        Column("up", f"{size} up: growth, MB", min, ".1f"),
        Column("down", f"{size} down: growth, MB", min, ".1f"),
    ]


_COSTS = ("some", "many", "calm", "flat_cost")


def best_of(rounds: Mapping[str, Sequence[Figures]], scale: Scale) -> dict[str, dict[str, float]]:
    """For each target the best of each figure over its rounds."""
    found: dict[str, dict[str, float]] = {}
    for target, figures in rounds.items():
        found[target] = {}
        for column in columns(scale):
            values = [each[column.key] for each in figures if column.key in each]
            if values:
                found[target][column.key] = column.best(values)
    bare = found.get(NOTHING, {}).get("p50")
    for target, figure in found.items():
        if bare is not None and target != NOTHING and "p50" in figure:
            figure["added"] = figure["p50"] - bare
    return found


def table(best: Mapping[str, Figures], scale: Scale) -> str:
    """A row for each figure, a column for each target."""
    rows = [
        [column.title, *(_cell(figures, column) for figures in best.values())] for column in columns(scale)
    ]
    return _markdown(["", *best], rows)


def ratios(best: Mapping[str, Figures], scale: Scale) -> str:
    """What a thing costs the gateway in times of what it costs the others; blank when nothing can be said."""
    others = [target for target in best if target not in {OURS, NOTHING}]
    if OURS not in best or not others:
        return ""
    costs = [column for column in columns(scale) if column.key in _COSTS]
    rows = [
        [column.title, *(_ratio(best[OURS], best[other], column.key) for other in others)] for column in costs
    ]
    return _markdown(["gateway's cost in times of", *others], rows)


def _cell(figures: Figures, column: Column) -> str:
    return format(figures[column.key], column.form) if column.key in figures else "-"


def _ratio(ours: Figures, theirs: Figures, key: str) -> str:
    return f"{ours[key] / theirs[key]:.3g}" if key in ours and theirs.get(key) else "-"


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
