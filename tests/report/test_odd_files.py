"""Other profiles, de-identified files, masked numbers and cells of any kind: there is a report of each."""

from __future__ import annotations

import re

import pytest

from service.report.build import build
from service.report.fetch import Quotes
from service.report.history import load_history
from service.report.page import render
from tests.report import labelled
from tests.report.conftest import KEY
from tests.report.reading import Strict, table

PROFILES = {
    "xiushui": {"green": "blue", "yellow": "yellow", "orange": "orange", "red": "red"},
    "three_colours": {"green": "green", "yellow": "yellow", "orange": "yellow", "red": "red"},
    "abcd": {"green": "D", "yellow": "C", "orange": "B", "red": "A"},
}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_has_its_report(profile, records, pack, tmp_path):
    path = labelled.write(tmp_path / "a.csv", [record | {"fq_risk": PROFILES[profile][record["fq_risk"]]} for record in records[:150]])
    found = load_history([path], pack, key=KEY, profile=profile)
    page = render(build(found, [path], Quotes(None)))
    assert found.names.profile == profile
    assert found.frame["rank"].null_count() == 0
    assert all(name.partition("（")[0] in page for _, name in found.names.levels)
    told = table(build(found, [path], Quotes(None)), "一致程度")
    assert any(row[0].startswith("等级") for row in told.rows)


def test_a_deidentified_file_still_joins_persons(records, history, pack, tmp_path):
    treated = [record | {"报警人": "", "报警电话": f"person_{int(record['报警电话'][-4:]):04x}"} for record in records]
    found = load_history([labelled.write(tmp_path / "a.csv", treated)], pack, key=KEY)
    assert found.frame["person"].n_unique() == history.frame["person"].n_unique()


def test_masked_numbers_are_nobody(records, pack, tmp_path):
    masked = [record | {"报警人": "王某", "报警电话": "139****0001"} for record in records[:50]]
    found = load_history([labelled.write(tmp_path / "a.csv", masked)], pack, key=KEY)
    assert set(found.frame["person"].to_list()) == {0}


NASTY = [
    "",
    " ",
    "\x00",
    "=1+1",
    "-5",
    "1e400",
    "nan",
    "🚓𠮷",
    "a;b;;c",
    ";",
    "２０２５－０１－０１",
    "2025-01-01",
    "红",
    "{{ 7 * 7 }}",
    "%s",
    "</style>",
    "9" * 400,
    "\u202e",
    "null",
    "true",
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
def test_no_cell_whatever_breaks_the_report(seed, name, records, pack, tmp_path):
    import random

    from service.report.digest import digest
    from service.report.workbook import write_workbook

    draw = random.Random(seed)
    hurt = [{key: draw.choice(NASTY) if draw.random() < 0.4 else value for key, value in record.items()} for record in records[:80]]
    hurt[0]["报警时间"] = "2025-01-01 00:00:00"
    path = labelled.write(tmp_path / name, hurt)
    found = load_history([path], pack, key=KEY)
    made = build(found, [path], Quotes(None))
    page = render(made)
    assert "49" not in re.findall(r"<td>(\d+)</td>", page)
    reader = Strict()
    reader.feed(page)
    assert not reader.bad
    write_workbook(tmp_path / "x.xlsx", made)
    assert found.frame.height == 80
    render(digest(found, [path], Quotes(None)))


def test_the_commands_cost_other_commands_nothing():
    import subprocess
    import sys

    code = "import sys, service.cli; heavy = {'polars', 'jinja2', 'pyarrow', 'xlsxwriter', 'python_calamine'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    done = subprocess.run([sys.executable, "-c", code], cwd=labelled.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
