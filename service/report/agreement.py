"""How far two labellings agree: counts of pairs → agreement, Cohen's κ (plain or with quadratic weights), and who is lower."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from service.metrics import Share, kappa_of_pairs, squared, unequal

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
    plain = kappa_of_pairs(pairs, unequal)
    if order is None:
        return Agreement(equal, plain)
    place = {code: index for index, code in enumerate(order)}
    return Agreement(equal, plain, kappa_of_pairs(pairs, lambda a, b: squared(place[a], place[b])))
