"""The recognisers compiled to machine code, as HATCH_BUILD_HOOKS_ENABLE=1 does it for an install, find the same."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOOK = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["mypyc"]
MODULES = [path.removeprefix("/") for path in HOOK["include"]]
FIND = """
import json, sys
from pipeline.privacy import Deidentifier, Job, names
reader, job = Deidentifier.default(), Job(b"0" * 16)
texts = json.load(sys.stdin)
print(json.dumps([names.__file__, [repr((reader.find(text), reader.treat(text, "replace", job))) for text in texts]]))
"""


def found(folder, texts):
    """The file that the names are read by, and what is found in each text, by the package in `folder`."""
    made = subprocess.run([sys.executable, "-c", FIND], cwd=folder, input=json.dumps(texts), capture_output=True, text=True, check=True, timeout=300)
    return json.loads(made.stdout)


def test_nothing_is_compiled_unless_asked_for():
    assert HOOK["enable-by-default"] is False
    assert [module for module in MODULES if not (ROOT / module).is_file()] == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_compiled_recognisers_find_the_same(tmp_path):
    pytest.importorskip("setuptools")
    shutil.copytree(ROOT / "pipeline", tmp_path / "pipeline", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    built = subprocess.run([sys.executable, "-m", "mypyc", *HOOK["mypy-args"], *MODULES], cwd=tmp_path, capture_output=True, text=True, timeout=900)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    lines = (ROOT / "corpora/narratives/uc.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines] + ["", "\ud800王建国说", "王" * 300, "报警人王建国电话13800138000"]
    file, compiled = found(tmp_path, texts)
    assert not file.endswith(".py")
    plain_file, plain = found(ROOT, texts)
    assert plain_file.endswith(".py")
    assert compiled == plain
