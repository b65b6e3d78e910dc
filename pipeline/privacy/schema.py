"""The format of recogniser files (`pipeline/rules/privacy/*.yaml`), checked with pydantic when they are read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pipeline.rulepack.schema_base import Identified, Model


class Example(Model):
    """A text and the pieces that must be found in it by this recogniser, in order."""

    text: str
    found: list[str]


class Pattern(Model):
    """One named pattern. `score` alone; with the check passed `check_score`; with a cue `cue_score`; the best of these counts.

    `cue: near` asks for a cue word right before (a few filler characters between); `tail` for one of `tails`; `around` for one of `around` on either
    side. `raw`: read with its separators, which are folded away otherwise. `literals`: looked for only where the text (for `form: latin` the run of letters and
    digits) has one of them. `least` is the length of the shortest match, asked for where the form is digits or latin: shorter runs are passed over unread.
    `shown` is the least number of digits that a masked form shows; `not` a pattern that the whole match must not fit.
    """

    name: str
    regex: str
    score: float = Field(ge=0, le=1)
    check: Literal["id18", "luhn", "uscc", "vin"] | None = None
    check_score: float = 0.0
    cue: Literal["near", "tail", "around"] | None = None
    cue_score: float = 0.0
    least: int = Field(default=0, ge=0)
    shown: int = 0
    region: bool = False
    raw: bool = False
    literals: list[str] = []
    not_: str | None = Field(default=None, alias="not")


class Mask(Model):
    """How many characters at either end a mask leaves."""

    head: int = 0
    tail: int = 0


class PatternFile(Identified):
    """A recogniser of identifiers. `form`: digits (spaces, hyphens and Chinese digits are folded away), latin, or text. `parts` are pieces of patterns: <name>.

    A text recogniser is asked where the text has one of `literals` and `gate` (a cheap pattern) is found; without literals beside runs of digits and letters.
    """

    kind: str
    form: Literal["digits", "latin", "text"]
    priority: int
    mask: Mask
    generic: str
    patterns: list[Pattern]
    cues: list[str] = []
    tails: list[str] = []
    around: list[str] = []
    parts: dict[str, str] = {}
    not_cues: list[str] = []
    literals: list[str] = []
    gate: str | None = None
    examples: list[Example] = Field(min_length=1)
    counterexamples: list[str] = Field(min_length=1)

    @model_validator(mode="after")
    def _tells_lengths(self) -> PatternFile:
        if self.form != "text" and any(pattern.least < 1 for pattern in self.patterns):
            raise ValueError("each pattern of the forms digits and latin tells its least length (`least`)")
        return self


class Nicks(Model):
    """What nicknames are built of: rank + body (+ 子), words, nouns (which must stand where names do), build + end, word + surname; `not` are words that only look like one."""

    ranks: str
    bodies: str
    words: list[str]
    nouns: list[str]
    builds: list[str]
    ends: list[str]
    not_: list[str] = Field(alias="not")


class NameFile(Identified):
    """The recogniser of names: gazetteers and weights of name.yaml."""

    kind: Literal["name"]
    surnames: dict[int, str]
    double_surnames: list[str]
    given: dict[str, str]
    never: str
    never_last: str
    not_rare: str = ""
    """Rare in print and yet no characters of names: those of dialects."""
    place_ends: str
    area_ends: str
    cues: dict[str, list[str]]
    titles: list[str]
    sure_titles: list[str]
    role_titles: list[str]
    no_title_after: dict[str, list[str]]
    masks: list[str]
    organs: list[str]
    little: str
    no_little_before: str
    little_surnames: str
    little_doubtful: str
    words: list[str]
    not_words: list[str]
    after: list[str]
    after_sure: list[str]
    after_strong: list[str]
    clear: str
    after_chars: str
    not_after: list[str]
    transliterated: str
    parts: list[str]
    nick_cues: list[str]
    naming: list[str]
    signing: list[str]
    """Roles of documents, behind which a name stands up to a pause even if it is a word."""
    frames: list[str]
    """What stands behind a name that is a word, where a role stands before it: 第三人|江山|经传唤."""
    person_nouns: list[str]
    """What ends 叫小满的|女孩."""
    pairs: list[str]
    """What ends 国庆和建军|两兄弟."""
    nicks: Nicks
    naming_links: list[str]
    mask_sign: str
    surname_word: str
    family: str
    big: str
    not_numbered: str
    little_tails: str
    no_little: list[str]
    pet_marks: str
    not_given: list[str]
    not_named: list[str]
    kin: list[str]
    given_cues: list[str]
    kin_tails: list[str]
    pet_ends: str
    surname_after: str
    joins: str
    weights: dict[str, float]
    examples: list[Example]
    counterexamples: list[str]


class AddressFile(Identified):
    """The recogniser of addresses: units of numbered pieces and what they hang on."""

    kind: Literal["address"]
    numbered: dict[str, list[str]]
    alone: list[str]
    tails: list[str]
    begin: list[str]
    not_generic: list[str]
    exact: list[str]
    named: list[str]
    public: list[str]
    regions: list[str]
    not_before: list[str]
    lead: list[str]
    cues: list[str]
    roads: list[str]
    more: dict[str, list[str]]
    whole: list[str]
    before_whole: str
    in_no_name: str
    not_after_unit: list[str]
    after_placed: list[str]
    keep: list[str]
    estates: list[str]
    stop_words: list[str]
    no_names: list[str]
    minor_places: dict[str, list[str]]
    no_place: list[str]
    not_after_place: list[str]
    examples: list[Example]
    counterexamples: list[str]


class Reason(Model):
    """When stricter rules apply: factors of an assessment, words of the text itself, or patterns (an age)."""

    factors: list[str]
    words: list[str]
    patterns: list[str] = []
    workplaces: bool = False


class Strict(Identified):
    """Reasons for the stricter rules."""

    reasons: dict[str, Reason]


class InventedNumbers(Model):
    """Ranges that are not issued."""

    mobile_prefixes: list[str]
    id_regions: list[str]
    card_prefix: str


class Removed(Model):
    """What is written where a name was: nothing that a rule reads as a sign."""

    name: str
    masked: str
    little: str
    place: str


class Invented(Model):
    """Pools for invented values (invented.yaml)."""

    surnames: str
    double_surnames: list[str]
    first: str
    second: str
    single: str
    minority: list[str]
    undotted: list[str]
    nick: list[str]
    places: dict[str, list[str]]
    numbers: InventedNumbers
    generic: dict[str, str]
    removed: Removed


class Header(Model):
    """Words of table headers that say what a whole column holds, and the cue put before a cell so that recognisers know too."""

    kind: str
    cue: str
    words: list[str]


class Headers(Identified):
    """headers.yaml."""

    columns: list[Header]
    keep: list[str]
