"""The corpora: labels of the guide, quotes from the text, nothing twice, whole writers on one side; and the readers that hand them out."""

from __future__ import annotations

import json
from collections import Counter

import pytest

import corpora
from corpora import hub
from corpora.adapters import collections, read
from corpora.near import pairs
from corpora.splits import TEST, VALIDATION, split_of
from pipeline.errors import InputError
from pipeline.rulepack.store import load_pack

ROWS = list(corpora.narratives())
RULES = load_pack().rules


def test_every_label_is_one_of_the_guide():
    levels = {level["code"] for level in RULES["profiles"][load_pack().settings["default_profile"]].data["levels"]}
    wrong = [
        row["id"]
        for row in ROWS
        if row["category"] not in RULES["categories"]
        or (row["dispute_type"] is not None and row["dispute_type"] not in RULES["disputes"])
        or row["risk"] not in levels
        or any(code not in RULES["factors"] or RULES["factors"][code].data["internal"] for code in row["factors"])
        or any(code not in RULES["scripts"] for code in row["fraud_scripts"])
        or (row["fraud_stage"] is not None and row["fraud_stage"] not in RULES["stages"])
    ]
    assert wrong == []


def test_a_dispute_has_a_type_and_a_script_has_a_stage():
    assert [row["id"] for row in ROWS if row["category"] == "dispute" and row["dispute_type"] is None] == []
    assert [row["id"] for row in ROWS if row["dispute_type"] and row["category"] not in ("dispute", "crime")] == []
    assert [row["id"] for row in ROWS if bool(row["fraud_scripts"]) != (row["fraud_stage"] is not None)] == []


def test_ids_are_unique_and_quotes_stand_in_the_text():
    assert [ident for ident, count in Counter(row["id"] for row in ROWS).items() if count > 1] == []
    assert [row["id"] for row in ROWS if any(quote and quote not in row["text"] for quote in (row.get("quotes") or {}).values())] == []


def test_no_two_narratives_are_alike():
    alike = [(ROWS[a]["id"], ROWS[b]["id"]) for a, b, _ in pairs([row["text"] for row in ROWS], 0.5)]
    assert alike == []


def test_alike_texts_are_found():
    text = "报警人称邻居家的狗半夜一直叫, 找了三次都不管, 要求民警上门看一下怎么处理"
    assert [(a, b) for a, b, _ in pairs([text, "完全是另一件事, 丢了一串钥匙在公交车上", text.replace("三次", "四次")])] == [(0, 2)]


def test_whole_writers_stand_on_one_side():
    sides: dict[str, set[str]] = {}
    for row in ROWS:
        sides.setdefault(row["writer"], set()).add(split_of(row))
    assert all(len(side) == 1 for side in sides.values())
    assert {writer for writer, side in sides.items() if side == {"test"}} == TEST
    assert {writer for writer, side in sides.items() if side == {"validation"}} == VALIDATION


def test_the_corpora_come_as_datasets_whole_and_streamed():
    whole, streamed = hub.load(), hub.load(streaming=True)
    assert sum(len(part) for part in whole.values()) == len(ROWS)
    first, same = whole["test"][0], next(iter(streamed["test"]))
    assert first == same
    assert whole["test"].features["risk"].int2str(first["risk"]) == next(row for row in ROWS if row["id"] == first["id"])["risk"]


_FOLDERS = {
    "ccl23_fcc": ("train.json", [{"案件编号": "1", "案情描述": "事主称刷单被骗", "案件类别": "刷单返利类"}]),
    "lawbench_topics": ("zero_shot/2-4.json", [{"instruction": "确定类别", "question": "公司不给签合同怎么办", "answer": "劳动纠纷"}]),
    "lawbench_marriage": ("2-3.json", [{"question": "句子:孩子归我。", "answer": "类别:婚后有子女、支付抚养费。"}]),
}
_SAID = {
    "ccl23_fcc": ("事主称刷单被骗", {"category": "fraud", "fraud_scripts": ["brushing_rebate"]}),
    "lawbench_topics": ("公司不给签合同怎么办", {"dispute_type": "labour"}),
    "lawbench_marriage": ("孩子归我。", {"category": "dispute", "dispute_type": "family"}),
}


@pytest.mark.parametrize("name", sorted(_FOLDERS))
def test_a_json_collection_is_read(tmp_path, name):
    path, content = _FOLDERS[name]
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    (entry,) = read(name, tmp_path)
    assert (entry.text, entry.labels) == _SAID[name]


def test_nested_lines_tables_and_gb18030_are_read(tmp_path):
    line = [{"sentence": "双方生有一女", "labels": ["DV1"]}, {"sentence": "本院认为", "labels": []}]
    (tmp_path / "divorce.json").write_text(json.dumps(line, ensure_ascii=False) + "\n", "utf-8")
    assert [entry.labels for entry in read("cail2019_elements", tmp_path)] == [{"category": "dispute", "dispute_type": "family"}, {"category": "dispute"}]
    (tmp_path / "附件2.csv").write_bytes('留言编号,留言主题,留言详情,一级标签\n1,路灯不亮,"晚上看不见,\n孩子摔了",城乡建设\n'.encode("gb18030"))
    (entry,) = read("tipdm_c", tmp_path)
    assert entry.text == "路灯不亮\n晚上看不见,\n孩子摔了"
    assert entry.told == ("城乡建设",)
    assert entry.labels == {}
    (tmp_path / "test.tsv").write_text("text\tlabel\n今天真想走了算了\t7\n有点累\t2\n", "utf-8")
    assert [entry.labels.get("factors") for entry in read("sos_1k", tmp_path)] == [["suicide_threat"], None]


def test_what_cannot_be_read_says_why(tmp_path):
    with pytest.raises(InputError, match="FQ4010"):
        next(read("unheard_of", tmp_path))
    with pytest.raises(InputError, match="FQ4011"):
        next(read("ccl23_fcc", tmp_path))


def test_adapters_speak_only_of_labels_that_exist():
    for known in collections().values():
        for meaning in (known.always, *known.labels.values()):
            assert meaning.category is None or meaning.category in RULES["categories"]
            assert meaning.dispute_type is None or meaning.dispute_type in RULES["disputes"]
            assert set(meaning.fraud_scripts or ()) <= set(RULES["scripts"])
            assert set(meaning.factors or ()) <= set(RULES["factors"])
