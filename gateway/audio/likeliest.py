"""The likeliest way through a row of choices where a change costs something, and how sure it is (pure)."""

import math
from collections.abc import Sequence

Scores = Sequence[Sequence[float]]
"""For each step, how much speaks for each choice."""


def likeliest(scores: Scores, costs: Sequence[float]) -> list[int]:
    """
    The choice of each step that make the best sum: scores less the cost of each change (Viterbi).

    Args:
        scores: As many steps as there are; each with the same choices, at least one.
        costs: Of a change before each step; the first is not used.
    """
    best = list(scores[0])
    origins: list[list[int]] = []
    for score, cost in zip(scores[1:], costs[1:], strict=True):
        leader = max(range(len(best)), key=best.__getitem__)
        arriving = best[leader] - cost
        origins.append([at if value >= arriving else leader for at, value in enumerate(best)])
        best = [max(value, arriving) + own for value, own in zip(best, score, strict=True)]
    path = [max(range(len(best)), key=best.__getitem__)]
    for origin in reversed(origins):
        path.append(origin[path[-1]])
    return path[::-1]


def sureness(scores: Scores, costs: Sequence[float]) -> list[list[float]]:
    """
    How likely each choice of each step is, over all ways; each step sums to 1 (forward and backward).

    The same arguments as `likeliest`: scores and costs are read as natural logarithms of likelihoods.
    """
    weights = [[math.exp(value - max(score)) for value in score] for score in scores]
    changes = [math.exp(-cost) for cost in costs]
    ahead = [_unit(weights[0])]
    for weight, change in zip(weights[1:], changes[1:], strict=True):
        ahead.append(
            _unit([own * value for own, value in zip(weight, _mixed(ahead[-1], change), strict=True)])
        )
    behind = [[1.0] * len(weights[0])]
    for weight, change in zip(reversed(weights[1:]), reversed(changes[1:]), strict=True):
        later = [own * value for own, value in zip(weight, behind[-1], strict=True)]
        behind.append(_unit(_mixed(later, change)))
    behind.reverse()
    return [
        _unit([one * other for one, other in zip(before, after, strict=True)])
        for before, after in zip(ahead, behind, strict=True)
    ]


def _mixed(values: Sequence[float], change: float) -> list[float]:
    """What a step passes on to the next: each choice to itself, and a part of it to all others."""
    total = sum(values)
    return [value + change * (total - value) for value in values]


def _unit(values: Sequence[float]) -> list[float]:
    total = sum(values)
    return [value / total for value in values]
