"""One scan of the normalised narrative: all phrases of all rules, checked, masked and thinned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from pipeline.rulepack.pack import Pack
from pipeline.text.document import QUOTED_WORD
from pipeline.text.normalise import has_any

Spans = dict[int, list[tuple[int, int]]]  # signal → spans in order of position
_BESIDE, _GAPS = 24, 16  # characters read on both sides of a gap, and of how many gaps (set 2026-11-22; about the longest gap of a pattern)


def scan(pack: Pack, text: str) -> Spans:
    """Find every signal of the pack in `text` (normalised). Spans of one signal never lie inside one another."""
    found: Spans = {}
    several: set[int] = set()
    _search(pack, text, found, several)
    _over_gaps(pack, text, islice(_gaps(pack, text), _GAPS), found, several)
    for signal in several:
        found[signal] = _longest(found[signal])
    return _unmasked(pack, found)


def _over_gaps(pack: Pack, text: str, gaps: Iterable[Sequence[tuple[int, int]]], found: Spans, several: set[int]) -> None:
    """Add what holds once something that changes nothing is left out: a man with a “knife” holds a knife. Only spans that reach over a gap are new."""
    for gap in gaps:
        low, high = max(0, gap[0][0] - _BESIDE), min(len(text), gap[-1][1] + _BESIDE)
        kept = [at for at in range(low, high) if not any(start <= at < end for start, end in gap)]
        beside: Spans = {}
        _search(pack, "".join([text[at] for at in kept]), beside, set())
        for signal, spans in beside.items():
            for start, end in spans:
                first, last = kept[start], kept[end - 1] + 1
                cut = (start == 0 and low > 0) or (end == len(kept) and high < len(text))  # what an end of the text would say is not said by a cut
                if last - first > end - start and not cut:
                    found[signal] = [*found.get(signal, ()), (first, last)]
                    several.add(signal)


def _gaps(pack: Pack, text: str) -> Iterator[Sequence[tuple[int, int]]]:
    """What may be left out: the two quotes of a single word, and words such as 疑似 before a thing."""
    if "“" in text or '"' in text:
        for word in QUOTED_WORD.finditer(text):
            if not has_any(word[1], pack.settings["quoted_otherwise"]):
                yield (word.start(), word.start(1)), (word.end(1), word.end())
    for hedge in pack.settings["hedges"]:
        at = text.find(hedge)
        while at >= 0:
            yield ((at, at + len(hedge)),)
            at = text.find(hedge, at + len(hedge))


def _search(pack: Pack, text: str, found: Spans, several: set[int]) -> None:
    """Add every span of every signal; `several` are the signals with more than one."""
    words = pack.automaton.find_overlapping(text)
    places, asks = pack.asks.likely(text, words)
    plain, checks = pack.plain, pack.checks
    places.append(-1)
    ask, place = 0, places[0]
    for number, (start, end, word) in enumerate(words):
        signals = plain[word]
        if signals:
            alone = [(start, end)]  # shared by the signals that this word alone makes, so never changed
            for signal in signals:
                if signal in found:
                    found[signal] = found[signal] + alone
                    several.add(signal)
                else:
                    found[signal] = alone
        while place == number:
            signal, before, after, reach = asks[ask]
            ask += 1
            place = places[ask]
            first, last = start, end
            if after >= 0:
                match = checks[after].match(text, end)
                if match is None:
                    continue
                last = match.end()
            if before >= 0:
                match = checks[before].search(text, start - reach if start > reach else 0, start)
                if match is None:
                    continue
                first = match.start()
            if signal in found:
                found[signal] = [*found[signal], (first, last)]
                several.add(signal)
            else:
                found[signal] = [(first, last)]


def _longest(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Drop spans that lie inside another one."""
    if len(spans) < 2:
        return spans
    if len(spans) == 2:
        (a, b), (c, d) = spans
        if c <= a and b <= d:
            return spans[1:]
        if a <= c and d <= b:
            return spans[:1]
        return spans if a < c else spans[::-1]
    spans.sort()  # of those that start together the longest comes last, and takes the place of the shorter
    kept: list[tuple[int, int]] = []
    last = -1
    for span in spans:
        if span[1] > last:
            if kept and kept[-1][0] == span[0]:
                kept[-1] = span
            else:
                kept.append(span)
            last = span[1]
    return kept


def _unmasked(pack: Pack, found: Spans) -> Spans:
    """Drop spans that overlap a word which the rule excepts. What is excepted is never itself masked."""
    for mask in pack.masked.keys() & found.keys():
        excepted = found[mask]
        for signal in pack.masked[mask]:
            if signal not in found:
                continue
            spans = [(a, b) for a, b in found[signal] if not any(a < d and c < b for c, d in excepted)]
            if spans:
                found[signal] = spans
            else:
                del found[signal]
    return found
