"""One scan of the normalised narrative: all phrases of all rules, checked, masked and thinned."""

from __future__ import annotations

from pipeline.rulepack.pack import Pack

Spans = dict[int, list[tuple[int, int]]]  # signal → spans in order of position


def scan(pack: Pack, text: str) -> Spans:
    """Find every signal of the pack in `text` (normalised). Spans of one signal never lie inside one another."""
    found: Spans = {}
    actions = pack.actions
    for start, end, word in pack.automaton.find_overlapping(text):
        for signal, before, after, reach in actions[word]:
            first, last = start, end
            if after is not None:
                match = after.match(text, end)
                if match is None:
                    continue
                last = match.end()
            if before is not None:
                match = before.search(text, start - reach if start > reach else 0, start)
                if match is None:
                    continue
                first = match.start()
            spans = found.get(signal)
            if spans is None:
                found[signal] = [(first, last)]
            else:
                spans.append((first, last))
    for signal, spans in found.items():
        if len(spans) > 1:
            found[signal] = _longest(spans)
    return _unmasked(pack, found)


def _longest(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Drop spans that lie inside another one."""
    spans.sort(key=lambda span: (span[0], -span[1]))
    kept = [spans[0]]
    for span in spans[1:]:
        if span[1] > kept[-1][1]:
            kept.append(span)
    return kept


def _unmasked(pack: Pack, found: Spans) -> Spans:
    """Drop spans that overlap a word which the rule excepts."""
    out: Spans = {}
    for signal, spans in found.items():
        masks = pack.signals[signal].masks
        if masks:
            excepted = [span for mask in masks for span in found.get(mask, ())]
            if excepted:
                spans = [(a, b) for a, b in spans if not any(a < d and c < b for c, d in excepted)]
                if not spans:
                    continue
        out[signal] = spans
    return out
