"""Reading the recogniser files: strict YAML, validated, hashed. RuleError with file and remedy where one cannot be used."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.errors import RuleError
from pipeline.privacy.schema import AddressFile, Headers, Invented, NameFile, PatternFile, Strict
from pipeline.rulepack.files import SHIPPED, read_yaml

_OTHERS: dict[str, type[BaseModel]] = {"name": NameFile, "address": AddressFile, "strict": Strict, "invented": Invented, "headers": Headers}


@dataclass(frozen=True, slots=True)
class Recognisers:
    """All recogniser files, the pools of invented values as they stand in invented.yaml, and the hash over all bytes."""

    patterns: tuple[PatternFile, ...]
    name: NameFile
    address: AddressFile
    strict: Strict
    invented: Invented
    headers: Headers
    digest: str


def load(folders: Sequence[Path] = ()) -> Recognisers:
    """The shipped files, then those of further folders, which add or replace by file name."""
    chosen: dict[str, Path] = {}
    for folder in (SHIPPED / "privacy", *folders):
        chosen |= {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    digest = hashlib.sha256()
    read: dict[str, Any] = {}
    for stem, path in sorted(chosen.items()):
        digest.update(f"{path.name}\0".encode())
        digest.update(path.read_bytes())
        read[stem] = _validated(path, _OTHERS.get(stem, PatternFile))
    patterns = tuple(file for file in read.values() if isinstance(file, PatternFile) and file.status != "retired")
    return Recognisers(patterns, read["name"], read["address"], read["strict"], read["invented"], read["headers"], "sha256:" + digest.hexdigest())


def _validated(path: Path, model: type[BaseModel]) -> BaseModel:
    try:
        return model.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        seen = f"privacy/{path.name} · {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise RuleError("FQ1004", "规则文件不合格式", "rule file does not fit the format", seen=seen, remedy="见 pipeline/privacy/schema.py") from error
