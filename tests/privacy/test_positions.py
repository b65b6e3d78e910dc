"""Names where names seldom stand. Floors a little under what was measured on 2026-11-23: 0.876 on the sentences whose misses were read, 0.849 on the others."""

import pytest

from pipeline.privacy import Deidentifier
from tests.privacy.positions import FILE, UNSEEN, score, sentences

RECALL = {FILE: 0.85, UNSEEN: 0.82}


@pytest.mark.parametrize("file", [FILE, UNSEEN], ids=lambda file: file.stem)
def test_names_in_odd_places_are_found(file):
    got = score(Deidentifier.default().find, sentences(file))
    assert got.planted >= 50
    assert got.recall >= RECALL[file], got.missed
    assert len(got.false) <= 1


def test_the_sentences_are_of_many_genres_and_told_once():
    told = [*sentences(FILE), *sentences(UNSEEN)]
    assert len({item.genre for item in told}) >= 10
    assert len({item.text for item in told}) == len(told) >= 100
