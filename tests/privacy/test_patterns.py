"""Least lengths and required characters of patterns only save work: without them the same is found."""

import pytest
from pydantic import ValidationError

from pipeline.privacy.load import load
from pipeline.privacy.patterns import PatternReader
from pipeline.privacy.schema import PatternFile
from pipeline.text.normalise import normalise
from tests.privacy.second_hand import narratives

FILES = load().patterns
TEXTS = [normalise(text)[0] for file in FILES for text in (*(example.text for example in file.examples), *file.counterexamples)]


def _eager(file):
    """The file with nothing to pass over runs by."""
    return file.model_copy(
        update={"patterns": [p.model_copy(update={"least": 1, "literals": p.literals if file.form == "text" else []}) for p in file.patterns]}
    )


def test_least_lengths_and_literals_lose_nothing():
    told, eager = PatternReader(FILES), PatternReader([_eager(file) for file in FILES])
    for text in [*TEXTS, *(normalise(item.text)[0] for item in narratives(rounds=1, seed=3))]:
        assert told.find(text) == eager.find(text)


@pytest.mark.parametrize("file", [file for file in FILES if file.form != "text"], ids=lambda file: file.id)
def test_a_pattern_of_digits_or_letters_must_tell_its_least_length(file):
    raw = file.model_dump(by_alias=True)
    raw["patterns"][0]["least"] = 0
    with pytest.raises(ValidationError, match="least length"):
        PatternFile.model_validate(raw)


@pytest.mark.parametrize(("text", "found"), [("收到13800元", []), ("电话02583456789", ["02583456789"]), ("转账8000元", []), ("手机尾号8000", ["8000"])])
def test_runs_of_digits_alone_are_read_whole(text, found):
    assert [hit.value for hit in PatternReader(FILES).find(text)] == found
