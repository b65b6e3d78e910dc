"""Running the examples that rule files carry: what the test suite and `rules lint` share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.engine import Engine
from pipeline.errors import RuleError
from pipeline.values import Assessment, Incident

if TYPE_CHECKING:
    from pipeline.rulepack.schema import Rule
    from pipeline.rulepack.schema_base import Identified

FAMILIES = ("frames", "factors", "scripts", "stages", "disputes", "categories")


@dataclass(frozen=True, slots=True)
class Example:
    """One example of a rule file: `positive` must give the label, otherwise must not."""

    family: str
    rule: str
    text: str
    positive: bool

    @property
    def where(self) -> str:
        return f"{self.family}/{self.rule}"


@dataclass(frozen=True, slots=True)
class Finding:
    """An example that the engine does not answer as its file says."""

    where: str
    kind: str
    text: str
    got: str


def examples(overlays: Sequence[Path] = (), only: str | None = None) -> Iterator[Example]:
    """All examples of the rule files, in order."""
    from pipeline.rulepack.load import load  # the rule compiler: only where rules are checked
    from pipeline.rulepack.schema import Rule

    problems: list[RuleError] = []
    for family, members in load(overlays, problems).families.items():
        if family not in FAMILIES:
            continue
        for rule in members.values():
            if isinstance(rule, Rule) and (only is None or only in (family, f"{family}/{rule.id}")):
                yield from _of(family, rule)


def _of(family: str, rule: Rule) -> Iterator[Example]:
    for text in rule.examples:
        yield Example(family, rule.id, text, positive=True)
    for text in rule.counterexamples:
        yield Example(family, rule.id, text, positive=False)


def count_examples(overlays: Sequence[Path] = (), only: str | None = None) -> int:
    """How many examples there are."""
    return sum(1 for _ in examples(overlays, only))


def run_examples(engine: Engine, overlays: Sequence[Path] = (), only: str | None = None) -> list[Finding]:
    """Examples that are not answered as the files say."""
    return [finding for example in examples(overlays, only) if (finding := check(engine, example)) is not None]


def check(engine: Engine, example: Example) -> Finding | None:
    """Run one example through the whole engine; None where it is right."""
    incident = Incident(narrative=example.text)
    answer = engine.assess(incident)
    labels = labels_of(engine, incident, answer, example.family)
    if (example.rule in labels) == example.positive:
        return None
    kind = "样例未得出" if example.positive else "反例误得出"
    return Finding(example.where, kind, example.text, ",".join(sorted(labels)) or "-")


def labels_of(engine: Engine, incident: Incident, answer: Assessment, family: str) -> set[str]:
    """The labels of one family that an answer gives."""
    if family == "frames":
        return set(answer.frames)
    if family == "factors":
        return set(answer.risk.internal) | {factor.code for factor in answer.risk.factors}
    if family == "scripts":
        return {script.code for script in answer.fraud.scripts} if answer.fraud else set()
    if family == "stages":
        return {answer.fraud.stage} if answer.fraud and answer.fraud.stage else set()
    if family == "disputes":
        return {answer.dispute.type} if answer.dispute else set()
    return {answer.category.code}


def titles(members: dict[str, Identified]) -> dict[str, str]:
    """Code → Chinese name."""
    return {code: rule.name for code, rule in members.items()}
