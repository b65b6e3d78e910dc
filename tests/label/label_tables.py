"""Tables as Chinese systems export them, and a run over them in process."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

from service.label.job import Options
from service.label.run import Done, label_file

HEADERS = ["警情编号", "报警时间", "报警内容", "事发地址"]
TEXTS = [
    "楼上漏水, 把我家屋顶泡了, 找他他不管。",
    "老公又打我,\n还拿菜刀追我,\r\n孩子吓哭了",
    '他说"再要钱就弄死你", 我不敢回家',
    "有人冒充客服让我转了2万元\t刚转完",
    "隔壁装修吵, 说了不听",
    "楼下烧烤摊占道,油烟大",
    "𠮷野家门口打架, 有人流血",
]


def records(count: int = 7) -> list[list[str]]:
    """Rows with ids of 18 digits that begin with a zero, and narratives with commas, quotes, tabs and line breaks."""
    return [[f"0320100000000000{number:02d}", "2024-03-05 07:08:09", TEXTS[number % len(TEXTS)], f"幸福路{number}号"] for number in range(count)]


def as_csv(rows: list[list[str]], delimiter: str = ",") -> list[str]:
    """The header and each record as text, line end included."""
    made = []
    for row in [HEADERS, *rows]:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter).writerow(row)
        made.append(out.getvalue())
    return made


@dataclass
class Result:
    """What a run left."""

    done: Done
    rows: list[dict]
    rejects: list[dict]
    output: Path


def run(path: Path, output: Path | None = None, *, workers: int = 1, resume: bool = False, overwrite: bool = False, **options) -> Result:
    """Label in process; rows read back where the output is JSON lines."""
    output = output or path.parent / "out.jsonl"
    done = label_file(path, output, Options(**options), workers=workers, resume=resume, overwrite=overwrite)
    rejects = output.with_name(output.name + ".rejects.jsonl")
    read = [json.loads(line) for line in output.read_text("utf-8").splitlines()] if output.suffix == ".jsonl" else []
    return Result(done, read, [json.loads(line) for line in rejects.read_text("utf-8").splitlines()] if rejects.exists() else [], output)
