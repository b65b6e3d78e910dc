"""The directory: reading files, the fictional county, matching with a score that adds up, fall-back, staleness."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import xlsxwriter
from typer.testing import CliRunner

from pipeline.errors import InputError
from pipeline.resources.compose import settings_of, with_resources
from pipeline.resources.match import Need, match
from pipeline.values import Incident
from service.cli import app
from service.resources.read import counts, example, read_directory

NOON, NIGHT = dt.datetime(2026, 11, 18, 10), dt.datetime(2026, 11, 18, 23)  # a Wednesday


@pytest.fixture(scope="module")
def county(engine):
    return read_directory(example(), engine.pack)[0]


@pytest.fixture(scope="module")
def settings(engine):
    return settings_of(engine.pack)


def test_the_county_is_complete_and_nothing_is_wrong_with_it(engine, settings):
    directory, problems = read_directory(example(), engine.pack)
    assert problems == []
    told = counts(directory, settings)
    assert set(told) == set(settings["kinds"].values())
    assert (told["派出所"], told["调解工作站"], told["联勤区域"]) == (7, 23, 8)
    assert all(len(directory.line(area)) in (1, 2, 3, 4) and directory.line(area)[-1] == "yx" for area in directory.areas)


def test_every_dispute_type_has_a_mediator_or_a_department(engine, county):
    skills = {skill for resource in county.resources.values() if resource.kind in ("mediator", "department") for skill in resource.skills}
    missing = set(engine.pack.rules["disputes"]) - skills
    assert {code for code in missing if code != engine.pack.settings["default_dispute"]} == set()


def test_no_number_of_the_county_can_be_anybodys(county):
    for resource in county.resources.values():
        assert re.fullmatch(r"0000-\d{6}", resource.phone) or resource.kind == "hotline"


@pytest.mark.parametrize(
    ("place", "area"),
    [
        ("桃园小区3栋2单元501室", "桃园社区"),
        ("云杉县望溪街道桃园小区", "桃园社区"),
        ("望溪街道幸福里小区", "小桥社区"),
        ("白塔镇幸福里小区", "白塔社区"),
        ("幸福里小区", "云杉县"),
        ("桃园社区第二网格", "桃园社区第二网格"),
        ("南屏乡", "南屏乡"),
        ("别的地方", ""),
    ],
)
def test_a_place_is_found_in_its_area(county, place, area):
    found = county.locate(place)
    assert (county.areas[found].name if found else "") == area


@pytest.mark.parametrize(
    ("need", "first"),
    [
        (Need(("workstation",), (("neighbour", 1.0),), "yx0203", at=NOON), "桃园“宜调解”工作站"),
        (Need(("department",), (("labour", 1.0),), "yx0501", at=NOON), "云杉县人力资源和社会保障局(劳动保障监察大队)"),
        (Need(("room",), (("medical", 1.0),), "yx0105", at=NOON), "医疗纠纷人民调解室"),
        (Need(("station",), (), "yx0402", at=NIGHT), "柳岸派出所"),
        (Need(("hotline",), (("fraud", 1.0),), "", at=NIGHT), "反诈预警劝阻咨询"),
    ],
)
def test_the_first_of_a_match(county, settings, need, first):
    assert match(county, need, settings)[0].resource.name == first


def test_the_score_is_the_sum_of_the_parts_that_are_shown(county, settings):
    need = Need(("mediator", "workstation"), (("family", 1.0), ("domestic_violence", 0.5)), "yx0203", None, NOON, ("手语",), "female", most=60)
    found = match(county, need, settings)
    assert len(found) > 40
    for entry in found:
        assert entry.score == pytest.approx(sum(points for _, points in entry.parts))
        assert entry.why.count("(") >= len(entry.parts)
        assert all(abs(points) <= abs(settings["weights"][name]) for name, points in entry.parts)
    assert [entry.score for entry in found] == sorted((entry.score for entry in found), reverse=True)
    assert match(county, need, settings) == found


def test_a_tie_goes_to_the_nearer_then_to_the_smaller_id(county, settings):
    need = Need(("department",), (("labour", 1.0),), "", at=NOON, most=2)
    first, second = match(county, need, settings)
    assert first.score == second.score
    assert first.resource.id < second.resource.id


def test_language_and_gender_move_a_mediator_up(county, settings):
    plain = Need(("mediator",), (("family", 1.0),), "yx0501", at=NOON, most=48)
    asked = Need(("mediator",), (("family", 1.0),), "yx0501", None, NOON, ("手语",), "female", most=48)
    before = {entry.resource.id: entry.score for entry in match(county, plain, settings)}
    weights = settings["weights"]
    for entry in match(county, asked, settings):
        resource = entry.resource
        gained = weights["language"] * ("手语" in resource.languages) + weights["gender"] * (resource.gender == "female")
        assert entry.score - before[resource.id] == pytest.approx(gained)


def test_out_of_hours_somebody_who_is_there_stands_in_and_is_marked(county, settings):
    found = match(county, Need(("workstation",), (("neighbour", 1.0),), "yx0203", at=NIGHT, most=2), settings)
    assert [entry.fallback for entry in found] == [True, False, False]
    assert found[0].open is True
    assert found[0].resource.kind == "station"
    assert all(entry.open is False and entry.opens_in > 0 for entry in found[1:])


def test_without_a_time_hours_and_staleness_are_left_out_of_account(county, settings):
    for entry in match(county, Need(("mediator",), (("neighbour", 1.0),), "yx0203", most=48), settings):
        assert entry.open is None
        assert entry.stale_days is None
        assert not {"hours", "stale"} & dict(entry.parts).keys()


def test_a_stale_entry_is_flagged_and_loses_a_point(county, settings):
    found = match(county, Need(("mediator",), (("labour", 1.0),), "yx0501", at=NOON, most=48), settings)
    stale = [entry for entry in found if entry.stale_days is not None]
    assert {entry.resource.id for entry in stale} == {f"me{number}" for number in (12, 24, 36, 48)}
    assert all(dict(entry.parts)["stale"] == settings["weights"]["stale"] and "未核对" in entry.why for entry in stale)


@pytest.mark.parametrize(
    ("text", "place", "at", "wanted", "unwanted"),
    [
        ("楼上半夜拖椅子, 吵得睡不着, 讲过不听。", "桃园小区3栋", NOON, {"station", "workstation", "mediator"}, set()),
        ("老公刚才扇了我一耳光", "柳岸小区", NOON, {"station", "department", "hotline"}, {"workstation", "mediator", "center"}),
        ("工地三个月没发工资, 我们十几个人要讨说法", "石桥镇工业园区", NOON, {"center", "workstation", "mediator", "department"}, set()),
        ("刷单被骗了三万", "", NOON, {"hotline", "department"}, {"station", "workstation", "mediator"}),
        ("路灯不亮", "白塔镇", NOON, {"hotline", "department"}, {"workstation", "mediator"}),
    ],
)
def test_an_assessment_gets_what_its_case_calls_for(engine, county, settings, text, place, at, wanted, unwanted):
    incident = Incident(narrative=text, place=place, occurred_at=at)
    answer = with_resources(engine.assess(incident), incident, county, settings)
    kinds = {resource["kind"] for resource in answer.resources}
    assert wanted <= kinds
    assert not unwanted & kinds
    assert all({"id", "name", "kind", "why"} <= resource.keys() and resource["why"] for resource in answer.resources)
    assert len({resource["id"] for resource in answer.resources}) == len(answer.resources)


# files


def write(folder, name, text, encoding="utf-8"):
    (folder / name).write_text(text, encoding)


def test_csv_in_gb18030_yaml_and_excel_give_the_same_resource(engine, tmp_path):
    told = {
        "编号": "w1",
        "名称": "一号站",
        "类别": "调解工作站",
        "开放时间": "每天 09:00-17:00",
        "专长": "邻里;物业",
        "核对日期": "2026/11/1",
        "纬度": "0.5",
        "经度": "160",
    }
    made = []
    for kind in ("csv", "yaml", "xlsx"):
        folder = tmp_path / kind
        folder.mkdir()
        if kind == "csv":
            write(folder, "站点.csv", ",".join(told) + "\n" + ",".join(told.values()) + "\n", "gb18030")
        elif kind == "yaml":
            write(folder, "sites.yaml", "sites:\n  - {" + ", ".join(f'{key}: "{value}"' for key, value in told.items()) + "}\n")
        else:
            with xlsxwriter.Workbook(folder / "名册.xlsx", {"default_date_format": "yyyy-mm-dd"}) as book:
                sheet = book.add_worksheet()
                sheet.write_row(0, 0, list(told))
                for column, (key, value) in enumerate(told.items()):
                    if key == "核对日期":
                        sheet.write_datetime(1, column, dt.datetime(2026, 11, 1))
                    else:
                        sheet.write(1, column, float(value) if key in ("纬度", "经度") else value)
        directory, problems = read_directory(folder, engine.pack)
        assert problems == []
        made.append(directory.resources["w1"])
    assert made[0] == made[1] == made[2]
    assert made[0].skills == ("neighbour", "property_mgmt")
    assert (made[0].verified, made[0].point) == (dt.date(2026, 11, 1), (0.5, 160.0))


def test_what_is_wrong_is_told_with_its_line_and_the_rest_stands(engine, tmp_path):
    write(
        tmp_path,
        "units.csv",
        "编号,名称,类别,辖区,开放时间,专长,性别,民族,纬度\n"
        "a,好的站,调解工作站,,每天 9:00-17:00,邻里,,,\n"
        "a,重号站,调解工作站,,,,,,\n"
        "b,,调解员,,,,,,\n"
        "c,怪类,茶馆,,,,,,\n"
        "d,没辖区,调解员,火星,,,,,\n"
        "e,半好,调解员,,看心情,钓鱼,?,某族,\n"
        "f,远,派出所,,,,,,123\n",
    )
    directory, problems = read_directory(tmp_path, engine.pack)
    assert set(directory.resources) == {"a", "e"}
    assert {problem.where for problem in problems if problem.fatal} == {f"units.csv:{line}" for line in (3, 4, 5, 6, 8)}
    soft = " ".join(problem.says for problem in problems if not problem.fatal)
    assert all(word in soft for word in ("民族", "看心情", "钓鱼", "性别"))


@pytest.mark.parametrize(("make", "code"), [(None, "FQ2610"), ("", "FQ2611"), ("编号,名称\n", "FQ2614")])
def test_a_folder_with_nothing_usable_is_an_error(engine, tmp_path, make, code):
    folder = tmp_path / "f"
    if make is not None:
        folder.mkdir()
        if make:
            write(folder, "x.csv", make)
    with pytest.raises(InputError, match=code):
        read_directory(folder, engine.pack)


def test_the_commands(tmp_path):
    runner = CliRunner()
    done = runner.invoke(app, ["resources", "check"])
    assert done.exit_code == 0, done.output
    assert "调解工作站 23" in done.output
    assert runner.invoke(app, ["resources", "check", "--at", "2026-11-18"]).exit_code == 1
    done = runner.invoke(app, ["resources", "match", "调解工作站", "--skill", "邻里", "--place", "桃园小区", "--at", "2026-11-18T10:00:00"])
    assert done.output.splitlines()[0].split()[1] == "ws08"
