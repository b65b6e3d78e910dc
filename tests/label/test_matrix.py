"""Formats × encodings × damages: every record is in the output or in the rejects, none lost, none doubled, and damage costs the damaged record alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from label_tables import HEADERS, as_csv, records, run

HIT = 3  # the record that is damaged
LONE = {"utf-16": b"\x00\xd8"}  # a unit that is no character, keeping the alignment
ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"]


def encoded(lines: list[str], encoding: str) -> list[bytes]:
    """Each record in bytes, the mark at the first alone."""
    plain = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    made = [line.encode(plain) for line in lines]
    made[0] = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16": b"\xff\xfe"}.get(encoding, b"") + made[0]
    return made


def bad_byte(record: str, code, encoding):
    half = code(record[:25])
    return [half + LONE.get(encoding, b"\xff") + code(record[25:])]


def cut_character(record: str, code, encoding):
    return [code(record[:25]) + (LONE[encoding] if encoding == "utf-16" else "警".encode(encoding)[:1] + b'"' * 0 + b"\x20") + code(record[25:])]


TEXT_DAMAGES = {
    # name: (damage of the record's text, codes allowed for its line; None = it must be in the output)
    "bad_byte": (bad_byte, {"FQ3104"}),
    "cut_character": (cut_character, {"FQ3104"}),
    "open_quote": (lambda record, code, _: [code('"' + record)], {"FQ3101"}),
    "stray_quote": (lambda record, code, _: [code('"a"b' + record)], {"FQ3101"}),
    "more_cells": (lambda record, code, _: [code(record.rstrip("\r\n") + "{d}又{d}又\r\n")], {"FQ3102"}),
    "empty_cells_after": (lambda record, code, _: [code(record.rstrip("\r\n") + "{d}{d}\r\n")], None),
    "only_the_id": (lambda record, code, _: [code(record.split("{d}")[0] + "\r\n")], {"FQ3103"}),
    "without_the_last_cell": (lambda record, code, _: [code("{d}".join(record.split("{d}")[:-1]) + "\r\n")], None),
    "blank_lines": (lambda record, code, _: [code("\r\n\r\n"), code(record), code("\n")], None),
    "nul": (lambda record, code, _: [code(record[:30] + "\0" + record[30:])], None),
    "line_end_of_unix": (lambda record, code, _: [code(record.rstrip("\r\n") + "\n")], None),
    "over_long": (lambda record, code, _: [code(record.replace("吵", "吵" * 140_000).replace("转", "转" * 140_000))], {"FQ3101"}),
}


@pytest.mark.parametrize("damage", TEXT_DAMAGES)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_delimited_text(tmp_path, suffix, encoding, damage):
    delimiter = "\t" if suffix == "tsv" else ","
    told = records()
    if encoding == "gbk":
        told[6][2] = "门口打架, 有人流血"  # 𠮷 is not in GBK
    if damage in ("only_the_id", "without_the_last_cell"):
        told[HIT][2] = "让我转了2万元"  # no delimiter inside, so that cells can be cut
    lines = as_csv(told, delimiter)
    change, codes = TEXT_DAMAGES[damage]
    plain = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    pieces = encoded(lines, encoding)
    marked = lines[HIT + 1].replace(delimiter, "{d}")
    pieces[HIT + 1 : HIT + 2] = change(marked, lambda text: text.replace("{d}", delimiter).encode(plain), encoding)
    path = tmp_path / f"in.{suffix}"
    path.write_bytes(b"".join(pieces))

    result = run(path)

    assert result.done.accounted
    assert len(result.rows) + len(result.rejects) == result.done.records
    intact = {tuple(row) for place, row in enumerate(told) if place != HIT}
    seen = [tuple(row[header] for header in HEADERS) for row in result.rows]
    assert intact <= set(seen)
    assert len(seen) == len(set(seen))
    if codes is None:
        assert not result.rejects
        assert [row["警情编号"] for row in result.rows] == [row[0] for row in told]
    else:
        assert {reject["code"] for reject in result.rejects} <= codes | {"FQ3103"}  # what a broken quote spills begins with too few cells
        assert told[HIT][0] not in {row["警情编号"] for row in result.rows}
        start = sum(line.count("\n") + line.count("\r") - line.count("\r\n") for line in lines[: HIT + 1]) + 1
        assert start in {reject["line"] for reject in result.rejects}


def test_a_file_cut_off_inside_quotes_loses_its_last_record_alone(tmp_path):
    lines = as_csv(records())
    path = tmp_path / "in.csv"
    path.write_bytes("".join(lines).encode()[: -len(lines[-1].encode()) + 60])
    result = run(path)
    assert [row["警情编号"] for row in result.rows] == [row[0] for row in records()[:-1]]
    assert result.done.accounted
    assert result.rejects or result.done.records == 7


JSON_DAMAGES = {
    "bad_byte": (lambda line, code: code(line)[:40] + b"\xff" + code(line)[40:], "FQ3104"),
    "cut_off": (lambda line, code: code(line[:30]) + b"\n", "FQ3105"),
    "no_object": (lambda line, code: b"[1, 2]\n", "FQ3106"),
    "nan": (lambda line, code: code(line.replace('"报警时间"', '"数": NaN, "报警时间"')), "FQ3105"),
    "lone_surrogate": (lambda line, code: code(line.replace('"报警时间"', '"怪": "\\ud800", "报警时间"')), "FQ3104"),
    "deep": (lambda line, code: b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "FQ3105"),
    "blank": (lambda line, code: b"  \n" + code(line), None),
    "new_key": (lambda line, code: code(line.replace('"报警时间"', '"新": {"a": [1.5, null]}, "报警时间"')), None),
    "text_missing": (lambda line, code: code('{"警情编号": "032010000000000003"}\n'), None),
}


@pytest.mark.parametrize("damage", JSON_DAMAGES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_json_lines(tmp_path, encoding, damage):
    told = records()
    lines = [json.dumps(dict(zip(HEADERS, row, strict=True)), ensure_ascii=False) + "\n" for row in told]
    change, code = JSON_DAMAGES[damage]
    plain = "utf-8" if encoding == "utf-8-sig" else encoding
    pieces = [line.encode(plain) for line in lines]
    pieces[HIT] = change(lines[HIT], lambda text: text.encode(plain))
    path = tmp_path / "in.jsonl"
    path.write_bytes((b"\xef\xbb\xbf" if encoding == "utf-8-sig" else b"") + b"".join(pieces))

    result = run(path)

    assert result.done.accounted
    assert [reject["code"] for reject in result.rejects] == ([code] if code else [])
    assert [reject["row"] for reject in result.rejects] == ([HIT + 1] if code else [])
    expected = [row for place, row in enumerate(told) if place != HIT or not code]
    assert [row["警情编号"] for row in result.rows] == [row[0] for row in expected]
    for row, want in zip(result.rows, expected, strict=True):
        if want[0] != told[HIT][0]:
            assert [row[header] for header in HEADERS] == want


@pytest.mark.parametrize("seed", range(12))
def test_any_bytes_are_accounted_for(tmp_path, seed):
    """A file with bytes thrown in anywhere still adds up, and what is untouched comes out as it was."""
    import random

    dice = random.Random(seed)
    lines = as_csv(records())
    encoding = dice.choice(["utf-8", "gb18030"])
    data = bytearray("".join(lines).encode(encoding))
    first = len(lines[0].encode(encoding))
    for _ in range(4):
        data[dice.randrange(first, len(data))] = dice.choice([0x22, 0x2C, 0x0A, 0xFF, 0x81, 0x00, 0x30])
    path = tmp_path / "in.csv"
    path.write_bytes(data)
    result = run(path)
    assert result.done.accounted
    assert len(result.rows) + len(result.rejects) == result.done.records
