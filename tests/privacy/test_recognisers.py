"""Every recogniser file proves itself: its examples are found as told, its counterexamples are left alone."""

import pytest

from pipeline.privacy import Deidentifier
from pipeline.privacy.load import load

TOLD = load()
FILES = [*TOLD.patterns, TOLD.name, TOLD.address]


@pytest.mark.parametrize(
    ("file", "example"), [(file, example) for file in FILES for example in file.examples], ids=lambda value: getattr(value, "id", getattr(value, "text", ""))
)
def test_an_example_is_found_whole(file, example):
    found = [finding.quote for finding in Deidentifier.default().find(example.text) if finding.kind == file.kind]
    assert found == example.found


@pytest.mark.parametrize(
    ("file", "text"), [(file, text) for file in FILES for text in file.counterexamples], ids=lambda value: getattr(value, "id", str(value))
)
def test_a_counterexample_is_left_alone(file, text):
    assert [finding.quote for finding in Deidentifier.default().find(text) if finding.kind == file.kind] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.id)
def test_each_recogniser_has_several_counterexamples(file):
    assert len(set(file.counterexamples)) >= 5
