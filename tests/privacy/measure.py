"""Scores a finder on planted narratives: a planted span counts as found where all of its letters and digits are covered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from tests.privacy.planting import Planted

Span = tuple[str, int, int]


def score(finder: Callable[[str], list[Span]], texts: Iterable[Planted], excused: frozenset[str] = frozenset()) -> dict[str, dict[str, float]]:
    """Per kind: planted, found, recall; under `all` also precision. `excused` are quotes that stood in the narratives before and are true."""
    planted, found, wrong, right, missed, false = Counter(), Counter(), 0, 0, [], []
    for item in texts:
        spans = finder(item.text)
        covered = bytearray(len(item.text))
        for _kind, start, end in spans:
            covered[start:end] = b"\1" * (end - start)
        for kind, start, end, form in item.spans:
            planted[kind] += 1
            planted[f"{kind}/{form}"] += 1
            whole = all(covered[i] for i in range(start, end) if item.text[i].isalnum())
            found[kind] += whole
            found[f"{kind}/{form}"] += whole
            if not whole:
                missed.append((kind, form, item.text[max(0, start - 8) : start], item.text[start:end], item.text[end : end + 8]))
        for kind, start, end in spans:
            if any(start < stop and begin < end for _k, begin, stop, _f in item.spans):
                right += 1
            elif item.text[start:end] not in excused:
                wrong += 1
                false.append((kind, item.text[max(0, start - 8) : start], item.text[start:end], item.text[end : end + 8]))
            else:
                right += 1
    table = {kind: {"planted": count, "found": found[kind], "recall": found[kind] / count} for kind, count in sorted(planted.items())}
    table["all"] = {"precision": right / max(1, right + wrong), "wrong": wrong}
    score.missed, score.false = missed, false
    return table
