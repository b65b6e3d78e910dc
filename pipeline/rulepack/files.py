"""Where rule files lie and how one is read: strict YAML, nothing validated yet. Kept apart from the schemas so that a start from a stored plan needs no pydantic."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import RuleError

SHIPPED = Path(str(files("pipeline"))) / "rules"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Loader):  # type: ignore[misc]
    """YAML without duplicate keys and without guessing dates or yes/no into other things than they look."""


def _mapping(loader: Any, node: Any) -> dict[Any, Any]:
    pairs = [(loader.construct_object(key, deep=True), loader.construct_object(value, deep=True)) for key, value in node.value]
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise RuleError("FQ1002", "键重复", "duplicate key", seen=f"{twice} · {node.start_mark.name}:{node.start_mark.line + 1}", remedy="合并或改名")
    return dict(pairs)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: Path) -> Any:
    """One YAML file; RuleError with file and line where it does not parse."""
    try:
        with path.open("rb") as stream:
            return yaml.load(stream, Loader=_StrictLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path.parent.name}/{path.name}" + (f":{mark.line + 1}" if mark else "")
        raise RuleError("FQ1001", "不是合法的 YAML", "not valid YAML", seen=where, remedy=str(getattr(error, "problem", "检查缩进与冒号"))) from error
