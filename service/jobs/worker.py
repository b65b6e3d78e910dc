"""The process that labels one job's table: `python -m service.jobs.worker FOLDER`. Writes progress.json and, at the end, result.json.

The labeller keeps finished parts, so that a worker that was killed is simply started again. A worker whose service is gone stops by itself.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from pipeline.errors import FengqiaoError
from service.label.deid import deid
from service.label.executor import Choice
from service.label.job import Options
from service.label.part import Tally
from service.label.run import label_file

STARTED_BY = "FENGQIAO_JOB_PARENT"
GONE = 3  # exit code
_OPTIONS = {"--text-column ": "text_column=", "--id-column ": "id_column=", "--no-header": "no_header=true"}  # of the command, as the upload's parameters


def main(folder: Path) -> int:
    """Label. Exit codes: 0 done · 2 the input cannot be used · 3 the service is gone."""
    told: dict[str, Any] = json.loads((folder / "options.json").read_text("utf-8"))
    parent = int(os.environ.get(STARTED_BY, os.getppid()))
    counted = Tally()

    def watch(tally: Tally, records: int, there: bool) -> None:
        counted.add(tally)
        write(folder / "progress.json", {"records": records, "rows": counted.rows, "rejects": counted.rejects})
        if os.getppid() != parent:
            raise SystemExit(GONE)

    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    told["engine"]["rules"] = tuple(told["engine"]["rules"])
    treated = deid(told["deid"], folder / "deid.key") if told["deid"] else None
    options = Options(
        tuple(told["texts"]), told["id_column"], told["full"], Choice(**told["engine"]), escape=True, deid=treated, header=told.get("header", True)
    )
    try:
        done = label_file(folder / f"input.{told['given']}", folder / f"result.{told['wanted']}", options, resume=True, overwrite=True, watch=watch)
    except FengqiaoError as error:
        write(folder / "result.json", {"code": error.code, "title": error.zh, "reason": error.en, "remedy": _over_http(error.remedy)})
        return 2
    write(folder / "result.json", {"code": "", "records": done.records, "rows": done.tally.rows, "rejects": done.tally.rejects})
    return 0


def _over_http(remedy: str) -> str:
    """A remedy in the words of the interface, not of the command."""
    for option, parameter in _OPTIONS.items():
        remedy = remedy.replace(option, parameter)
    return remedy


def _die_with(parent: int) -> None:
    """End as soon as the service is gone, by whatever death: another will take the job up, and two must not write in one folder."""
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(GONE)


def write(path: Path, value: dict[str, Any]) -> None:
    """Whole or not at all."""
    partial = path.with_suffix(".tmp")
    partial.write_text(json.dumps(value), "utf-8")
    os.replace(partial, path)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
