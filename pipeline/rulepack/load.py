"""Reading the rule files: the shipped folder, then overlays that add or replace files; validated, hashed, nothing compiled yet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.errors import RuleError
from pipeline.facts.lexicon import load_lists
from pipeline.rulepack.files import SHIPPED, read_yaml
from pipeline.rulepack.schema import FAMILIES
from pipeline.rulepack.schema_base import Identified


@dataclass(frozen=True, slots=True)
class Source:
    """All rule files of one pack: family → id → file, the settings, and the hash over all bytes."""

    families: dict[str, dict[str, Identified]]
    settings: dict[str, Any]
    digest: str
    facts: dict[str, dict[str, Any]]  # the word lists of the fact extractor


def _paths(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Family and path of each file, the last folder that has a file wins."""
    chosen: dict[tuple[str, str], Path] = {}
    for folder in folders:
        for family in FAMILIES:
            for path in sorted((folder / family).glob("*.yaml")):
                chosen[family, path.stem] = path
    for (family, _), path in sorted(chosen.items()):
        yield family, path


def load(overlays: Sequence[Path] = (), problems: list[RuleError] | None = None) -> Source:
    """Read the shipped rules and the overlays.

    Raises RuleError with file and remedy for the first file that cannot be used; with `problems` given, such files are left out and
    the errors are appended there instead (for lint).
    """
    folders = [SHIPPED, *overlays]
    for folder in overlays:
        if not folder.is_dir():
            raise RuleError("FQ1003", "没有这个规则文件夹", "no such rule folder", seen=folder.name, remedy="检查 --rules 或 FENGQIAO_RULES")
    digest = hashlib.sha256()
    families: dict[str, dict[str, Identified]] = {family: {} for family in FAMILIES}
    settings: dict[str, Any] = {}
    for folder in folders:
        if (folder / "engine.yaml").exists():
            digest.update((folder / "engine.yaml").read_bytes())
            settings |= read_yaml(folder / "engine.yaml")
    for folder in folders:  # the word lists of the fact extractor belong to the pack's identity too
        for path in sorted((folder / "facts").glob("*.yaml")):
            digest.update(f"facts/{path.name}\0".encode())
            digest.update(path.read_bytes())
    for family, path in _paths(folders):
        digest.update(f"{family}/{path.name}\0".encode())
        digest.update(path.read_bytes())
        try:
            rule = _validated(family, path)
        except RuleError as error:
            if problems is None:
                raise
            problems.append(error)
            continue
        if rule.status != "retired":
            families[family][rule.id] = rule
    return Source(families, settings, "sha256:" + digest.hexdigest(), load_lists(overlays))


def _validated(family: str, path: Path) -> Identified:
    where = f"{family}/{path.name}"
    try:
        rule = FAMILIES[family].model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        seen = f"{where} · {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise RuleError("FQ1004", "规则文件不合格式", "rule file does not fit the format", seen=seen, remedy="见 pipeline/rules/README.md") from error
    if rule.id != path.stem:
        raise RuleError("FQ1005", "文件名与 id 不符", "file name and id differ", seen=where, remedy="改名使二者一致")
    return rule
