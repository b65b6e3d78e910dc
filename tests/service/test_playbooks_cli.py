"""`fengqiao playbooks` and `fengqiao triage --playbook`: what the reader sees, and what a new local playbook goes through."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pipeline.errors import FengqiaoError
from service.cli import app

RUN = CliRunner()
TEXT = "又是我, 上个月就报过警, 楼上漏水社区调解过一次没成, 今晚两家又吵起来了"


def out(*args: str, code: int = 0) -> str:
    done = RUN.invoke(app, list(args), env={"COLUMNS": "200"})
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def test_all_playbooks_are_listed_and_one_is_shown_whole():
    listed = out("playbooks", "show")
    assert all(name in listed for name in ("tongxin_346", "zhenjiang_1_3_n", "suqian_source_governance", "suqian_three_axes", "ezhou_seven_skills"))
    assert "common" not in listed
    shown = out("playbooks", "show", "zhenjiang_1_3_n")
    assert all(word in shown for word in ("②就近“宜调解”工作站", "出处", "伙伴", "三防调解法"))


def test_the_shipped_playbooks_have_no_finding():
    assert "不符 0" in out("playbooks", "check")


def test_a_new_playbook_passes_the_check_and_is_used(tmp_path):
    folder = str(tmp_path / "local")
    out("playbooks", "new", "our_town", "--into", folder, "--name", "本镇")
    assert "our_town: 步骤" in out("playbooks", "check", "--rules", folder)
    answer = json.loads(out("triage", TEXT, "--rules", folder, "--playbook", "our_town", "--json"))
    assert (answer["route"]["playbook"], answer["route"]["playbook_name"]) == ("our_town", "本镇")
    with pytest.raises(FengqiaoError, match="FQ2102"):
        RUN.invoke(app, ["playbooks", "new", "our_town", "--into", folder], catch_exceptions=False)
    with pytest.raises(FengqiaoError, match="FQ2110"):
        RUN.invoke(app, ["playbooks", "new", "Our-Town", "--into", folder], catch_exceptions=False)


def test_triage_shows_route_and_mediation_with_their_citations():
    told = out("triage", TEXT, "--at", "2026-09-21T20:00:00")
    for word in ("下一步", "③移交“宜调解”中心", "不可", "①现场调处", "调解", "第十七条", "并告知", "示例"):
        assert word in told, word
    other = out("triage", TEXT, "--playbook", "tongxin_346")
    assert "联调" in other


def test_an_unknown_playbook_is_refused_with_the_remedy():
    with pytest.raises(FengqiaoError, match=r"FQ1403.*tongxin_346"):
        RUN.invoke(app, ["triage", TEXT, "--playbook", "nobody"], catch_exceptions=False)


def test_the_page_shows_route_and_mediation_escaped(tmp_path):
    page = tmp_path / "a.html"
    out("triage", TEXT + "<b>", "--html", str(page))
    text = page.read_text("utf-8")
    assert "<dt>下一步</dt>" in text
    assert "第十七条" in text
    assert "<b>" not in text
