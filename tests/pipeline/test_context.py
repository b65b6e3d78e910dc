"""Every cue file gives its status to what its own examples mark with 【】, and to nothing that its counterexamples mark."""

from __future__ import annotations

import re
from functools import cache

import pytest

from pipeline.errors import RuleError
from pipeline.match.context import MARKS, Context, resolve
from pipeline.match.hit import Hit
from pipeline.match.scan import scan
from pipeline.rulepack.load import Source, load
from pipeline.rulepack.pack import Pack, build
from pipeline.rulepack.plan import plan
from pipeline.rulepack.schema import Context as ContextFile
from pipeline.rulepack.schema_base import Identified
from pipeline.text.document import read

_MARKED = re.compile("【(.*?)】")
_PROBLEMS: list[RuleError] = []
_SOURCE = load(problems=_PROBLEMS)  # what is wrong with other families is their own tests' business
_FILES = {name: file for name, file in _SOURCE.families["context"].items() if isinstance(file, ContextFile)}


@cache
def _pack() -> Pack:
    """The context files alone, so that a slip elsewhere does not show here; without `when`, which asks for frames."""
    families: dict[str, dict[str, Identified]] = {family: {} for family in _SOURCE.families}
    families["terms"] = _SOURCE.families["terms"]
    families["context"] = {name: file.model_copy(update={"when": None}) for name, file in _FILES.items()}
    return build(plan(Source(families, _SOURCE.settings, _SOURCE.digest, _SOURCE.facts)))


def _marked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its marks, and the spans that stood between them.

    >>> _marked("没有【动手】")
    ('没有动手', [(2, 4)])
    """
    spans, plain = [], ""
    last = 0
    for match in _MARKED.finditer(text):
        plain += text[last : match.start()]
        spans.append((len(plain), len(plain) + len(match.group(1))))
        plain += match.group(1)
        last = match.end()
    return plain + text[last:], spans


def _context(text: str) -> Context:
    document = read(text)
    return resolve(_pack(), document, scan(_pack(), document.text), lambda rule: True, live=False)


def _hits(file: ContextFile, text: str) -> list[Hit]:
    plain, spans = _marked(text)
    assert spans, f"{file.id}: no 【】 in {text}"
    context = _context(plain)
    names = (file.only_for[0] if file.only_for else "test",)
    return context.read(names, spans, -1)


def _gives(file: ContextFile, hit: Hit) -> bool:
    """Whether the hit got what the file gives. `past` cannot be seen on a hit; it is seen in that a live frame does not make it fresh."""
    return {"fresh": hit.fresh, "cause": hit.cause}.get(file.gives, hit.status == file.gives)


def _past(text: str) -> list[bool]:
    plain, spans = _marked(text)
    context = _context(plain)
    context.live = True
    return [not hit.fresh for hit in context.read(("test",), spans, -1)]


_CASES = [(name, text) for name, file in _FILES.items() for text in file.examples]
_COUNTER = [(name, text) for name, file in _FILES.items() for text in file.counterexamples]


@pytest.mark.parametrize(("name", "text"), _CASES)
def test_cue_gives_its_status_to_marked_words(name: str, text: str) -> None:
    file = _FILES[name]
    got = _past(text) if file.gives == "past" else [_gives(file, hit) for hit in _hits(file, text)]
    assert all(got), (file.gives, [hit.status for hit in _hits(file, text)])


@pytest.mark.parametrize(("name", "text"), _COUNTER)
def test_cue_leaves_lookalikes_alone(name: str, text: str) -> None:
    file = _FILES[name]
    got = _past(text) if file.gives == "past" else [_gives(file, hit) for hit in _hits(file, text)]
    assert not any(got), (file.gives, [hit.status for hit in _hits(file, text)])


@pytest.mark.parametrize("name", sorted(_FILES))
def test_cue_file_has_ten_marked_examples(name: str) -> None:
    assert len(_FILES[name].examples) >= 10
    assert set(MARKS) >= {"fresh", "cause"}


def test_all_cue_files_load() -> None:
    assert [problem for problem in _PROBLEMS if problem.seen.startswith("context/")] == []
