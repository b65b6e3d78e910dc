"""Fits the weights of full names: `python -m models.training.names --help`. Needs the extras `train` and `names`; nothing of it runs in the product.

Rows come from two sides. Invented names are planted into narratives where a masked name, a pronoun or a role stood, and into frames (name_frames.txt):
all other candidates of such a text are no names. And further text is read by LAC, whose persons count as names and all else as none.

The weights in the repository were fitted by an earlier script over these functions, with further real texts that are not ours to pass on (petitions,
questions to lawyers, court and fraud news), as `--texts` takes them. Of the corpora alone the command makes weights that find about as many names in
texts they have not seen, but take half as many words again for names.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import corpora
from models.training.rows import read_jsonl
from pipeline.privacy.full_names import WEIGHTS, Cues, bases, candidates, cues_of, features, surname_pattern
from pipeline.privacy.load import load
from pipeline.privacy.schema import NameFile
from pipeline.privacy.words import background, words
from pipeline.text.normalise import normalise

Span = tuple[int, int]
_PRONOUN = re.compile("对方|他(?![们人乡地妈杀])|她(?!们)|(?<![与极尤])其(?![他它中余实次一二三])|我(?!们|国|市|县|区|所|局)")
_ROLES = re.compile(
    "报警人|邻居|房东|租客|包工头|前男友|前女友|前妻|前夫|女儿|儿子|丈夫|妻子|老公|老婆|媳妇|老板|村民|业主|司机|男友|女友|同事|债主|工头|朋友|男子|女子|男的|女的|民警|保安|老师|学生"
)
_MASKED = "(?:{doubles}|[{singles}])(?:某某?某?|某[甲乙丙丁男女]|女士|先生|大爷|大妈|阿姨|师傅|老师)|[小老][{singles}](?=[称说与和因,。、(在被把对将到向于不从又也打骂要去来])"
_SENTENCE = re.compile("[^。!?\n]{1,160}[。!?\n]?")
_DOUBLES, _TWO, _TWINS, _WORDS = 0.03, 0.72, 0.06, 0.03
_OWN, _CONTEXT = 3, 6  # times from which a feature counts
_SHOWN = 0.15  # weights of contexts below it are left out of the table: they change nothing that was measured
_MASK_SIGNS = frozenset("某x*")
_ITERATIONS = 200  # at 150 the fit on the corpora alone had not settled
_LEAST = 100  # bearers of a character in given names, of 32 million


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate: its features, the numbers that go in as they are, and whether it is a name."""

    keys: list[str]
    surname: float
    given: float
    name: bool
    weight: float


class Inventor:
    """Invents full names by how many bear a surname and how often a character stands in given names of women and men."""

    def __init__(self, told: NameFile, characters: Path, seed: int) -> None:
        self.random = random.Random(seed)
        bearers = {char: count for count, chars in reversed(told.surnames.items()) for char in chars}
        self._surnames, self._share = list(bearers), [count**0.85 for count in bearers.values()]
        self._doubles = told.double_surnames
        with characters.open(encoding="utf-8") as stream:
            rows = [(row["char"], int(row["male"]), int(row["female"])) for row in csv.DictReader(stream) if len(row["char"]) == 1]
        never = set(told.never)
        rows = [row for row in rows if row[0] not in never and row[1] + row[2] >= _LEAST and "\u4e00" <= row[0] <= "\u9fff"]
        self.total = sum(male + female for _char, male, female in rows)
        self.count = {char: male + female for char, male, female in rows}
        self._chars = [char for char, _male, _female in rows]
        known = {row[0] for row in rows}
        self._words = [word for word, count in words().items() if len(word) == 2 and word[0] in bearers and word[1] in known and 20 <= count < 4000]
        self._by = [[male**0.75 for _char, male, _female in rows], [female**0.75 for _char, _male, female in rows]]

    def name(self) -> tuple[str, int]:
        """(name, length of the surname)."""
        rng = self.random
        if rng.random() < _WORDS:
            return rng.choice(self._words), 1
        surname = rng.choice(self._doubles) if rng.random() < _DOUBLES else rng.choices(self._surnames, self._share)[0]
        given = rng.choices(self._chars, rng.choice(self._by), k=2)
        if rng.random() > _TWO:
            given = given[:1]
        elif rng.random() < _TWINS:
            given[1] = given[0]
        return surname + "".join(given), len(surname)


class Maker:
    """Makes rows out of texts."""

    def __init__(self, told: NameFile, inventor: Inventor, cues: Cues, bases: dict[str, float]) -> None:
        self._inventor, self._cues, self._bases = inventor, cues, bases
        self._rng = inventor.random
        seen = background()
        share = {char: count / inventor.total * 1e6 for char, count in inventor.count.items()}
        self.given = {char: math.log((share[char] + 5) / (seen.get(char, (0, 0))[1] + 20)) for char in share}
        self._allowed = frozenset(self.given)
        surnames = [*told.double_surnames, *bases]
        self._pattern = surname_pattern(surnames)
        singles = "".join(bases)
        self._mentions = re.compile(
            f"(?P<m>{_MASKED.format(doubles='|'.join(told.double_surnames), singles=singles)})|(?P<p>{_PRONOUN.pattern})|(?P<r>{_ROLES.pattern})"
        )

    def planted(self, text: str) -> tuple[str, list[Span]]:
        """A text with names in place of mentions, the same name for the same masked mention."""
        made, spans, at, cast = "", [], 0, dict[str, str]()
        for found in self._mentions.finditer(text):
            kind, chance = found.lastgroup, self._rng.random()
            if chance > {"m": 0.85, "p": 0.22, "r": 0.5}[kind or "p"]:
                continue
            behind = kind == "r" and chance < 0.25
            made += text[at : found.end() if behind else found.start()]
            name = cast.setdefault(found[0], self._inventor.name()[0]) if kind == "m" else self._inventor.name()[0]
            spans.append((len(made), len(made) + len(name)))
            made, at = made + name, found.end()
        return made + text[at:], spans

    def framed(self, frame: str) -> tuple[str, list[Span]]:
        """A frame with names, sometimes with another before and behind it."""
        made, spans = "", []
        for part in re.split(r"(\{n\})", frame):
            if part == "{n}":
                name = self._inventor.name()[0]
                spans.append((len(made), len(made) + len(name)))
                part = name
            made += part
        return made, spans

    def rows(self, text: str, names: Iterable[Span], unsure: frozenset[str] = frozenset(), weight: float = 1.0) -> Iterator[Row]:
        """Every candidate of a normalised text. `unsure` are strings that may be names all the same: left out."""
        spans = set(names)
        for start, given, stop in candidates(text, self._pattern, self._allowed):
            name = (start, stop) in spans
            if not name and text[start:stop] in unsure:
                continue
            points = [self.given[char] for char in text[given:stop]]
            yield Row(features(text, start, given, stop, self._cues), self._bases.get(text[start:given], 2.0), sum(points), name, weight)


def sentences(text: str) -> Iterator[str]:
    """Pieces of a normalised text that LAC reads well."""
    return (found[0] for found in _SENTENCE.finditer(normalise(text)[0]))


def frames() -> list[str]:
    """The frames of name_frames.txt."""
    lines = files("models.training").joinpath("name_frames.txt").read_text("utf-8").splitlines()
    return [normalise(line)[0] for line in lines if line and not line.startswith("#")]


def sources(texts: Sequence[Path]) -> Iterator[tuple[str, list[Span], bool]]:
    """(sentence, persons that LAC reads in it, whether names may be planted) of the corpora and of further texts (JSONL, key `text`)."""
    from pipeline.privacy.second import lac_reader

    reader = lac_reader()
    own = [(row["text"], True) for row in corpora.narratives()]
    further = [(row.text, False) for path in texts for row in read_jsonl(path)]
    for text, ours in (*own, *further):
        for sentence in sentences(text):
            yield sentence, list(reader.persons(sentence)), ours


def rows_of(maker: Maker, read: Iterable[tuple[str, list[Span], bool]], rounds: int) -> Iterator[Row]:
    """All rows: sentences as they are, the project's own with planted names, and frames."""
    for sentence, persons, ours in read:
        unsure = frozenset(sentence[start:stop] for start, stop in persons)
        for _ in range(4 * ours):
            text, spans = maker.planted(sentence)
            if spans:
                yield from maker.rows(text, spans, unsure)
        yield from maker.rows(sentence, [(start, stop) for start, stop in persons if _MASK_SIGNS.isdisjoint(sentence[start:stop])])
    for _ in range(rounds):
        for frame in frames():
            yield from maker.rows(*maker.framed(frame), weight=0.5)


def fit(rows: Sequence[Row], strength: float) -> tuple[dict[str, float], float, float]:
    """Logistic regression: the weight of each feature, and of the points of a surname and of a given name."""
    import numpy as np
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    counts = Counter(key for row in rows for key in set(row.keys))
    places = {key: place for place, key in enumerate(key for key, count in counts.items() if count >= (_CONTEXT if key[:2] in ("l:", "r:") else _OWN))}
    found = [[places[key] for key in row.keys if key in places] for row in rows]
    starts = np.cumsum([0, *map(len, found)])
    own = csr_matrix((np.ones(starts[-1], np.float32), np.concatenate(found), starts), shape=(len(rows), len(places)))
    numbers = csr_matrix(np.array([[np.clip(row.surname, -6, 3), np.clip(row.given, -8, 8)] for row in rows], np.float32))
    model = LogisticRegression(C=strength, solver="lbfgs", max_iter=_ITERATIONS, fit_intercept=False)
    model.fit(hstack([own, numbers]).tocsr(), [row.name for row in rows], sample_weight=[row.weight for row in rows])
    weights = model.coef_[0]
    return {key: float(weights[place]) for key, place in places.items()}, float(weights[-2]), float(weights[-1])


def write(path: Path, groups: dict[str, dict[str, float]], head: str) -> None:
    """The weights as a table: one line a key; characters of given names have one line for all three positions."""
    lines = [f"# {head}"]
    given = sorted({*groups["1"], *groups["a"], *groups["b"]})
    lines += [f"1,a,b\t{char}\t{groups['1'][char]:.2f}\t{groups['a'][char]:.2f}\t{groups['b'][char]:.2f}" for char in given]
    for group, own in groups.items():
        if group not in ("1", "a", "b"):
            lines += [
                f"{group}\t{_plain(key)}\t{weight:.2f}" for key, weight in sorted(own.items()) if abs(weight) >= (_SHOWN if group in ("l", "r") else 0.005)
            ]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _plain(key: str) -> str:
    return key.replace("\n", "\\n").replace(" ", "\\s")


def folded(
    weights: dict[str, float], surname: float, given: float, maker: Maker, bases: dict[str, float], doubles: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Group → key → weight, with the numbers of surnames and characters put into the weights of their own keys."""
    groups: dict[str, dict[str, float]] = {}
    for key, weight in weights.items():
        group, _, name = key.partition(":")
        groups.setdefault(group, {})[name] = weight
    groups["s"] = {char: surname * base + groups["s"].get(char, 0.0) for char, base in {**bases, **dict.fromkeys(doubles, 2.0)}.items()}
    for group in ("1", "a", "b"):
        groups[group] = {char: given * points + groups[group].get(char, 0.0) for char, points in maker.given.items()}
    return groups


def main() -> None:
    """Fit and write name_weights.tsv."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument(
        "--characters", type=Path, required=True, help="CSV with char,male,female: how often characters stand in given names (ngender 0.1.1, MIT, has one)"
    )
    asked.add_argument("--texts", type=Path, nargs="*", default=[], help="further JSONL texts that LAC reads; only weights are kept of them")
    asked.add_argument("--out", type=Path, default=Path("pipeline/privacy") / WEIGHTS)
    asked.add_argument("--strength", type=float, default=0.7)
    asked.add_argument("--rounds", type=int, default=18)
    asked.add_argument("--seed", type=int, default=7)
    told = asked.parse_args()
    names = load().name
    own = bases(names)
    maker = Maker(names, Inventor(names, told.characters, told.seed), cues_of(names), own)
    weights, surname, given = fit(list(rows_of(maker, sources(told.texts), told.rounds)), told.strength)
    groups = folded(weights, surname, given, maker, own, names.double_surnames)
    write(
        told.out, groups, "Fitted by models/training/names.py: group, key, weight in log-odds. s surname, 1 a b given name, l r contexts, x words across edges"
    )


if __name__ == "__main__":
    main()
