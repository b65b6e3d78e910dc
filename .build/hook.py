"""Build hook: compiles the recognisers of `pipeline.privacy` to machine code for an install, where there is a C compiler.

They are typed Python and find the same either way (tests/privacy/test_compiled.py), compiled in about half the time. Nothing is written into the source
tree. Without a compiler, for an editable install, with FENGQIAO_PURE=1, or where compiling fails for any reason, plain Python is installed as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_LONGEST = 900  # seconds; it takes about twenty


class Compile(BuildHookInterface[Any]):
    """Runs mypyc on the modules of `compile` in pyproject.toml, in a folder of its own."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What compiling needs; nothing where nothing is compiled."""
        return list(self.config["needs"]) if _possible() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the compiled modules to the wheel. Never fails: a wheel without them does the same work."""
        if version == "editable" or not _possible():
            return
        self._folder = Path(tempfile.mkdtemp())
        package = self._folder / "pipeline"
        shutil.copytree(Path(self.root) / "pipeline", package, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
        try:
            made = compile_in(self._folder, self.config["compile"])
        except (OSError, subprocess.SubprocessError) as error:
            self.app.display_warning(f"not compiled, plain Python is installed: {type(error).__name__}")
            return
        build_data["force_include"].update({str(path): str(path.relative_to(self._folder)) for path in made})
        build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing behind."""
        folder = getattr(self, "_folder", None)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def compile_in(folder: Path, modules: list[str]) -> list[Path]:
    """Compile modules (paths below `folder`) in place; the files made. Raises SubprocessError where that fails."""
    told = [sys.executable, "-m", "mypyc", "--ignore-missing-imports", "--follow-imports=silent", *modules]
    subprocess.run(told, cwd=folder, env=os.environ | {"MYPYC_OPT_LEVEL": "3"}, capture_output=True, check=True, timeout=_LONGEST)
    shutil.rmtree(folder / "build", ignore_errors=True)
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    return sorted(folder.rglob(f"*{suffix}"))


def _possible() -> bool:
    """Whether compiling is wanted, and a compiler and Python's own headers are here."""
    if os.environ.get("FENGQIAO_PURE") == "1" or sys.implementation.name != "cpython":
        return False
    return shutil.which("cc") is not None and Path(sysconfig.get_path("include"), "Python.h").is_file()
