"""What the classifiers read: one text whoever the persons are, wherever they live, and whatever de-identification has left of both."""

import json
from pathlib import Path

import pytest

from models import store
from models.adviser import Learned
from pipeline.engine import Engine
from pipeline.privacy import MODES, Deidentifier, Job
from pipeline.text.document import read
from pipeline.values import Incident

ROOT = Path(__file__).parents[2]
READER = Deidentifier.default()


def nameless(text):
    return READER.nameless(read(text).text).text


@pytest.mark.parametrize(
    "text",
    [
        "李海峰打了王建国, 李海峰跑了",
        "胡某某与张某因借款起纠纷, 胡某某不还",
        "陈女士说她老公刘先生昨晚没回家",
        "小王和老李在工地打架",
        "报警人李xx称被害人王某1欠钱不还",
        "家住双桥镇锦绣花园3号楼2单元501室的赵小明漏水不管",
        "清水县双桥镇上湾村五组与下湾村争水",
    ],
)
def test_every_treatment_reads_the_same(text):
    job = Job(b"0123456789abcdef")
    assert {nameless(READER.treat(text, mode, job, strict="off").text) for mode in MODES} == {nameless(text)}


@pytest.mark.parametrize("text", ["电话138****1234没人接", "他给我转了3***元", "二楼漏水三年没说话", "", "某小区停电"])
def test_what_is_no_name_stays(text):
    assert nameless(text) == read(text).text


def test_every_character_is_told_where_it_stood():
    for line in (ROOT / "corpora/narratives/uc.jsonl").read_text("utf-8").splitlines():
        plain = read(json.loads(line)["text"]).text
        told = READER.nameless(plain)
        places = told.places()
        assert len(places) == len(told.text) + 1
        assert places == sorted(places)
        assert places[-1] == len(plain)
        named = {at for start, _, size in told.changes for at in range(places.index(start), places.index(start) + size)}
        assert all(told.text[at] == plain[places[at]] for at in range(len(told.text)) if at not in named)


def test_the_classifiers_hear_the_same_of_different_persons(engine):
    heard = []

    class Listening(Learned):
        def labels(self, view):
            opinion = super().labels(view)
            heard.append((opinion.category, opinion.dispute, opinion.factors))
            return opinion

    shipped = store.load(store.shipped(), "full")
    advised = Engine(
        engine.pack,
        adviser=Listening(shipped.heads, shipped._load, tier="full", version="test", profile=shipped.profile, consult=shipped.consult),
    )
    for name, place in (("王建国", "锦绣花园"), ("欧阳晓梅", "翠竹花园"), ("马少军", "金桂花园")):
        advised.assess(Incident(narrative=f"报警人{name}称住{place}的楼上漏水, 找了几次都不管, 双方吵了起来"))
    assert heard[0] == heard[1] == heard[2]
