"""`fengqiao spark-pack`: one archive of code, rules, artefacts and the libraries that labelling needs, for executors that have nothing but Python.

What is needed is found by labelling a row in a fresh interpreter and looking at what it has imported; so nothing of the service comes along, and
nothing is forgotten. Executors need the same Python (minor version) and processor as the machine that packs.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("pipeline", "models", "corpora", "service")
_PROBE = """
import json, sys
import pyarrow as pa
from service.label.executor import Choice, label_tables
batch = pa.RecordBatch.from_pydict({"text": ["楼上漏水, 说了几次不管"]})
list(label_tables(Choice(tier="full"), texts=(), id_column=None, full=True)(iter([batch])))
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def pack(output: Path) -> int:
    """Write the archive; its size in bytes. `lib/` is what executors import from, `cache/` the compiled rules."""
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(output.name + ".tmp")
    with tempfile.TemporaryDirectory(prefix="fengqiao-") as cache:
        modules = _imported(Path(cache))
        with tarfile.open(partial, "w:gz", compresslevel=3) as archive:
            for path, name in sorted({**dict(_ours()), **dict(_libraries(modules)), **dict(_cached(Path(cache)))}.items(), key=lambda pair: pair[1]):
                _add(archive, path, name)
    os.replace(partial, output)
    return output.stat().st_size


def _imported(cache: Path) -> frozenset[str]:
    """The names of top-level modules that labelling imports, found in a fresh interpreter; the rules are compiled into `cache` on the way."""
    environment = {**os.environ, "FENGQIAO_CACHE": str(cache), "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", _PROBE], env=environment, capture_output=True, check=True)
    return frozenset(json.loads(done.stdout.splitlines()[-1]))


def _ours() -> Iterator[tuple[Path, str]]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path, f"lib/{path.relative_to(ROOT).as_posix()}"


def _libraries(modules: frozenset[str]) -> Iterator[tuple[Path, str]]:
    """All files of the distributions that those modules belong to, tests and headers left out."""
    distributions = {name for module, names in importlib.metadata.packages_distributions().items() if module in modules for name in names}
    for name in sorted(distributions - {"fengqiao"}):
        for file in importlib.metadata.files(name) or ():
            path = Path(str(file.locate()))
            outside = ".." in file.parts or {"__pycache__", "tests", "include"} & set(file.parts)
            if path.is_file() and not outside:
                yield path, f"lib/{file.as_posix()}"


def _cached(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in folder.iterdir():
        yield path, f"cache/{path.name}"


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    """With a fixed time and no owner: the same content is the same archive."""
    data = path.read_bytes()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o755 if os.access(path, os.X_OK) else 0o644
    archive.addfile(entry, io.BytesIO(data))
