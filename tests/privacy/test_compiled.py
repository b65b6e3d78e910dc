"""The recognisers compiled to machine code, as an install does it where there is a C compiler, find the same."""

import importlib.util
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
HOOK = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]
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


@pytest.fixture(scope="module")
def hook():
    pytest.importorskip("hatchling")
    spec = importlib.util.spec_from_file_location("fengqiao_build_hook", ROOT / HOOK["path"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def built(hook, version, warnings):
    """What the hook adds to a wheel."""
    compiler = hook.Compile(str(ROOT), HOOK, None, None, "", "wheel", SimpleNamespace(display_warning=warnings.append))
    data = {"force_include": {}, "pure_python": True, "infer_tag": False}
    compiler.initialize(version, data)
    return compiler, data


def test_the_modules_to_compile_are_there():
    assert HOOK["compile"]
    assert [module for module in HOOK["compile"] if not (ROOT / module).is_file()] == []


def test_plain_python_where_nothing_is_to_be_compiled(hook, monkeypatch):
    warnings = []
    monkeypatch.setattr(hook.subprocess, "run", lambda *a, **k: pytest.fail("compiles"))
    assert built(hook, "editable", warnings)[1] == {"force_include": {}, "pure_python": True, "infer_tag": False}
    monkeypatch.setenv("FENGQIAO_PURE", "1")
    compiler, data = built(hook, "standard", warnings)
    assert (data["force_include"], compiler.dependencies(), warnings) == ({}, [], [])
    monkeypatch.delenv("FENGQIAO_PURE")
    monkeypatch.setattr(hook.shutil, "which", lambda name: None)
    compiler, data = built(hook, "standard", warnings)
    assert (data["pure_python"], compiler.dependencies(), warnings) == (True, [], [])


def test_plain_python_where_compiling_fails(hook, monkeypatch, tmp_path):
    warnings = []

    def fails(told, **how):
        raise subprocess.CalledProcessError(1, told)

    monkeypatch.setattr(hook, "_possible", lambda: True)
    monkeypatch.setattr(hook.subprocess, "run", fails)
    monkeypatch.setattr(hook.tempfile, "mkdtemp", lambda: str(tmp_path))
    compiler, data = built(hook, "standard", warnings)
    assert data == {"force_include": {}, "pure_python": True, "infer_tag": False}
    assert len(warnings) == 1
    compiler.finalize("standard", data, "")
    assert not tmp_path.exists()


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_compiled_recognisers_find_the_same(hook, tmp_path):
    pytest.importorskip("setuptools")
    shutil.copytree(ROOT / "pipeline", tmp_path / "pipeline", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    made = hook.compile_in(tmp_path, HOOK["compile"])
    assert len(made) == len(HOOK["compile"]) + 1  # and what they share
    lines = (ROOT / "corpora/narratives/uc.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines] + ["", "\ud800王建国说", "王" * 300, "报警人王建国电话13800138000"]
    file, compiled = found(tmp_path, texts)
    assert not file.endswith(".py")
    plain_file, plain = found(ROOT, texts)
    assert plain_file.endswith(".py")
    assert compiled == plain
