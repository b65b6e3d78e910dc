"""How far two labellings agree: counts of pairs → agreement, Cohen's κ (plain or with quadratic weights), and who is lower."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from service.metrics import Share

Pairs = Mapping[tuple[Hashable, Hashable], int]


@dataclass(frozen=True, slots=True)
class Agreement:
    """`equal` of all pairs; κ is NaN where one of the two never varies."""

    equal: Share
    kappa: float
    weighted: float | None = None


def agreement(pairs: Pairs, order: Sequence[Hashable] | None = None) -> Agreement:
    """Agreement of the pairs; with an `order` from low to high also κ with quadratic weights.

    >>> agreement({("a", "a"): 2, ("b", "b"): 1, ("a", "b"): 1}).equal.value
    0.75
    """
    total = sum(pairs.values())
    equal = Share(sum(n for (a, b), n in pairs.items() if a == b), total)
    plain = _kappa(pairs, lambda a, b: float(a != b))
    if order is None:
        return Agreement(equal, plain)
    place = {code: index for index, code in enumerate(order)}
    return Agreement(equal, plain, _kappa(pairs, lambda a, b: float((place[a] - place[b]) ** 2)))


def _kappa(pairs: Pairs, cost: object) -> float:
    assert callable(cost)
    total = sum(pairs.values())
    if not total:
        return math.nan
    left: Counter[Hashable] = Counter()
    right: Counter[Hashable] = Counter()
    for (a, b), n in pairs.items():
        left[a] += n
        right[b] += n
    observed = sum(cost(a, b) * n for (a, b), n in pairs.items())
    expected = sum(cost(a, b) * n * m / total for a, n in left.items() for b, m in right.items())
    return 1 - observed / expected if expected else math.nan
