"""The engine as the service holds it: replaced whole when rules are reloaded, kept when the new ones do not compile, marked when degraded."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pipeline.engine import Engine
from pipeline.errors import RuleError
from pipeline.values import Assessment, Incident
from service.runtime import load_engine


class Assessor:
    """`assess` for all faces of the service. Rules that do not load at the start stop it; later they leave the old ones standing."""

    def __init__(self, rules: Sequence[Path] = (), *, profile: str | None = None) -> None:
        self._rules, self._profile = list(rules), profile
        self._loading = threading.Lock()
        self.engine: Engine = load_engine(self._rules, profile=profile)
        self.rules_problem: RuleError | None = None
        self.degraded: str | None = None  # why only part of the engine answers
        self.reloads = 0
        self.level(profile or self.engine.profile)

    def assess(self, incident: Incident, *, profile: str | None = None) -> Assessment:
        """Assess with the rules that stand now. Raises RuleError for an unknown profile."""
        answer = self.engine.assess(incident, profile=profile)
        return msgspec.structs.replace(answer, degraded=True) if self.degraded else answer

    def reload(self) -> bool:
        """Compile the rule files anew; True where the new pack stands, False (and `rules_problem`) where the old one stays. Blocking."""
        with self._loading:
            try:
                made = load_engine(self._rules, profile=self._profile)
            except RuleError as problem:
                self.rules_problem = problem
                return False
            self.engine, self.rules_problem = made, None
            self.reloads += 1
            return True

    def level(self, profile: str) -> list[str]:
        """The colours of a profile, lowest first. Raises RuleError for an unknown one."""
        rule = self.engine.pack.rules["profiles"].get(profile)
        if rule is None:
            known = "、".join(sorted(self.engine.pack.rules["profiles"]))
            raise RuleError("FQ1301", "没有这个分级方案", "unknown profile", seen="profile", remedy=f"可用 {known}")
        return [level["code"] for level in rule.data["levels"]]
