"""The command line as a user meets it."""

from __future__ import annotations

import datetime as dt
import json
import re
import time

import pytest
from typer.testing import CliRunner

from pipeline.errors import FengqiaoError
from service.cli import app

RUN = CliRunner()
TEXT = "老公没有一天不打我, 今天又拿菜刀追我, 孩子吓哭了"


def test_triage_prints_colour_evidence_and_reasons():
    done = RUN.invoke(app, ["triage", TEXT])
    assert done.exit_code == 0
    for shown in ("红色", "为何不更低", "菜刀", "仅供参考"):
        assert shown in done.output


def test_triage_json_is_the_contract():
    done = RUN.invoke(app, ["triage", "--json", TEXT])
    answer = json.loads(done.stdout)
    assert answer["schema"] == "fengqiao.assessment/1"
    assert answer["advisory"] is True
    assert {
        "category",
        "dispute",
        "risk",
        "fraud",
        "facts",
        "repeat",
        "mediation",
        "route",
        "resources",
        "missing_information",
        "needs_review",
        "versions",
    } <= answer.keys()
    assert {"colour", "profile", "score", "urgency", "danger", "difficulty", "factors", "gates", "why_not_higher", "why_not_lower"} <= answer["risk"].keys()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_triage_reads_stdin_and_files_in_both_encodings(tmp_path, encoding):
    path = tmp_path / "note.txt"
    path.write_bytes(TEXT.encode(encoding))
    colours = {
        json.loads(RUN.invoke(app, args, input=given).stdout)["risk"]["colour"]
        for args, given in ((["triage", "--json", "-"], TEXT.encode(encoding)), (["triage", "--json", "--file", str(path)], None))
    }
    assert colours == {"red"}


def test_triage_writes_a_page_without_outside_addresses(tmp_path):
    page = tmp_path / "page.html"
    assert RUN.invoke(app, ["triage", TEXT, "--html", str(page)]).exit_code == 0
    html = page.read_text("utf-8")
    assert "<mark" in html
    assert "http" not in html


def test_the_page_escapes_what_the_narrative_says(tmp_path):
    page = tmp_path / "page.html"
    RUN.invoke(app, ["triage", "<script>alert(1)</script> 他打我", "--html", str(page)])
    assert "<script>" not in page.read_text("utf-8")


@pytest.mark.parametrize("profile", ["tongxin346", "xiushui", "three_colours", "abcd"])
def test_every_profile_gives_a_colour(profile):
    answer = json.loads(RUN.invoke(app, ["triage", "--json", "--profile", profile, TEXT]).stdout)
    assert answer["risk"]["profile"] == profile
    assert answer["risk"]["name"]


WRONG = [
    (["triage"], "FQ2001"),
    (["triage", "--file", "no-such-file.txt"], "FQ2002"),
    (["triage", "--profile", "rainbow", "吵架"], "FQ1301"),
    (["evaluate", "no-such-file.jsonl"], "FQ2002"),
    (["rules", "new", "nothing", "x"], "FQ2101"),
]


@pytest.mark.parametrize(("args", "code"), WRONG)
def test_wrong_use_is_a_coded_error_with_its_remedy(args, code):
    done = RUN.invoke(app, args)
    assert isinstance(done.exception, FengqiaoError)
    assert done.exception.code == code
    assert done.exception.remedy


def test_errors_never_carry_the_narrative():
    done = RUN.invoke(app, ["triage", "--profile", "rainbow", "张三丰的秘密"])
    assert "张三丰" not in str(done.exception)


def test_undecodable_input_is_refused(tmp_path):
    path = tmp_path / "bad.txt"
    path.write_bytes(b"\xff\xfe\x00\xd8\xff\xff\x81")
    assert RUN.invoke(app, ["triage", "--file", str(path)]).exception.code == "FQ2003"


def test_evaluate_scores_and_writes_errors(tmp_path):
    gold, errors = tmp_path / "gold.jsonl", tmp_path / "errors.jsonl"
    rows = [
        {"text": TEXT, "category": "dispute", "dispute_type": "family", "risk": "red", "factors": []},
        {"text": "楼上漏水, 把我家天花板泡了", "category": "help", "risk": "green"},
    ]
    gold.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    done = RUN.invoke(app, ["evaluate", str(gold), "--json", "--errors", str(errors)])
    result = json.loads(done.stdout)
    assert result["n"] == 2
    assert result["category"]["accuracy"]["hits"] == 1
    assert errors.read_text("utf-8")
    assert RUN.invoke(app, ["evaluate", str(gold)]).exit_code == 0
    assert RUN.invoke(app, ["evaluate", str(gold), "--least-kappa", "1.01"]).exit_code == 1


def test_a_local_rule_adds_knowledge_without_code(tmp_path):
    assert RUN.invoke(app, ["rules", "new", "factors", "drone", "--into", str(tmp_path), "--name", "无人机"]).exit_code == 0
    path = tmp_path / "factors" / "drone.yaml"
    path.write_text(path.read_text("utf-8").replace("换成真实的说法", "无人机偷拍"), "utf-8")
    answer = json.loads(RUN.invoke(app, ["triage", "--json", "--rules", str(tmp_path), "邻居用无人机偷拍我家窗户"]).stdout)
    assert "drone" in {factor["code"] for factor in answer["risk"]["factors"]}
    shipped = json.loads(RUN.invoke(app, ["triage", "--json", "邻居用无人机偷拍我家窗户"]).stdout)
    assert answer["versions"]["rules"] != shipped["versions"]["rules"]


def test_rules_diff_shows_what_a_change_moves(tmp_path):
    (tmp_path / "factors").mkdir()
    (tmp_path / "factors" / "drone.yaml").write_text("id: drone\nname: 无人机\ngroup: difficulty\nsignals:\n  says: [无人机偷拍]\n", "utf-8")
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(
        json.dumps({"id": "a", "text": "邻居用无人机偷拍我家"}, ensure_ascii=False) + "\n" + json.dumps({"id": "b", "text": "楼上漏水"}, ensure_ascii=False),
        "utf-8",
    )
    done = RUN.invoke(app, ["rules", "diff", "-", str(tmp_path), "--on", str(corpus)])
    assert done.exit_code == 1
    assert "2 条中 1 条有变化" in done.output


def test_rules_report_names_coverage_and_dead_rules(tmp_path):
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(json.dumps({"text": TEXT, "factors": ["weapon"]}, ensure_ascii=False), "utf-8")
    done = RUN.invoke(app, ["rules", "report", str(corpus)])
    assert done.exit_code == 0
    assert "从未命中" in done.output


BROKEN = [
    ("factors", "id: broken\nname: x\ngroup: difficulty\nsignals: {says: ['(未配对']}\n", "FQ1101"),
    ("factors", "id: broken\nname: x\ngroup: difficulty\nsignals: {says: [打]}\ncondition: nothing and says\n", "FQ1202"),
    ("factors", "id: broken\nname: x\ngroup: difficulty\nsignals: {says: [打]}\ncondition: says and and\n", "FQ1201"),
    ("factors", "id: other\nname: x\ngroup: difficulty\n", "FQ1005"),
    ("factors", "id: broken\nname: x\ngroup: difficulty\ncolour: red\n", "FQ1004"),
    ("factors", "id: broken\nid: twice\n", "FQ1002"),
    ("factors", "id: [unclosed\n", "FQ1001"),
    ("grading", "id: broken\nname: x\naxis: danger\nraises: [{id: a, when: not factor.weapon, to: 1, says: x}]\n", "FQ1204"),
]


@pytest.mark.parametrize(("family", "text", "code"), BROKEN, ids=[code + str(i) for i, (_, _, code) in enumerate(BROKEN)])
def test_rules_that_do_not_load_stop_the_start(tmp_path, family, text, code):
    (tmp_path / family).mkdir()
    (tmp_path / family / "broken.yaml").write_text(text, "utf-8")
    done = RUN.invoke(app, ["triage", "--rules", str(tmp_path), "吵架"])
    assert done.exception.code == code


def test_blank_texts_are_the_empty_text_in_every_tier():
    told = {}
    for tier in ("rules", "fast", "cascade"):
        for text in ("", "   ", "\n\t", "　　", "……"):
            done = RUN.invoke(app, ["triage", "--json", "--tier", tier, text])
            answer = json.loads(done.stdout)
            told[tier, text] = (answer["category"]["code"], answer["risk"]["colour"], answer["route"]["step"], tuple(answer["needs_review"]["codes"]))
    assert len(set(told.values())) == 1
    category, colour, _, codes = next(iter(told.values()))
    assert category == "invalid"
    assert colour != "green"
    assert codes


def test_a_quote_is_told_once(tmp_path):
    page = tmp_path / "a.html"
    text = "报警人称老公没有一天不打她，老公今天又喝多了拿菜刀追她，孩子吓得直哭"
    shown = RUN.invoke(app, ["triage", text, "--html", str(page)])
    assert shown.exit_code == 0, shown.output
    answer = json.loads(RUN.invoke(app, ["triage", "--json", text]).stdout)
    for part in answer["risk"]["why_not_lower"].partition("因为: ")[2].split("; "):
        quotes = re.findall("“([^”]*)”", part)
        assert len(quotes) == len(set(quotes))
        assert not [one for one in quotes for other in quotes if one != other and one in other]
    titles = set(re.findall('title="([^"]*)"', page.read_text("utf-8")))
    assert titles
    assert not [title for title in titles if re.search("[A-Za-z_.]", title)]  # names, no ids of rules


def test_keys_and_exports_tell_beijing_time_and_never_overwrite(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    database = ["--database", f"sqlite:///{tmp_path / 'a.db'}"]
    try:
        made = RUN.invoke(app, ["keys", "create", "一号台", "--scope", "read", *database])
        ident = made.stderr.split()[1].rstrip(";")
        rotated = RUN.invoke(app, ["keys", "rotate", ident, "--grace-hours", "0", *database])
        until = dt.datetime.now(dt.timezone(dt.timedelta(hours=8)))
        assert any(f"{until - dt.timedelta(minutes=late):%Y-%m-%d %H:%M}(北京时间)" in rotated.stderr for late in (0, 1))
        assert f"{until:%Y-%m-%d}" in RUN.invoke(app, ["keys", "list", *database], env={"COLUMNS": "200"}).stdout
    finally:
        monkeypatch.undo()
        time.tzset()
    target = tmp_path / "audit.jsonl"
    done = RUN.invoke(app, ["audit", "export", "-o", str(target), *database])
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert [row["action"] for row in rows][-2:] == ["key_create", "key_rotate"]
    assert f"audit.jsonl: {len(rows)} 条" in done.stderr
    again = RUN.invoke(app, ["audit", "export", "-o", str(target), *database])
    assert isinstance(again.exception, FengqiaoError)
    assert again.exception.code == "FQ4606"
    assert len(target.read_text("utf-8").splitlines()) == len(rows)
    plain = RUN.invoke(app, ["audit", "export", *database])
    assert plain.stdout == target.read_text("utf-8")
