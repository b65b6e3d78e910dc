"""What the facts look like: one small frozen value per fact, and the bundle that the engine keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from pipeline.text.document import Document

Scalar = str | int | float | bool | None
Extra = tuple[tuple[str, Scalar], ...]


@dataclass(frozen=True, slots=True, init=False)
class Fact:
    """One fact that the text tells.

    `start` and `end` are a half-open span of code points in `Document.text`; `kind` says what it is (`money`, `people`, `id_card` …);
    `value` is its normal form (yuan, persons, years of age, an ISO 8601 time, a role code …), None where the text does not fix it
    (一群人); `extra` holds what else is known, in a fixed order.

    >>> Fact("money", 4, 7, 30000).to_json("三万元")
    {'kind': 'money', 'start': 4, 'end': 7, 'quote': '三万元', 'value': 30000}
    """

    kind: str
    start: int
    end: int
    value: Scalar
    extra: Extra = ()

    def __init__(self, kind: str, start: int, end: int, value: Scalar, extra: Extra = ()) -> None:
        _set_kind(self, kind)
        _set_start(self, start)
        _set_end(self, end)
        _set_value(self, value)
        _set_extra(self, extra)

    def get(self, name: str) -> Scalar:
        """What `extra` says under this name, None where it says nothing."""
        for key, value in self.extra:
            if key == name:
                return value
        return None

    def to_json(self, quote: str, start: int | None = None, end: int | None = None) -> dict[str, Scalar | dict[str, Scalar]]:
        """A JSON object; `start` and `end` replace the span where the caller has mapped it to the original narrative."""
        told: dict[str, Scalar | dict[str, Scalar]] = {
            "kind": self.kind,
            "start": self.start if start is None else start,
            "end": self.end if end is None else end,
            "quote": quote,
            "value": self.value,
        }
        if self.extra:
            told["extra"] = dict(self.extra)
        return told


# A frozen dataclass sets its fields by name through object.__setattr__; its slots set directly in half the time, and there are many facts.
_set_kind, _set_start, _set_end, _set_value, _set_extra = (Fact.__dict__[name].__set__ for name in ("kind", "start", "end", "value", "extra"))


class Facts(msgspec.Struct, frozen=True):
    """All facts of one narrative, each tuple in the order of the text.

    The properties are what conditions of the rules ask for (`fact.people >= 5`): 0 where nothing is told, None for an age that is not told.
    """

    parties: tuple[Fact, ...] = ()
    acts: tuple[Fact, ...] = ()
    money: tuple[Fact, ...] = ()
    times: tuple[Fact, ...] = ()
    places: tuple[Fact, ...] = ()
    counts: tuple[Fact, ...] = ()
    identifiers: tuple[Fact, ...] = ()
    apps: tuple[Fact, ...] = ()
    weapons: tuple[Fact, ...] = ()
    injuries: tuple[Fact, ...] = ()
    ages: tuple[Fact, ...] = ()

    @property
    def people(self) -> int:
        """The largest number of persons in conflict or gathered; sizes of companies and villages do not count."""
        return int(_largest(fact for fact in self.counts if fact.kind == "people" and not fact.get("whole")))

    @property
    def households(self) -> int:
        """The largest number of households concerned."""
        return int(_largest(fact for fact in self.counts if fact.kind == "households" and not fact.get("whole")))

    @property
    def sum(self) -> float:
        """The largest sum of money, in yuan."""
        return _largest(self.money)

    @property
    def calls(self) -> int:
        """How often the police were called, this call included only where the text counts it."""
        return int(_largest(fact for fact in self.counts if fact.kind == "calls"))

    @property
    def victim_age(self) -> float | None:
        """The smallest age of a person who may be at risk, in years."""
        ages = [float(fact.value) for fact in self.ages if isinstance(fact.value, int | float) and not fact.get("not_at_risk")]
        return min(ages, default=None)

    def scalar(self, name: str) -> float | None:
        """The number behind `fact.NAME` of a condition: people, households, money, calls or victim_age. KeyError for another name."""
        if name == "money":
            return self.sum
        if name not in ("people", "households", "calls", "victim_age"):
            raise KeyError(name)
        number: float | None = getattr(self, name)
        return number

    def to_json(self, document: Document) -> dict[str, list[dict[str, Scalar | dict[str, Scalar]]]]:
        """Every list as JSON objects, with spans and quotes of the original narrative."""
        told = {}
        for name in self.__struct_fields__:
            rows = []
            for fact in getattr(self, name):
                start, end = document.original(fact.start, fact.end)
                rows.append(fact.to_json(document.narrative[start:end], start, end))
            told[name] = rows
        return told


def _largest(facts: Iterable[Fact]) -> float:
    return max((float(fact.value) for fact in facts if isinstance(fact.value, int | float)), default=0.0)
