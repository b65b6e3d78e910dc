"""Compiled plans are kept by content hash, so that a start need not compile a thousand patterns again.

The store is a private folder of the user (FENGQIAO_CACHE, or ~/.cache/fengqiao). It holds knowledge only, never a narrative. Where it cannot be
written the pack is compiled in memory; where what it holds does not read well it is made anew.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pipeline.errors import ConditionError, RuleError
from pipeline.rulepack.files import SHIPPED
from pipeline.rulepack.pack import Pack, build, seal

_KEPT = 12
_CHOOSES = Path(__file__).parent.parent / "facts" / "lexicon.py"  # which word lists a plan carries


def compiled(overlays: Sequence[Path], problems: list[RuleError] | None = None) -> dict[str, Any]:
    """Read and compile the rule files. The compiler and the schemas are imported only here: a start from a stored plan needs neither."""
    from pipeline.rulepack.load import load
    from pipeline.rulepack.plan import plan

    return plan(load(overlays, problems), problems)


def cache_folder() -> Path:
    """Where compiled plans are kept."""
    given = os.environ.get("FENGQIAO_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "fengqiao"


def fingerprint(folders: Sequence[Path]) -> str:
    """Hash over the bytes of all rule files and of the compiler that reads them."""
    digest = hashlib.sha256()
    for folder in (Path(__file__).parent, *folders):
        for path in _files(folder):
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(path.read_bytes())
    digest.update(_CHOOSES.read_bytes())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.suffix in (".yaml", ".py") and path.is_file())


def load_pack(overlays: Sequence[Path] = ()) -> Pack:
    """The pack of the shipped rules and overlays, compiled or from the store. Raises RuleError where a file cannot be used."""
    name = f"plan-{fingerprint([SHIPPED, *overlays])[:24]}.bin"
    with uncollected():
        stored = _stored(cache_folder() / name)
        if stored is not None:
            return build(stored)
    made = compiled(overlays)
    data = msgspec.msgpack.encode(made)
    pack = build(msgspec.msgpack.decode(data))
    _keep(cache_folder() / name, msgspec.msgpack.encode(seal(made, pack)))
    return pack


def load_leniently(overlays: Sequence[Path] = ()) -> tuple[Pack, list[RuleError]]:
    """A pack without the files, patterns and rules that cannot be used, and why they cannot (for lint and try; never for serving)."""
    problems: list[RuleError] = []
    path = cache_folder() / f"plan-{fingerprint([SHIPPED, *overlays])[:24]}-lenient.bin"
    made = _stored(path)
    if made is None:
        made = compiled(overlays, problems)
        made["problems"] = [(e.code, e.zh, e.en, e.seen, e.remedy) for e in problems]
        data = msgspec.msgpack.encode(made)
        _keep(path, data)
        made = msgspec.msgpack.decode(data)
    else:
        problems += [RuleError(code, zh, en, seen=seen, remedy=remedy) for code, zh, en, seen, remedy in made["problems"]]
    while True:
        try:
            return build(copy.deepcopy(made), problems), problems
        except ConditionError as error:
            problems.append(error)
            family, _, rest = error.seen.partition("/")
            rule = rest.split(".yaml")[0].split(" ")[0]
            if made["rules"].get(family, {}).pop(rule, None) is None:
                raise


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collection, for a load: what it makes is some hundred thousand objects that all stay."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _stored(path: Path) -> dict[str, Any] | None:
    try:
        data = msgspec.msgpack.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    return data if isinstance(data, dict) else None


def _keep(path: Path, data: bytes) -> None:
    """Write whole or not at all; of the plans in this folder the newest stay (several versions and overlays may share it)."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, partial = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.replace(partial, path)
        kept = sorted(path.parent.glob("plan-*"), key=lambda old: old.stat().st_mtime)
        for old in kept[:-_KEPT]:
            old.unlink(missing_ok=True)
