"""From rule files to a plan: plain data (MessagePack) that a pack is made of, so that the work of compiling is done once per content hash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import daachorse
import msgspec

from pipeline.errors import RuleError
from pipeline.rulepack.load import Source
from pipeline.rulepack.need import Need, begins, either, need, tables
from pipeline.rulepack.pattern import Compiled, compile_pattern, expand, parse, regex
from pipeline.rulepack.schema import Context, Rule, Signal, Terms
from pipeline.rulepack.schema_base import Identified


class Planner:
    """Collects signals, words and checks while the rule files are walked."""

    def __init__(self, terms: dict[str, Terms], problems: list[RuleError] | None) -> None:
        self._terms, self._problems = terms, problems
        self._expanded: dict[str, Sequence[str]] = {}
        self.signals: list[dict[str, Any]] = []
        self.regexes: dict[str, int] = {"": -1}
        self.texts = [""]
        self.needs: list[Need | None] = [None]
        self.actions: dict[str, dict[tuple[int, int, int, int], None]] = {}
        self._compiled: dict[str, list[Compiled]] = {}

    def words(self, name: str) -> Sequence[str] | None:
        """The words of a list, its own patterns and lists expanded."""
        if name not in self._expanded:
            if name not in self._terms:
                return None
            self._expanded[name] = ()  # a list that names itself adds nothing
            found: dict[str, None] = {}
            for term in self._terms[name].terms:
                found |= dict.fromkeys(expand(parse(term), self.words, 4000) or ())
            found.pop("", None)
            self._expanded[name] = tuple(found)
        return self._expanded[name]

    def add(self, family: str, rule: str, group: str, patterns: Iterable[str], **settings: Any) -> int:
        """Add one signal; returns its number."""
        number = len(self.signals)
        self.signals.append({"family": family, "rule": rule, "group": group, **settings})
        for pattern in patterns:
            try:
                compiled = self._compiled.get(pattern) or compile_pattern(pattern, self.words)
            except RuleError as error:
                self._report(error, f"{family}/{rule}.yaml · {group}")
                continue
            self._compiled[pattern] = compiled
            for part in compiled:
                ahead = _beginning([begins(part.left, self.words)])
                before = self._regex(part.before and f"{ahead}(?:{part.before})\\Z", need(part.left, self.words, leftward=True))
                after = self._regex(part.after, need(part.right, self.words))
                for word in part.anchors:
                    self.actions.setdefault(word, {})[number, before, after, part.reach] = None
        return number

    def alternatives(self, where: str, patterns: Iterable[str]) -> int:
        """Patterns that are only looked for near a hit: one regular expression instead of words in the automaton."""
        made: list[str] = []
        firsts: list[frozenset[str] | None] = []
        for pattern in patterns:
            try:
                parts = parse(pattern)
                made.append(regex(parts, self.words))
                firsts.append(begins(parts, self.words))
            except RuleError as error:
                self._report(error, where)
        joined = "|".join(sorted(made, key=len, reverse=True))
        return self._regex(f"{_beginning(firsts)}(?:{joined})" if made else "")

    def _report(self, error: RuleError, where: str) -> None:
        told = type(error)(error.code, error.zh, error.en, seen=f"{where} · {error.seen}", remedy=error.remedy)
        if self._problems is None:
            raise told from error
        self._problems.append(told)

    def merged(self, actions: Iterable[tuple[int, int, int, int]]) -> list[list[int]]:
        """The actions at one word, those of one signal that differ only in what must follow put into one check."""
        by_head: dict[tuple[int, int, int], dict[str, Need | None]] = {}
        for signal, before, after, reach in actions:
            by_head.setdefault((signal, before, reach), {})[self.texts[after + 1]] = self.needs[after + 1]
        made = []
        for (signal, before, reach), needs in by_head.items():
            afters = sorted(needs, key=len, reverse=True)
            joined = afters[0] if len(afters) == 1 else "|".join(f"(?:{text})" for text in afters if text)
            if len(afters) > 1 and not afters[-1]:
                joined = f"(?:{joined})?"
            made.append([signal, before, self._regex(joined, either(needs.values())), reach])
        return made

    def _regex(self, text: str, needed: Need | None = None) -> int:
        if text not in self.regexes:
            self.regexes[text] = len(self.regexes) - 1
            self.texts.append(text)
            self.needs.append(needed)
        return self.regexes[text]


def _beginning(firsts: Sequence[frozenset[str] | None]) -> str:
    """What looks at one character before a search tries a hundred words there; empty where any may stand there."""
    known = [first for first in firsts if first is not None]
    if not known or len(known) < len(firsts):
        return ""
    chars = frozenset().union(*known)
    return "(?=[" + "".join(map(re.escape, sorted(chars))) + (r"\d" if "0" in chars else "") + "])"


def plan(source: Source, problems: list[RuleError] | None = None) -> dict[str, Any]:
    """Compile all rule files of a source. Raises RuleError naming file, group and remedy; with `problems`, leaves such patterns out and goes on."""
    terms = {name: rule for name, rule in source.families["terms"].items() if isinstance(rule, Terms)}
    planner = Planner(terms, problems)
    rules: dict[str, dict[str, Any]] = {}
    for family, members in source.families.items():
        if family == "terms":
            continue
        rules[family] = {rule_id: _plan_rule(planner, family, rule) for rule_id, rule in members.items()}
    return {
        "digest": source.digest,
        "settings": {key: value for key, value in source.settings.items() if key != "since"},
        "signals": planner.signals,
        "facts": source.facts,
        **_shared(planner),
        "rules": rules,
        "regexes": planner.texts[1:],  # last: merging actions adds to them
    }


def _shared(planner: Planner) -> dict[str, Any]:
    """The automaton over all words, ready to be taken up again, and what to do at each; words of one pattern share one list of actions."""
    numbers: dict[tuple[tuple[int, int, int, int], ...], int] = {}
    at = [numbers.setdefault(tuple(actions), len(numbers)) for actions in planner.actions.values()]
    plain, asking = [], []
    for actions in numbers:
        merged = planner.merged(actions)
        plain.append([signal for signal, before, after, _ in merged if before < 0 and after < 0])  # signals that the word alone makes
        asking.append([entry for entry in merged if entry[1] >= 0 or entry[2] >= 0])  # those that ask for more beside it
    automaton = daachorse.CharwiseDoubleArrayAhoCorasick(list(planner.actions) or ["\x00"])
    return {
        "automaton": automaton.serialize(),
        "at": msgspec.msgpack.encode(at),
        "plain": msgspec.msgpack.encode(plain),
        "asks": tables(at, asking, planner.needs[1:]),
    }


def _plan_rule(planner: Planner, family: str, rule: Identified) -> dict[str, Any]:
    data = rule.model_dump(mode="json", exclude={"signals", "examples", "counterexamples", "except_", "patterns", "pseudo", "terminators"})
    if isinstance(rule, Context):
        data["cue"] = planner.add(family, rule.id, "cue", rule.patterns)
        data["pseudo"] = planner.alternatives(f"{family}/{rule.id}.yaml · pseudo", rule.pseudo)
        data["stop"] = planner.alternatives(f"{family}/{rule.id}.yaml · terminators", rule.terminators)
    if isinstance(rule, Rule):
        shared = planner.add(family, rule.id, "except", rule.except_) if rule.except_ else None
        data["groups"] = {name: _plan_signal(planner, family, rule.id, name, signal, shared) for name, signal in rule.signals.items()}
    return data


def _plan_signal(planner: Planner, family: str, rule: str, name: str, signal: Signal, shared: int | None) -> int:
    masks = [] if shared is None else [shared]
    if signal.except_:
        masks.append(planner.add(family, rule, f"{name} except", signal.except_))
    counts = None if signal.counts == "any" else sorted(signal.counts)
    return planner.add(family, rule, name, signal.patterns, weight=signal.weight, counts=counts, stage=signal.stage, masks=masks)
