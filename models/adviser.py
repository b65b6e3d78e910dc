"""The learned classifiers as the engine's adviser: tier 1 always, the encoder where tier 1 and the rules are unsure (or always, or never).

They read a narrative without its names: who somebody is moves no label, and what de-identification changes moves few.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from models.encoder import Encoded, Encoder
from models.errors import ModelError
from models.features import Index, grade_features, ngrams, rule_features
from models.heads import Floats, Heads, Task
from models.patience import over
from pipeline.advice import Opinion, View
from pipeline.privacy import Deidentifier, Nameless

Tier = Literal["fast", "cascade", "full"]


class State(msgspec.Struct, frozen=True):
    """What one narrative's opinion was made of: `read` is the text that was read, without names, `buckets` its n-grams."""

    read: Nameless
    fast: Floats
    deep: Floats | None
    encoded: Encoded | None
    buckets: npt.NDArray[np.int64]


class Learned:
    """The engine's adviser. `load` brings the encoder when it is first needed; where that fails, tier 1 goes on alone and says so.

    `consult`: least share of the best category and of the best dispute type with which tier 1 is believed without asking the encoder.
    """

    def __init__(self, heads: Heads, load: Callable[[], Encoder], *, tier: Tier, version: str, profile: str, consult: Mapping[str, float]) -> None:
        self.heads, self.tier, self.consult = heads, tier, consult
        self._version, self._profile, self._load = f"{version}/{tier}", profile, load
        self._encoder: Encoder | None = None
        self._failed = False
        self._index: Index[int] | None = None
        self._grades: dict[tuple[int, ...], Floats] = {}  # what each grade adds to the colour's scores; there are a few dozen
        self.asked = self.late = 0  # how often the encoder was asked, or was not because it was too late: counts for reports, nothing of a narrative

    @property
    def version(self) -> str:
        """Hash of heads and encoder, and the tier."""
        return self._version

    @property
    def profile(self) -> str:
        """The profile that the colour head was trained on."""
        return self._profile

    @property
    def failed(self) -> bool:
        """Whether the encoder was wanted and could not be loaded."""
        return self._failed

    def encoder(self) -> Encoder | None:
        """The encoder, loaded once; None where it cannot be."""
        if self._encoder is None and not self._failed:
            try:
                self._encoder = self._load()
            except ModelError:
                self._failed = True
        return self._encoder

    def labels(self, view: View) -> Opinion:
        """Probabilities of the labels."""
        index = self._index
        if index is None or index.pack is not view.pack:
            index = self._index = Index(view.pack, self.heads.index.get)
        read = Deidentifier.default().nameless(view.document.text)
        buckets = ngrams(read.text)
        fast = self.heads.fast(*rule_features(view, index), buckets)
        chances = self.heads.probabilities(fast, None)
        asked = self.tier == "full" or (self.tier == "cascade" and self._unsure(view, fast, chances))
        late = asked and over()
        encoder = self.encoder() if asked and not late and view.document.text.strip() else None
        self.asked += encoder is not None
        self.late += late
        encoded = encoder.encode(read.text) if encoder is not None else None
        deep = self.heads.deep(encoded.pooled) if encoded is not None else None
        if deep is not None:
            chances = self.heads.probabilities(fast, deep)
        return self._opinion(State(read, fast, deep, encoded, buckets), chances, degraded=late or (asked and self._failed))

    def _unsure(self, view: View, fast: Floats, chances: Floats) -> bool:
        """Whether tier 1 hesitates, also about the colour, or differs from the rules, or the narrative is of a kind of which it knows little (`ask`)."""
        if any(view.reading.value(name) for name in view.pack.settings["models"]["ask"]):
            return True
        for name, ranked in (("category", view.categories), ("dispute_type", view.disputes)):
            task = self.heads.tasks[name]
            shares = chances[task.columns]
            if name == "dispute_type" and not ranked and self._best("category", fast) not in self._typed(view):
                continue
            if float(shares.max()) < self.consult[name] or (ranked and ranked[0].rule.id != task.labels[int(shares.argmax())]):
                return True
        return self._colour_open(view, fast)

    def _colour_open(self, view: View, fast: Floats) -> bool:
        """Whether tier 1 cannot tell if it is the top colour, or if what the rules call calm is two levels worse (`ask_top`, `ask_calm`)."""
        grade, bounds = view.grade, view.pack.settings["models"]
        if grade is None:
            return False
        shares = self._levels(fast, None, grade.axes, grade.level)
        top = len(shares) - 1
        low, high = bounds["ask_top"]
        return bool((grade.level < top and low <= shares[top] <= high) or (grade.level == 0 and shares[2:].sum() >= bounds["ask_calm"]))

    def _best(self, name: str, fast: Floats) -> str:
        task = self.heads.tasks[name]
        return task.labels[int(fast[task.columns].argmax())]

    @staticmethod
    def _typed(view: View) -> set[str]:
        """Categories that always have a dispute type."""
        return {rule.id for rule in view.pack.rules["categories"].values() if rule.data["dispute_type"] == "always"}

    def _opinion(self, state: State, chances: Floats, *, degraded: bool) -> Opinion:
        rounded = _rounded(chances)
        tasks = self.heads.tasks
        shares = {name: dict(zip(tasks[name].labels, rounded[tasks[name].columns], strict=True)) for name in _TASKS.values() if name in tasks}
        return Opinion(
            category=shares["category"],
            dispute=shares["dispute_type"],
            factors=shares["factors"],
            scripts=shares["fraud_scripts"],
            stage=shares.get("fraud_stage", {}),
            category_set=self._set("category", shares["category"], state),
            dispute_set=self._set("dispute_type", shares["dispute_type"], state),
            adds=state.deep is not None,
            degraded=degraded,
            state=state,
        )

    def _set(self, name: str, shares: Mapping[str, float], state: State) -> tuple[str, ...]:
        least = self.heads.tasks[name].sets[0 if state.deep is None else 1]
        return tuple(label for label, share in shares.items() if share >= least)

    def levels(self, opinion: Opinion, axes: Mapping[str, int], level: int) -> Sequence[float]:
        """Probability of each level of the profile."""
        state = opinion.state
        return _rounded(self._levels(state.fast, state.deep, axes, level))

    def _levels(self, fast: Floats, deep: Floats | None, axes: Mapping[str, int], level: int) -> Floats:
        task = self.heads.tasks["risk"]
        grade = (level, *axes.values())
        more = self._grades.get(grade)
        if more is None:
            more = self._grades[grade] = self._told(axes, level, task)
        return task.probabilities(fast[task.columns] + more, deep[task.columns] if deep is not None else None)

    def _told(self, axes: Mapping[str, int], level: int, task: Task) -> Floats:
        """What the rules' grade adds to the scores of the colour."""
        known = [(self.heads.index[name], amount) for name, amount in grade_features(axes, level) if name in self.heads.index]
        if not known:
            return np.zeros(len(task.labels), np.float32)
        rows, amounts = zip(*known, strict=True)
        more: Floats = np.array(amounts, np.float32) @ self.heads.rule[np.array(rows, np.intp), task.columns]
        return more

    def evidence(self, view: View, opinion: Opinion, label: str) -> Sequence[tuple[int, int]]:
        """The clauses that speak most for a label, best first.

        The encoder's mean over tokens under a linear head is a sum over tokens, and so is what a label finds that looks for itself: each clause's part in
        the score is exact. Without the encoder the weights of the n-grams are summed the same way.
        """
        kind, _, code = label.partition(".")
        task = self.heads.tasks[_TASKS[kind]]
        if code not in task.labels:
            return ()
        column, state = task.start + task.labels.index(code), opinion.state
        parts = np.zeros(len(state.read.text) + 1, np.float32)
        if state.encoded is not None:
            worth = self._worth(state.encoded, column)
            for (start, end), value in zip(state.encoded.spans, worth, strict=True):
                parts[start : max(end, start + 1)] += value / max(end - start, 1)
        elif column < self.heads.grams.shape[1]:
            parts = _gram_parts(self.heads.grams[state.buckets, column], len(state.read.text))
        else:
            return ()
        told = np.zeros(len(view.document.text) + 1, np.float32)
        np.add.at(told, state.read.places(), parts)
        return _best_clauses(told, view.document.clauses)

    def _worth(self, encoded: Encoded, column: int) -> Floats:
        """What each token adds to a score, shape (n,): beside the average token where the head reads the mean, as it is where the label looks for itself."""
        states, weights = encoded.states, self.heads.encoder[:, column]
        worth: Floats = (states - states.mean(axis=0)) @ weights[: states.shape[1]]
        return worth if encoded.parts is None else worth + encoded.parts @ weights[len(weights) - encoded.parts.shape[1] :]


_TASKS = {"category": "category", "dispute": "dispute_type", "factor": "factors", "script": "fraud_scripts", "stage": "fraud_stage"}


def _rounded(chances: Floats) -> list[float]:
    """To six places, as `round` would: a float32 times a million is exact in a float64, so one rounding is all there is."""
    made: list[float] = (np.rint(chances.astype(np.float64) * 1e6) / 1e6).tolist()
    return made


def _gram_parts(weights: npt.NDArray[np.int8], length: int) -> Floats:
    """Weights of the n-grams laid on the character where each starts; shape (length + 1,)."""
    parts = np.zeros(length + 1, np.float32)
    begin, width = 0, min(length, 1200) + 2  # with the marks at both ends
    while begin < len(weights) and width > 0:
        places = np.clip(np.arange(width) - 1, 0, length)
        np.add.at(parts, places, weights[begin : begin + width].astype(np.float32))
        begin, width = begin + width, width - 1
    return parts


def _best_clauses(parts: Floats, clauses: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The clause with the highest worth, and a second one that comes near."""
    worth = sorted(((float(parts[start:end].sum()), start, end) for start, end in clauses if end - start >= 2), reverse=True)
    if not worth or worth[0][0] <= 0:
        return []
    return [(start, end) for value, start, end in worth[:2] if value >= 0.7 * worth[0][0]]
