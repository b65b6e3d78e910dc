"""Papers: every template in both forms, blanks where nothing is told, marked as drafts, nothing injected, nothing invented."""

from __future__ import annotations

import datetime as dt
import io
import re
from html.parser import HTMLParser

import pytest
from docx import Document
from typer.testing import CliRunner

from pipeline.engine import Engine
from pipeline.errors import InputError
from pipeline.repeats.settings import settings_of
from pipeline.values import Incident
from service.cli import app
from service.papers.context import context, day_context
from service.papers.docx import to_docx
from service.papers.fill import BLANK, fill, templates
from service.papers.html import to_html
from service.repeats.history import empty

NOW = dt.datetime(2026, 11, 22, 9)
KINDS = templates()
ONE = sorted(code for code, template in KINDS.items() if not template.many)
VIOLENCE = "报警人王芳称丈夫李强刚才喝了酒又打她, 扇了几个耳光, 嘴角出血, 上个月也打过, 孩子在旁边哭。"
FRAUD = "半小时前接到冒充公安的电话, 说我涉嫌洗钱, 把5万元从银行卡6222020000000000000转到安全账户, 已经转了, 对方让下载会议软件共享屏幕。"


def paper(code: str, narrative: str, given: dict[str, str] | None = None, **told: object):
    engine = Engine.default()
    incident = Incident(narrative=narrative, occurred_at=dt.datetime(2026, 11, 20, 22, 5), **told)
    return fill(KINDS[code], context(incident, engine.assess(incident), engine.pack, given=given or {}, now=NOW))


def words(data: bytes) -> str:
    """All text of a Word file, body, tables and header."""
    document = Document(io.BytesIO(data))
    told = [paragraph.text for paragraph in document.paragraphs]
    told += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(told + [paragraph.text for paragraph in document.sections[0].header.paragraphs])


class Balance(HTMLParser):
    """Counts tags that are opened and not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_six_papers_are_there():
    assert set(KINDS) == {"police_order", "mediation_agreement", "dv_admonition", "dissuasion_notice", "stop_payment_sheet", "daily_review"}


@pytest.mark.parametrize("code", ONE)
@pytest.mark.parametrize("narrative", ["", "喂", VIOLENCE, FRAUD])
def test_both_forms_of_every_paper_are_well_formed_drafts(code, narrative):
    made = paper(code, narrative)
    page, text = to_html(made), words(to_docx(made, now=NOW))
    checker = Balance()
    checker.feed(page)
    assert checker.open == []
    assert not re.search(r"<script|https?://|src=", page)
    for form in (page, text):
        assert "草稿" in form
        assert "不产生法律效力" in form
        assert "undefined" not in form.lower()
        assert "None" not in form


def test_what_is_not_told_stays_blank():
    made = paper("mediation_agreement", "有人吵架")
    values = {field.label: field.value for part in made.parts for row in part.fields for field in row}
    assert {values[name] for name in ("主持人", "调解机关", "协议内容", "履行期限", "履行方式", "发生地点", "结果", "涉及人员")} == {""}
    assert BLANK in made.title
    signs = next(part for part in made.parts if part.kind == "signs")
    assert to_html(made).count(BLANK) >= len(signs.rows[0])


def test_the_agreement_has_every_field_of_article_184():
    text = words(to_docx(paper("mediation_agreement", VIOLENCE), now=NOW))
    wanted = [
        "调解机关",
        "主持人",
        "当事人基本情况",
        "其他在场人员",
        "发生时间",
        "发生地点",
        "涉及人员",
        "起因",
        "经过",
        "情节",
        "结果",
        "协议内容",
        "履行期限",
        "履行方式",
        "签名",
    ]
    assert [word for word in wanted if word not in text] == []


def test_the_agreement_warns_where_mediation_is_not_allowed():
    assert "可能不适用治安调解" in to_html(paper("mediation_agreement", VIOLENCE))
    assert "可能不适用治安调解" not in to_html(paper("mediation_agreement", "邻居装修太吵, 讲了几句"))


def test_the_checklist_shows_what_is_told_and_ticks_nothing():
    page = to_html(paper("dv_admonition", VIOLENCE))
    assert "叙述已提及" in page
    assert "☑" not in page
    assert "人身安全保护令" in page
    assert page.count("☐") > 15
    assert "叙述已提及" not in to_html(paper("dv_admonition", "邻居装修太吵, 讲了几句"))


def test_the_stop_payment_sheet_lists_what_is_still_missing():
    page = to_html(paper("stop_payment_sheet", FRAUD, caller="13900000001"))
    assert all(word in page for word in ("6222020000000000000", "13900000001", "已转出", "还须问齐", "转账凭证"))
    assert "未识别出诈骗剧本" in to_html(paper("stop_payment_sheet", "邻居装修太吵"))


def test_what_a_person_adds_is_filled_in():
    page = to_html(paper("mediation_agreement", "邻居漏水", given={"station": "某派出所", "terms": "三日内修好"}))
    assert "某派出所" in page
    assert "三日内修好" in page


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "{% for x in range(9) %}x{% endfor %}", "\x00\x0b\ud800坏字符", "]]>&amp;<w:p>"])
@pytest.mark.parametrize("code", ONE)
def test_a_narrative_is_never_code(code, evil):
    made = paper(code, f"楼上漏水{evil}不赔", place=evil, caller=evil, given={"station": evil})
    page, data = to_html(made), to_docx(made, now=NOW)
    assert "<script" not in page
    assert "49" not in page.partition("</style>")[2]
    assert words(data)


def test_a_template_cannot_reach_out(tmp_path):
    (tmp_path / "evil.yaml").write_text("id: evil\nname: x\ntitle: x\nblocks: [{text: \"{{ ''.__class__.__mro__ }}\"}]\n", "utf-8")
    known = templates([tmp_path])
    engine = Engine.default()
    incident = Incident(narrative="x")
    told = context(incident, engine.assess(incident), engine.pack, given={}, now=NOW)
    assert fill(known["evil"], told).parts[0].text == BLANK  # what the sandbox refuses is a blank
    (tmp_path / "evil.yaml").write_text("id: evil\nname: x\ntitle: x\nblocks: [{text: '{{ given.update(a=1) }}'}]\n", "utf-8")
    with pytest.raises(InputError, match="FQ2803"):
        fill(templates([tmp_path])["evil"], told)
    assert told["given"] == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("id: other\nname: x\ntitle: x\nblocks: [{text: x}]\n", "FQ2802"),
        ("id: bad\nname: x\ntitle: x\nblocks: [{text: x, note: y}]\n", "FQ2801"),
        ("id: bad\nname: x\ntitle: x\nblocks: []\n", "FQ2801"),
    ],
)
def test_a_template_that_does_not_fit_is_an_error_with_its_file(tmp_path, text, code):
    (tmp_path / "bad.yaml").write_text(text, "utf-8")
    with pytest.raises(InputError, match=code) as caught:
        templates([tmp_path])
    assert "bad.yaml" in str(caught.value)


def test_the_days_sheet_lists_key_incidents_and_counts_events_once(engine):
    memory = empty(engine)
    pairs = []
    for number, (hour, text, caller) in enumerate(
        [(8, VIOLENCE, "13900000001"), (12, VIOLENCE, "13900000001"), (12.5, VIOLENCE, "13900000001"), (15, FRAUD, "13900000002")]
    ):
        at = dt.datetime(2026, 11, 20) + dt.timedelta(hours=hour)
        incident = Incident(narrative=text, incident_id=f"J{number}", caller=caller, occurred_at=at)
        pairs.append((incident, memory.take(incident)))
    made = fill(KINDS["daily_review"], day_context(pairs, engine.pack, given={}, now=NOW))
    page = to_html(made)
    assert "接报来电 4 个, 合并同一事件后 3 起" in page
    assert "同一报警人 30 天内含本次 2 起" in page
    assert "草稿" in words(to_docx(made, now=NOW))
    assert settings_of(engine.pack).person_days == 30


def test_the_command_writes_both_forms(tmp_path):
    runner = CliRunner()
    docx, html = tmp_path / "a.docx", tmp_path / "a.html"
    done = runner.invoke(app, ["paper", "police_order", VIOLENCE, "--place", "桃园小区", "--docx", str(docx), "--html", str(html), "--set", "station=某所"])
    assert done.exit_code == 0, done.output
    assert "桃园小区" in html.read_text("utf-8")
    assert "桃园小区" in words(docx.read_bytes())
    assert "police_order" in runner.invoke(app, ["paper"]).output
    assert "FQ2804" in str(runner.invoke(app, ["paper", "love_letter", "x"]).exception)
    assert "FQ2806" in str(runner.invoke(app, ["paper", "police_order", "x", "--set", "station"]).exception)


def test_the_command_makes_a_days_sheet_of_a_table(tmp_path):
    table = tmp_path / "day.csv"
    table.write_text(
        f"编号,报警时间,报警人电话,报警内容\nA,2026-11-20 08:00,13900000001,{VIOLENCE.replace(',', '，')}\nB,2026-11-20 12:00,13900000001,又打我\n", "utf-8"
    )
    out = tmp_path / "d.html"
    done = CliRunner().invoke(app, ["paper", "daily_review", "--table", str(table), "--html", str(out)])
    assert done.exit_code == 0, done.output
    assert "接报来电 2 个" in out.read_text("utf-8")
    assert "FQ2805" in str(CliRunner().invoke(app, ["paper", "daily_review"]).exception)
