"""Assessing with what is known besides the narrative: a table of earlier calls, a directory of resources."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.engine import Engine
from pipeline.values import Assessment, Incident


def assess_knowing(engine: Engine, incidents: Sequence[Incident], history: Path | None, resources: Path | None) -> list[Assessment]:
    """The answers, in order. Raises InputError where the table or the directory cannot be read."""
    if history is None:
        answers = [engine.assess(incident) for incident in incidents]
    else:
        from service.repeats.history import remembering

        remembered = remembering(engine, history)
        answers = [remembered.assess(incident) for incident in incidents]
    if resources is None:
        return answers
    from pipeline.resources.compose import settings_of, with_resources
    from service.resources.read import read_directory

    directory, problems = read_directory(resources, engine.pack)
    if problems:
        sys.stderr.write(f"名册有 {len(problems)} 处问题, 用 fengqiao resources check 查看\n")
    return [with_resources(answer, incident, directory, settings_of(engine.pack)) for incident, answer in zip(incidents, answers, strict=True)]
