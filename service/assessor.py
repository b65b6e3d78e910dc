"""The engine as the service holds it: replaced whole when rules are reloaded, kept when the new ones do not compile, marked when degraded."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipeline.engine import Engine
from pipeline.errors import FengqiaoError, InputError, RuleError
from pipeline.resources.compose import settings_of, with_resources
from pipeline.resources.model import Directory
from pipeline.values import Assessment, Incident, Recall
from service.runtime import Tier, load_engine


class Assessor:
    """`assess` for all faces of the service. Rules that do not load at the start stop it; later they leave the old ones standing."""

    def __init__(
        self,
        rules: Sequence[Path] = (),
        *,
        profile: str | None = None,
        playbook: str | None = None,
        tier: str = Tier.RULES,
        models: Path | None = None,
        resources: Path | None = None,
    ) -> None:
        self._load = partial(load_engine, list(rules), profile=profile, playbook=playbook, tier=tier, models=models)
        self._resources = resources
        self.inline = tier in (Tier.RULES, Tier.FAST)  # quick enough for an event loop; the encoder takes tens of milliseconds
        self._loading = threading.Lock()
        self.engine: Engine = self._load()
        self.rules_problem: FengqiaoError | None = None
        self.reloads = 0
        self.directory = self._read_directory(self.engine)
        self.level(profile or self.engine.profile)

    @property
    def degraded(self) -> bool:
        """Whether classifiers (or the encoder among them) were asked for and did not load."""
        return self.engine.degraded or bool(getattr(self.engine.adviser, "failed", False))

    def warm(self) -> None:
        """Load the encoder now rather than at the first call that needs it. Blocking."""
        bring = getattr(self.engine.adviser, "encoder", None)
        if not self.inline and bring is not None:
            bring()

    @property
    def asked(self) -> tuple[int, int]:
        """How often the encoder was asked, and how often it was too late to."""
        adviser = self.engine.adviser
        return int(getattr(adviser, "asked", 0)), int(getattr(adviser, "late", 0))

    @property
    def model(self) -> str | None:
        """The version of the classifiers, if there are any."""
        return self.engine.adviser.version if self.engine.adviser is not None else None

    def assess(self, incident: Incident, *, profile: str | None = None, playbook: str | None = None, recall: Recall | None = None) -> Assessment:
        """Assess with the rules and the directory that stand now, and what `recall` knows besides. Raises RuleError for an unknown profile or playbook."""
        engine, directory = self.engine, self.directory
        answer = engine.assess(incident, profile=profile, playbook=playbook, recall=recall)
        if directory is not None:
            answer = with_resources(answer, incident, directory, settings_of(engine.pack))
        return answer

    def reload(self) -> bool:
        """Compile the rule files anew; True where the new pack stands, False (and `rules_problem`) where the old one stays. Blocking."""
        with self._loading:
            try:
                made = self._load()
                directory = self._read_directory(made)
            except (RuleError, InputError) as problem:
                self.rules_problem = problem
                return False
            self.engine, self.directory, self.rules_problem = made, directory, None
            self.reloads += 1
            return True

    def _read_directory(self, engine: Engine) -> Directory | None:
        """The directory of resources, if one was named; entries that are wrong are left out (`fengqiao resources check` names them)."""
        if self._resources is None:
            return None
        from service.resources.read import read_directory

        return read_directory(self._resources, engine.pack)[0]

    def level(self, profile: str) -> list[str]:
        """The colours of a profile, lowest first. Raises RuleError for an unknown one."""
        rule = self.engine.pack.rules["profiles"].get(profile)
        if rule is None:
            known = "、".join(sorted(self.engine.pack.rules["profiles"]))
            raise RuleError("FQ1301", "没有这个分级方案", "unknown profile", seen="profile", remedy=f"可用 {known}")
        return [level["code"] for level in rule.data["levels"]]
