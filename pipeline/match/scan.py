"""One scan of the normalised narrative: all phrases of all rules, checked, masked and thinned."""

from __future__ import annotations

from collections import defaultdict

from pipeline.rulepack.pack import Pack

Spans = dict[int, list[tuple[int, int]]]  # signal → spans in order of position


def scan(pack: Pack, text: str) -> Spans:
    """Find every signal of the pack in `text` (normalised). Spans of one signal never lie inside one another."""
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    actions, checks = pack.actions, pack.checks
    for start, end, word in pack.automaton.find_overlapping(text):
        plain, asking = actions[word]
        if plain:
            span = (start, end)
            for signal in plain:
                found[signal].append(span)
        for signal, before, after, reach in asking:
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
            found[signal].append((first, last))
    for signal, spans in found.items():
        if len(spans) > 1:
            found[signal] = _longest(spans)
    found.default_factory = None  # a plain dictionary from here on
    return _unmasked(pack, found)


def _longest(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Drop spans that lie inside another one."""
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
