"""The forty mechanisms of the five sources: each where the table of the playbooks' README says, each shown or given a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.playbook.compose import compose, selectable
from pipeline.values import Incident

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "pipeline/rules/playbooks/README.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in README.splitlines() if re.match(r"\| \d+[abc]? \|", line)]
CALM = "楼上孩子晚上跑跳, 上门说过一次, 想请社区来说说"
HEATED = "楼上楼下为噪音吵得脸红脖子粗, 互不相让"


def book(engine, code="default"):
    return compose(engine.pack, code)


def ids(entries, key="id"):
    return {entry[key] for entry in entries}


# the table itself


def test_the_table_has_all_forty_and_the_three_parts_of_346():
    assert [row[0] for row in ROWS] == [*map(str, range(1, 17)), "16a", "16b", "16c", *map(str, range(17, 41))]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_row_is_found_where_it_says_and_has_a_test_or_a_reason(row):
    _, name, where, shown = row
    paths = re.findall(r"`([^`]+)`", where)
    assert paths, name
    assert all((ROOT / path).exists() for path in paths), paths
    tests = re.findall(r"`(tests/[^`]+)::(\w+)`", shown)
    for path, test in tests:
        assert f"def {test}(" in (ROOT / path).read_text("utf-8"), test
    assert tests or re.match(r"(资源|标题): .{8,}", shown), name


# the sources


def test_each_source_is_a_playbook_of_its_own(engine):
    assert set(selectable(engine.pack)) >= {"tongxin_346", "zhenjiang_1_3_n", "suqian_source_governance", "suqian_three_axes", "ezhou_seven_skills", "default"}
    for code in selectable(engine.pack):
        made = book(engine, code)
        assert made["references"]
        assert all(reference["date"] for reference in made["references"])
        assert made["principles"]
        assert made["headings"]


@pytest.mark.parametrize("code", ["default", "tongxin_346", "zhenjiang_1_3_n", "suqian_source_governance", "suqian_three_axes", "ezhou_seven_skills"])
def test_every_limit_is_cited_or_an_example(engine, code):
    made = book(engine, code)
    limits = [step["due"] for step in made["steps"] if step["due"]] + [duty["respond"] for duty in made["duties"]]
    for limit in limits:
        assert limit["cite"] or limit["basis"]
        assert limit["cite"] or limit["example_default"] or "沼山" in limit["basis"]
    for step in made["steps"]:
        assert all(reason["cite"] or reason["basis"] for reason in step["because"])
    for part in ("team", "partners", "marks", "cards", "escalations", "levels", "measures"):
        assert all(entry["basis"] or entry.get("cite") for entry in made[part]), part


def test_the_team_of_three(call):
    team = ids(call(HEATED, playbook="suqian_three_axes").route["team"])
    assert {"officer", "community_mediator", "social_worker"} <= team
    assert "lawyer" in ids(call("公司欠我们三十个人工资不发", playbook="suqian_three_axes").route["team"])


def test_recovery_goes_with_the_case(call):
    route = call("上个月刷单被骗了五万元, 对方早把我拉黑了", playbook="suqian_three_axes").route
    assert route["step"] == "fraud_case"
    assert "追赃挽损台账" in route["documents"]
    assert "recovery" in ids(route["marks"], "rule")
    assert "谁主办谁负责" in route["what"]


@pytest.mark.parametrize("code", ["default", "tongxin_346", "suqian_three_axes", "ezhou_seven_skills"])
def test_every_duty_has_an_owner(engine, call, code):
    duties = book(engine, code)["duties"]
    assert [duty["level"] for duty in duties] == [0, 1, 2, 3]
    assert all(duty["owner"] and duty["call_back_days"] and duty["example_default"] for duty in duties)
    minutes = [duty["respond"]["minutes"] for duty in duties]
    assert minutes == sorted(minutes, reverse=True)
    route = call(HEATED, playbook=code).route
    assert route["owner"]
    assert route["due"].startswith("2026-09-2")
    assert all(entry["date"] for entry in route["call_back"])


def test_partners(call):
    family = ids(call("我和老公为孩子上学的事大吵了一架", playbook="zhenjiang_1_3_n").route["partners"])
    assert {"women_team", "volunteers", "community"} <= family
    assert "property" in ids(call("物业收了钱不修电梯", playbook="zhenjiang_1_3_n").route["partners"])
    child = call("我儿子十四岁, 说不想活了离家出走", playbook="suqian_source_governance").route["partners"]
    assert {"grid", "social_worker"} <= ids(child)
    assert "station_house" in ids(call(HEATED, playbook="suqian_source_governance").route["partners"])


def test_marks(call):
    stolen = "昨晚停在楼下的电动车被偷了"
    assert "preventable" in ids(call(stolen, playbook="zhenjiang_1_3_n").route["marks"], "rule")
    assert "patrol" in ids(call(stolen, playbook="suqian_three_axes").route["marks"], "rule")
    assert "preventable" not in ids(call("一男子夜里拉扯不认识的女青年不让走").route["marks"], "rule")


def test_three_kinds_of_key_incidents(call, prior):
    history = tuple(prior(days) for days in (2, 6, 12))
    marks = ids(call(CALM, caller="13800000000", history=history).route["marks"], "rule")
    assert {"by_person", "card"} <= marks
    place = tuple({**prior(days), "caller": f"1390000000{days}", "place": "枫桥路11号2栋301室"} for days in (2, 6, 12))
    assert "by_place" in ids(call(CALM, place="枫桥路11号2栋301室", history=place).route["marks"], "rule")
    assert "by_kind" in ids(call("多名村民报警, 这几天已有六户人家鸡鸭被偷").route["marks"], "rule")
    assert not {"by_person", "by_place"} & ids(call(CALM).route["marks"], "rule")


def test_a_repeat_on_record_is_never_settled_on_the_spot_again(call, prior):
    assert call(CALM).route["step"] == "on_scene"
    route = call(CALM, caller="13800000000", history=(prior(5),)).route
    assert route["step"] == "centre"
    blocked = next(entry for entry in route["blocked"] if entry["step"] == "on_scene")
    assert "repeated" in ids(blocked["reasons"], "rule")
    assert "repeat_root" in ids(route["safeguards"], "rule")


def test_the_loop_has_six_steps_in_order(engine):
    assert [step["name"] for step in book(engine, "suqian_source_governance")["loop"]] == ["交办", "核查", "处置", "反馈", "评价", "问效"]


def test_a_group_message_is_marked_and_asks_for_the_place(call):
    answer = call("对门两家吵起来了, 快打起来了, 麻烦民警来劝劝", channel="message")
    assert "chat" in ids(answer.route["marks"], "rule")
    assert "location" in {question.field for question in answer.missing_information}


def test_measures_have_exact_denominators(engine):
    for code in selectable(engine.pack):
        for measure in book(engine, code)["measures"]:
            assert measure["numerator"]
            assert measure["denominator"]
    closed = next(entry for entry in book(engine, "suqian_source_governance")["measures"] if entry["id"] == "closed")
    done, taken = map(int, re.match(r"(\d+)/(\d+)", closed["reported"]).groups())
    assert f"{done / taken:.1%}".replace("%", " %") in closed["reported"]
    assert {"audit", "green_share"} <= ids(book(engine, "tongxin_346")["measures"])
    assert "quality" in ids(book(engine, "ezhou_seven_skills")["measures"])


def test_three_levels_from_easy_to_hard(call):
    told = [
        (CALM, "on_scene", "level1"),
        (HEATED, "level1", "level1"),
        ("楼上漏水的事社区调解过一次没成, 想请你们来主持", "level2", "level2"),
        ("二十多户业主和开发商为交房的事闹了两年, 住建、街道都来调过没结果", "level3", "level3"),
    ]
    for text, step, level in told:
        route = call(text, playbook="tongxin_346").route
        assert (route["step"], route["level"]["id"]) == (step, level), text
        assert route["level"]["example_default"]


def test_six_mechanisms_of_346(engine, call):
    assert [entry["id"] for entry in book(engine, "tongxin_346")["marks"]] == ["prevention", "screening", "grading", "competent", "combined", "return_visit"]
    marks = ids(call(HEATED, playbook="tongxin_346").route["marks"], "rule")
    assert {"prevention", "grading", "competent", "return_visit"} <= marks
    assert "combined" not in marks


def test_the_seven_skills_are_marks(engine, call):
    skills = book(engine, "ezhou_seven_skills")["marks"]
    assert [entry["says"][:3] for entry in skills] == ["巧采集", "巧调解", "巧管控", "巧主防", "巧排查", "巧巡逻", "巧服务"]
    assert "serve" in ids(call("从小没上户口, 想办身份证", playbook="ezhou_seven_skills").route["marks"], "rule")


def test_two_teams_and_a_room(call):
    told = [
        ("昨晚停在楼下的电动车被偷了", "案件办理队"),
        (CALM, "社区警务队"),
        ("有人拿刀在菜市场追着人砍", "综合指挥室"),
        ("邻居因为晒谷子打了我两拳, 鼻子出血", "社区警务队、案件办理队(线索同步两队)"),
    ]
    for text, target in told:
        assert call(text, playbook="ezhou_seven_skills").route["target"] == target, text


def test_a_look_back_every_week_at_incidents_not_persons(engine):
    made = book(engine, "ezhou_seven_skills")
    assert all(duty["review_days"] <= 7 for duty in made["duties"])
    assert "不给人贴标签" in next(entry["says"] for entry in made["marks"] if entry["id"] == "collect")


def test_what_the_station_cannot_settle_is_reported_up(call):
    route = call("医院门口二十多个家属拉横幅堵门, 说病人被治死了", playbook="ezhou_seven_skills").route
    assert "report_up" in ids(route["escalations"], "rule")
    assert "political_legal" in ids(route["also_notify"])
    assert not call(CALM, playbook="ezhou_seven_skills").route["escalations"]


def test_the_ladder_of_1_3_n(call):
    told = [
        (CALM, "on_scene"),
        (HEATED, "workstation"),
        ("楼上漏水的事社区调解过一次没成, 两家又吵起来", "centre"),
        ("高速项目部把电线杆栽到我家地里, 找了几次不给挪", "joint"),
    ]
    for text, step in told:
        route = call(text, playbook="zhenjiang_1_3_n").route
        assert route["step"] == step, text
        assert route["reasons"]
        assert route["moves_up"]
    forces = {kind["force"] for kind in call("楼上漏水, 调解过一次没成", playbook="zhenjiang_1_3_n").mediation["kinds"]}
    assert {"人民调解", "司法调解"} <= forces


def test_a_foreign_party_gets_an_interpreter(call):
    route = call("一名外籍男子与房东为押金争执, 听不懂中文").route
    assert "interpreter" in ids(route["team"])
    assert {"immigration"} <= ids(route["also_notify"])
    assert "foreign" in ids(route["safeguards"], "rule")
    assert call("一名外籍男子与房东为押金争执").risk.colour == call("一名男子与房东为押金争执").risk.colour


def test_a_card_whose_content_is_unknown_invents_none(call):
    card = next(entry for entry in call("医院手术失败, 我们家属要求赔偿", playbook="zhenjiang_1_3_n").route["cards"] if entry["id"] == "three_prevention")
    assert not card["content_known"]
    assert "没有写明内容" in card["says"]


def test_small_matters_in_one_net_great_ones_in_all(call):
    assert "small_net" in ids(call(CALM, playbook="zhenjiang_1_3_n").route["marks"], "rule")
    assert "big_net" in ids(call("医院门口二十多个家属拉横幅堵门", playbook="zhenjiang_1_3_n").route["marks"], "rule")


def test_a_hazardous_site_calls_fire_and_emergency(call):
    route = call("加油站里两个司机因插队打起来了, 一个人拿灭火器砸车").route
    assert "hazard_site" in ids(route["safeguards"], "rule")
    assert {"fire_rescue", "emergency_management"} <= ids(route["also_notify"])


def test_headings(engine):
    assert book(engine, "default")["headings"] == ["矛盾不上交", "平安不出事", "服务不缺位"]
    assert book(engine, "zhenjiang_1_3_n")["headings"] == ["资源联动", "治安联防", "平安联控", "矛盾联调", "问题联治"]


@pytest.mark.parametrize("profile", ["xiushui", "three_colours", "abcd"])
@pytest.mark.parametrize("text", [CALM, HEATED, "有人拿刀在菜市场追着人砍", "我丈夫又打我了, 我躲在厕所", "路灯坏了半个月没人修"])
def test_the_route_follows_the_axes_whatever_the_colours_are_called(engine, text, profile):
    plain = engine.assess(Incident(narrative=text)).route
    other = engine.assess(Incident(narrative=text), profile=profile).route
    assert (plain["step"], plain["owner"]) == (other["step"], other["owner"])


def test_domestic_violence_is_handled_by_the_law_with_what_is_told_marked(call):
    answer = call("我丈夫又打我了, 用皮带抽, 还掐我脖子, 说离婚就杀了我, 我身上都是淤青, 孩子也在家")
    route = answer.route
    assert route["step"] == "protection"
    assert route["due_within"]["minutes"] == 0
    admonition = {item["id"]: item for item in next(entry for entry in route["checklists"] if entry["id"] == "admonition")["items"]}
    assert {"stop", "evidence", "injury", "shelter", "grade", "content", "serve", "visit", "order"} <= admonition.keys()
    assert "第十七条" in admonition["serve"]["citation"]
    assert admonition["act"]["told"]
    assert not admonition["serve"]["told"]
    lethality = {item["id"]: item["told"] for item in next(entry for entry in route["checklists"] if entry["id"] == "lethality")["items"]}
    assert lethality["choke"]
    assert lethality["kill"]
    assert not lethality["pregnant"]
    assert {"womens_federation", "committee", "court"} <= ids(route["also_notify"])
    assert answer.mediation["eligible"] == "no"
