"""`fengqiao bench`: this engine beside a naive baseline, same texts, same run, one core. Ratios, not absolute times."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from pipeline.values import Incident, to_json


def bench(
    texts: Annotated[Path, typer.Argument(help="JSONL, 每条有 text")],
    count: Annotated[int, typer.Option(help="取多少条")] = 400,
    naive: Annotated[int, typer.Option(help="其中多少条也给朴素基线跑")] = 40,
) -> None:
    """与朴素基线同场比较 · throughput beside the naive baseline (jieba + spaCy + one regex per pattern + TF-IDF)."""
    from service.evaluate_cli import read_gold
    from service.naive import all_patterns, naive_baseline
    from service.runtime import load_engine

    narratives = [row["text"] for row in read_gold(texts)][:count]
    engine = load_engine(tier="rules")

    def assess(text: str) -> bytes:
        return to_json(engine.assess(Incident(narrative=text)))

    for text in narratives:  # both sides warm: lazily compiled checks are compiled
        assess(text)
    ours = _seconds(assess, narratives)
    engine_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # before the baseline is loaded
    sample = narratives[:naive]
    theirs = _seconds(naive_baseline(narratives), sample)
    ratio = (theirs / len(sample)) / (ours / len(narratives))
    result = {
        "narratives": len(narratives),
        "mean_characters": round(sum(map(len, narratives)) / len(narratives), 1),
        "engine_us": round(ours / len(narratives) * 1e6, 1),
        "naive_us": round(theirs / len(sample) * 1e6, 1),
        "ratio": round(ratio, 1),
        "words_in_automaton": engine.pack.patterns(),
        "patterns": len(all_patterns()),
        "first_answer_s": round(first_answer_seconds(), 2),
        "peak_mb_engine": round(engine_mb),
    }
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")


def _seconds(call: Callable[[str], object], texts: Sequence[str]) -> float:
    """Best of three passes, CPU seconds."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for text in texts:
            call(text)
        best = min(best, time.process_time() - start)
    return best


def first_answer_seconds() -> float:
    """From starting a fresh interpreter to the first answer as JSON, on a stored plan."""
    code = "from pipeline.engine import Engine; from pipeline.values import Incident, to_json; to_json(Engine.load().assess(Incident(narrative='楼上漏水, 说了几次不管')))"
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start
