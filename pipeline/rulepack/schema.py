"""What a rule file may say: one pydantic model per family. Unknown keys are refused, so a slip of the pen stops the start, not a call."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from pipeline.rulepack.schema_base import Identified, Model
from pipeline.rulepack.schema_loop import Loop
from pipeline.rulepack.schema_playbook import ROUTING
from pipeline.rulepack.schema_repeats import Repeats
from pipeline.rulepack.schema_resources import Resources
from pipeline.rulepack.schema_response import Response

EvidenceStatus = Literal["asserted", "negated", "hypothetical", "reported", "historical", "other_person", "averted"]


def _words(value: object) -> object:
    """YAML reads 110 as a number; in a word list it is a word."""
    return [str(item) if isinstance(item, int | float) else item for item in value] if isinstance(value, list) else value


Words = Annotated[list[str], BeforeValidator(_words)]


class Signal(Model):
    """A named group of patterns."""

    patterns: Words
    weight: float = 1.0
    counts: Literal["any"] | list[EvidenceStatus] = ["asserted"]
    except_: Words = Field(default=[], alias="except")
    stage: str | None = None
    note: str | None = None


def _signal(value: object) -> object:
    return {"patterns": value} if isinstance(value, list) else value


Signals = dict[str, Annotated[Signal, BeforeValidator(_signal)]]


class Rule(Identified):
    """A file with signals, a condition and examples."""

    signals: Signals = {}
    except_: Words = Field(default=[], alias="except")
    condition: str | None = None
    lookalikes: list[str] = []
    examples: list[str] = []
    counterexamples: list[str] = []


class Scored(Rule):
    """A rule whose signals add up to a score."""

    base: float = 0.0
    floor: float = 1.0
    inputs: dict[str, float] = {}


class Terms(Identified):
    """A list of words."""

    terms: Words


class Context(Identified):
    """A kind of cue that decides how what stands near it is meant."""

    gives: Literal["negated", "hypothetical", "reported", "historical", "other_person", "averted", "fresh", "past", "cause"]
    direction: Literal["forward", "backward", "both", "over"]
    reach: Literal["clause", "sentence", "next", "narrative"] | int
    priority: int = 10
    patterns: Words
    pseudo: Words = []
    terminators: Words = []
    not_for: list[str] = []
    only_for: list[str] = []
    when: str | None = None
    examples: list[str] = []
    counterexamples: list[str] = []


class Factor(Rule):
    """A risk factor; `internal` ones serve grading and are not shown as factors."""

    group: Literal[
        "life_now", "threat", "violence", "special_protection", "history", "scale", "persons", "difficulty", "easing", "little_said"
    ]  # fmt: skip
    gate: bool | str = False
    internal: bool = False
    once_settled: str | None = None  # asked once category and type are fixed, with `factor.<id>` as `condition` left it; then this decides
    matters: list[str] = []  # the categories in which it means something, whoever found it; empty: in all

    @model_validator(mode="after")
    def _nothing_lowers_a_gate(self) -> Self:
        if self.gate and (self.once_settled or self.matters):
            raise ValueError("a gate may not have `once_settled` or `matters`: nothing lowers it")
        return self


def _joined(value: object) -> object:
    return "".join(str(item).strip() for item in value) if isinstance(value, list) else value


class Script(Scored):
    """A fraud script; `remote` where it works over a distance (电信网络诈骗 by law)."""

    explain: Annotated[str, BeforeValidator(_joined)] = ""
    remote: bool = True
    sure: str | None = None  # where it holds beside `condition`, the script is plainly told: no sum of signs takes it away
    rest: bool = False  # what none of the others is: where another script stands, it does not
    beside: list[str] = []  # the scripts it goes together with: beside any other a classifier adds it to none (said in one of the two files)
    loses: bool = True  # whether who falls for it loses money; false: he helps to move what others lost, and no sum of the text is his loss


class Stage(Rule):
    """How far a script has gone; the highest rank that holds wins."""

    rank: int
    paid: Literal["no", "attempting", "yes"] = "no"
    lost: Literal["as_told", "never"] = "as_told"  # never: at this stage no sum of the text is a loss


class Dispute(Scored):
    """A dispute type."""


class Category(Scored):
    """A category, and whether a dispute type and fraud scripts belong to its answer."""

    dispute_type: Literal["always", "if_scored", "never"] = "never"
    scripts: bool = False
    dispute_floor: float = 0.0  # for if_scored: least score at which a dispute type belongs to the answer
    proposed: str | None = None  # what rules must see in a narrative before a model may put this category first; else it only asks for review
    kept: str | None = None  # where it holds and rules put this category first, no model puts another before it
    default_script: str | None = None  # what is reported where the category holds and no script is known


class Frame(Scored):
    """A genre of narrative. `fresh`: what such a narrative tells is told as happening now unless a cue says otherwise."""

    fresh: bool = False


class Raise(Model):
    """One statement of a grading axis: where `when` holds, the axis is at least `to`."""

    id: str
    when: str
    to: Annotated[int, Field(ge=0, le=3)]
    says: str
    basis: str = ""
    doubt: bool = False  # nothing is known to be wrong, only too little is known: a classifier that is sure of it may settle it


class Grading(Identified):
    """One axis and what lifts it."""

    axis: Literal["urgency", "danger", "difficulty"]
    raises: list[Raise]


class Typical(Model):
    """Something that makes a matter reach a level; `near`: labels beside which it is worth telling first."""

    says: str
    near: list[str] = []


def _typical(value: object) -> object:
    return {"says": value} if isinstance(value, str) else value


class Level(Model):
    """One colour of a profile. `handling_for`: what to do where the category is another than a dispute, `script.x` where that fraud script leads, `barred` where
    nothing may be mediated, `unverified` where only a model asks for the colour."""

    code: str
    name: str
    handling: str = ""
    handling_for: dict[str, str] = {}
    typical: list[Annotated[Typical, BeforeValidator(_typical)]] = []


class Mapping(Model):
    """Where `when` holds, this level."""

    when: str | None = None
    level: str | None = None
    else_: str | None = Field(default=None, alias="else")


class Profile(Identified):
    """Axes → colour. `levels` from low to high, `map` first match wins."""

    levels: list[Level]
    map: list[Mapping]


class Question(Identified):
    """What to ask the caller, and when."""

    question: str
    when: str
    would_change: str = ""
    order: int = 100


class Weights(Identified):
    """What groups of the rules weigh for a label, in log-odds: `weights` maps family.rule to group to weight; `held` does so for labels that hold
    (`factor.x`, `category.x`, `dispute.x`, `frame.x`) and for the length of the text (`length.n`). Fitted, not written by hand."""

    of: Annotated[str, Field(pattern=r"^(category|matter|script|stage|factor)\.[a-z0-9_]+$")]
    base: float
    weights: dict[str, dict[str, float]]
    held: dict[str, float] = {}
    condition: str | None = None  # where the weights may be asked at all


class Review(Identified):
    """A reason to have a person look, and when it applies."""

    says: str
    when: str | None = None


class Diversion(Rule):
    """An item that belongs to another body: who receives it, what stays with the police, what to tell the caller."""

    order: int = 50
    party: str  # id of departments/
    line: str = ""
    duty: str
    sentence: str
    cite: list[str] = []
    basis: str = ""
    example_default: bool = True


FAMILIES: dict[str, type[Identified]] = {
    "terms": Terms,
    "frames": Frame,
    "context": Context,
    "factors": Factor,
    "scripts": Script,
    "stages": Stage,
    "weights": Weights,
    "disputes": Dispute,
    "categories": Category,
    "grading": Grading,
    "profiles": Profile,
    "questions": Question,
    "review": Review,
    "response": Response,
    "repeats": Repeats,
    "resources": Resources,
    "loop": Loop,
    "diversion": Diversion,
    **ROUTING,
}
