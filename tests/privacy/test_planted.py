"""The bars of the planted set: one hand wrote recognisers and set, so they are a floor against going back, no proof of the field."""

import json

import pytest

from pipeline.privacy import MODES, Deidentifier, Job
from tests.privacy.measure import score
from tests.privacy.planting import CORPUS, planted

PERSONAL = {"name", "address"}


@pytest.mark.slow
def test_recall_and_precision_on_the_planted_set():
    deidentifier = Deidentifier.default()
    texts = list(planted(2400))
    bases = [json.loads(line)["text"] for line in CORPUS.read_text("utf-8").splitlines()]
    before = frozenset(finding.quote for base in bases for finding in deidentifier.find(base))
    table = score(lambda text: [(finding.kind, finding.start, finding.end) for finding in deidentifier.find(text)], texts, before)
    patterned = [row for kind, row in table.items() if kind not in PERSONAL and kind != "all" and "/" not in kind]
    assert sum(row["found"] for row in patterned) / sum(row["planted"] for row in patterned) >= 0.995
    assert table["name"]["recall"] >= 0.965
    assert table["address"]["recall"] >= 0.95
    assert table["all"]["precision"] >= 0.95


@pytest.mark.parametrize("mode", MODES)
def test_nothing_that_was_found_is_left_in_the_treated_text(mode):
    deidentifier, job = Deidentifier.default(), Job(b"planted planted planted")
    for item in planted(60, seed=7):
        treated = deidentifier.treat(item.text, mode, job, strict="on")
        found = {finding.quote for finding in treated.findings if len(finding.quote) > 3 and finding.kind != "birth_date"}
        left = [quote for quote in found if quote in treated.text]
        assert left == []
