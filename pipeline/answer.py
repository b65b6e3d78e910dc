"""Putting the answer together: labels in the contract's shape, evidence mapped back to the narrative as it came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from pipeline import facts
from pipeline.advice import Adviser, Opinion, View
from pipeline.decide import Ranked, margin
from pipeline.grade import Grade, handling, profile_data, why_not_higher, why_not_lower
from pipeline.match.context import span_at
from pipeline.match.hit import Hit
from pipeline.match.reading import LABEL, Decided, Reading
from pipeline.response import plan_response
from pipeline.rulepack.pack import Pack, RuleSpec
from pipeline.text.document import Document
from pipeline.values import (
    Assessment,
    Category,
    Dispute,
    Evidence,
    FactorFound,
    Fraud,
    Incident,
    Question,
    Recall,
    Review,
    Risk,
    ScriptFound,
    Versions,
)  # fmt: skip
from pipeline.weigh import likeliest, signs


class Loss(NamedTuple):
    """What was lost, in yuan (None where the text gives no sum), and its half-open span in the normalised text."""

    yuan: float | None
    start: int
    end: int


class Conduct(NamedTuple):
    """What to do: `mediation` is None where there is nothing to mediate; `route` is always there (pipeline/playbook)."""

    mediation: dict[str, Any] | None
    route: dict[str, Any]


SHOWN = 8  # most pieces of evidence that one label shows
ALTERNATIVES = 3


class Answer:
    """One answer in the making."""

    def __init__(self, pack: Pack, incident: Incident, document: Document, reading: Reading, found: facts.Facts, extractor: facts.Extractor) -> None:
        self.pack, self.incident, self.document, self.reading, self.found, self._extractor = pack, incident, document, reading, found, extractor
        self._evidence: dict[Hit, Evidence] = {}
        self.repeat: dict[str, Any] | None = None
        self.told: Loss | None = None  # the loss as the text tells it, once looked for
        self._advice: tuple[Adviser, View, Opinion] | None = None
        self._model: str | None = None
        self.against: frozenset[str] = frozenset()  # factors that the sum of signs speaks against
        self._left_out: frozenset[str] = frozenset()

    def advised(self, adviser: Adviser, view: View, opinion: Opinion) -> None:
        """Whose opinion the labels rest on besides the rules."""
        self._advice, self._model = (adviser, view, opinion), adviser.version

    def unasked(self, adviser: Adviser) -> None:
        """Who would have been asked, had there been anything to ask about."""
        self._model = adviser.version

    def leave_out(self, factors: frozenset[str]) -> None:
        """Factors that are not told, as `factor.x`."""
        self._left_out = factors

    @property
    def degraded(self) -> bool:
        """Whether a classifier that should have spoken could not."""
        return self._advice is not None and self._advice[2].degraded

    def default_script(self, categories: list[Ranked]) -> Ranked | None:
        """What the best category reports where no script is known: the one that the signs speak for, else the category's own."""
        code = categories[0].rule.data["default_script"] if categories else None
        if code and (rule := likeliest(self.pack, self.reading)) is not None:
            return Ranked(rule, 0.0, 0.0, signs(self.pack, self.reading, rule) or categories[0].hits)
        return Ranked(self.pack.rules["scripts"][code], 0.0, 0.0, categories[0].hits) if code else None

    def settle(self, categories: list[Ranked], disputes: list[Ranked], scripts: list[Ranked], stage: RuleSpec | None, loss: Loss | None) -> None:
        """Fix the category first; it says whether a dispute type and scripts belong to the answer."""
        values, settings, rules = self.reading.values, self.pack.settings, self.pack.rules
        values["meta.no_category"] = 0.0 if categories else 1.0
        values["meta.thin_evidence"] = float(not categories or categories[0].score < float(settings["thin_category_score"]))
        values["meta.margin_category"] = margin(categories)
        values["meta.margin_dispute"] = margin(disputes) if disputes else 9.0
        values["meta.categories"] = float(len(categories))
        self.categories = categories or [Ranked(rules["categories"][settings["default_category"]], 0.0, 0.0, ())]
        chosen = self.categories[0].rule
        self.reading.decide(chosen, self.categories[0].score, self.categories[0].hits)
        wanted = chosen.data["dispute_type"]
        if wanted == "always" and not disputes:
            disputes = [Ranked(rules["disputes"][settings["default_dispute"]], 0.0, 0.0, ())]
        if wanted == "never" or (wanted == "if_scored" and disputes and disputes[0].score < chosen.data["dispute_floor"]):
            disputes = []
        self.disputes = disputes
        if self.disputes:
            self.reading.decide(self.disputes[0].rule, self.disputes[0].score, self.disputes[0].hits)
        self.scripts = scripts if chosen.data["scripts"] else []
        if self.scripts:
            values[f"meta.lead.{self.scripts[0].rule.id}"] = 1.0  # what is done first follows the likeliest script
        self.stage = stage if self.scripts else None
        self.loss = loss if self.scripts else None
        if scripts and not self.scripts:  # grading must not see what the answer does not give
            for name in [n for n in values if n.startswith(("script.", "stage.", "scripts."))]:
                values[name] = 0.0

    def remember(self, recall: Recall | None) -> None:
        """What the history says, now that the labels are fixed: it came with the incident or is recalled; grading may ask for it as history.*."""
        from pipeline.repeats.answer import History, kind_of, repeat_of  # only where there is a history
        from pipeline.repeats.settings import settings_of

        category = self.categories[0].rule
        finer = self.disputes[0].rule if self.disputes else self.scripts[0].rule if self.scripts else None
        kind = kind_of(category.id, finer.id if finer else None)
        incident = self.incident
        if recall is not None:
            incident = msgspec.structs.replace(incident, history=incident.history + recall(incident, self.found, kind))
        history = History(incident, self.found, settings_of(self.pack))
        gates = [_gate_name(d.rule) for name, d in self.reading.decided.items() if name.startswith("factor.") and self._opens(d)]
        self.reading.values |= history.values(kind, gates)
        self.repeat = repeat_of(history, kind, f"{category.name}·{finer.name}" if finer else category.name)

    def assessment(self, grade: Grade, code: str, *, done: Conduct, degraded: bool = False) -> Assessment:
        """The whole answer, once the grade and what to do are known."""
        category = self.categories[0]
        self.reading.values["meta.degraded"] = float(degraded)
        self.reading.values["meta.mediation_barred"] = float(done.mediation is not None and done.mediation["eligible"] == "no")
        aside = self._set_aside()
        codes = self._review(aside)
        return Assessment(
            incident_id=self.incident.incident_id or _made_id(self.incident),
            category=Category(
                category.rule.id, category.rule.name, round(category.share, 4), self._shown(category.rule, category.hits), self._others(self.categories, "code")
            ),
            dispute=self._dispute(),
            risk=self._risk(grade, aside, done.mediation, doubtful=bool(codes)),
            fraud=self._fraud(),
            facts=self.found.to_json(self.document),
            repeat=self.repeat,
            mediation=done.mediation,
            route=done.route,
            missing_information=self._questions(),
            needs_review=Review(bool(codes), codes, tuple(self.pack.rules["review"][code].name for code in codes)),
            set_aside=aside,
            frames=tuple(sorted(name.split(".")[1] for name in self.reading.decided if name.startswith("frame."))),
            degraded=degraded,
            versions=Versions(code, self.pack.digest, self._model),
        )

    # evidence

    def evidence(self, hit: Hit) -> Evidence:
        """The hit as evidence in the original narrative."""
        made = self._evidence.get(hit)
        if made is None:
            spec = self.pack.signals[hit.signal]
            document = self.document
            start, end = document.original(hit.start, hit.end)
            clause = document.original(*span_at(document.clauses, hit.start, len(document.text)))
            by = f"{LABEL.get(spec.family, spec.family)}.{spec.rule}/{spec.group}"
            made = self._evidence[hit] = Evidence(by, start, end, document.narrative[start:end], hit.status, clause)
        return made

    def show(self, hits: Iterable[Hit]) -> tuple[Evidence, ...]:
        """The evidence of a label, in order of the text, one piece per place."""
        places: dict[tuple[int, int], Hit] = {}
        for hit in hits:
            places.setdefault((hit.start, hit.end), hit)
        return tuple(self.evidence(places[place]) for place in sorted(places)[:SHOWN])

    def _shown(self, rule: RuleSpec, hits: Iterable[Hit]) -> tuple[Evidence, ...]:
        """The evidence of a label by rule, or where none speaks for it, the words that the classifier points at."""
        found = self.show(hits)
        if found or self._advice is None:
            return found
        adviser, view, opinion = self._advice
        spans = adviser.evidence(view, opinion, f"{LABEL[rule.family]}.{rule.id}")[:SHOWN]
        return tuple(self.fact_evidence(f"model.{adviser.version}", start, end) for start, end in sorted(spans))

    def _set_aside(self) -> tuple[Evidence, ...]:
        """Words of factors, scripts and stages that were said but do not count, struck through for the reader."""
        seen: dict[tuple[int, int], Evidence] = {}
        for label, hits in self.reading.set_aside.items():
            if not label.startswith(("factor.", "script.")):
                continue
            held = self.reading.decided.get(label)
            for hit in hits:
                if held is not None and (hit.status == "hypothetical" or any(hit.start < kept.end and kept.start < hit.end for kept in held.hits)):
                    continue  # the label holds by these very words
                piece = self.evidence(hit)
                seen.setdefault((piece.start, piece.end), piece)
        return tuple(sorted(seen.values(), key=lambda piece: (piece.start, piece.end)))

    # parts of the answer

    def _others(self, ranked: Sequence[Ranked], key: str) -> tuple[dict[str, object], ...]:
        return tuple({key: entry.rule.id, "name": entry.rule.name, "score": round(entry.share, 4)} for entry in ranked[1 : 1 + ALTERNATIVES])

    def _dispute(self) -> Dispute | None:
        if not self.disputes:
            return None
        best = self.disputes[0]
        return Dispute(best.rule.id, best.rule.name, round(best.share, 4), self._others(self.disputes, "type"), self._shown(best.rule, best.hits))

    def _risk(self, grade: Grade, aside: tuple[Evidence, ...], mediation: dict[str, Any] | None, *, doubtful: bool) -> Risk:
        data = profile_data(self.pack, grade.profile)
        level = data["levels"][grade.level]
        decided = [d for name, d in sorted(self.reading.decided.items()) if name.startswith("factor.") and name not in self._left_out]
        factors = tuple(
            FactorFound(d.rule.id, d.rule.name, d.rule.data["group"], d.fresh, self._shown(d.rule, d.hits)) for d in decided if not d.rule.data["internal"]
        )
        gates = tuple(dict.fromkeys(_gate_name(d.rule) for d in decided if self._opens(d)))
        precision = self.pack.settings.get("colour_precision", {})
        score = float(precision.get(level["code"], 0.5)) * (0.8 if doubtful else 1.0)
        quotes = {hit: self.evidence(hit).quote for reason in grade.reasons for hit in reason.hits}
        return Risk(
            level["code"], level["name"], grade.profile, round(score, 4), grade.axes["urgency"], grade.axes["danger"], grade.axes["difficulty"], factors, gates,
            why_not_higher(self.pack, grade, [f"“{piece.quote}”" for piece in aside], self.reading.value), why_not_lower(grade, quotes),
            self._handling(level, mediation),
            tuple({"axis": r.axis, "id": r.id, "to": r.to, "says": r.says, "basis": r.basis} for r in grade.reasons if r.to > 0),
            tuple(d.rule.id for d in decided if d.rule.data["internal"]),
            tuple(str(self.pack.settings.get("gate_names", {}).get(gate, gate)) for gate in gates),
        )  # fmt: skip

    def _handling(self, level: dict[str, Any], mediation: dict[str, Any] | None) -> str:
        """What the level asks for in a matter of this kind."""
        return handling(
            level,
            category=self.categories[0].rule.id,
            script=self.scripts[0].rule.id if self.scripts else "",
            barred=mediation is not None and mediation["eligible"] == "no" and bool(self.disputes),
            unverified=bool(self.reading.values.get("meta.raised_blind")),
        )

    def _opens(self, decided: Decided) -> bool:
        """Whether a factor opens a gate: one that rules found and that counts."""
        return bool(decided.rule.data["gate"]) and not decided.model and bool(self.reading.values.get(f"factor.{decided.rule.id}"))

    def _fraud(self) -> Fraud | None:
        if not self.scripts:
            return None
        stage = self.stage
        scripts = tuple(
            ScriptFound(
                e.rule.id,
                e.rule.name,
                stage.id if stage else None,
                round(e.share, 4),
                self._shown(e.rule, e.hits),
                e.rule.data["remote"],
                e.rule.data["explain"].strip(),
            )
            for e in self.scripts
        )
        loss = self.loss
        told = loss is not None and loss.yuan is not None
        return Fraud(
            scripts,
            stage.id if stage else None,
            _whole(loss.yuan) if loss is not None else None,
            str(stage.data["paid"]) if stage else "no",
            plan_response(self.pack, self.reading, self.document, self.found, self.scripts, loss.yuan if loss else None),
            loss_evidence=self.fact_evidence("fact.loss", loss.start, loss.end) if loss is not None and told else None,
            stage_name=stage.name if stage else "",
            stage_evidence=self._shown(stage, self.reading.decided[f"stage.{stage.id}"].hits) if stage else (),
            money=self._extractor.payments.read(self.document, self.found),
        )

    def fact_evidence(self, by: str, start: int, end: int) -> Evidence:
        """A fact's span as evidence."""
        first, last = self.document.original(start, end)
        clause = self.document.original(*span_at(self.document.clauses, start, len(self.document.text)))
        return Evidence(by, first, last, self.document.narrative[first:last], "asserted", clause)

    def _questions(self) -> tuple[Question, ...]:
        asked = self.pack.questions.holding(self.reading.values.get)[: int(self.pack.settings["most_questions"])]
        return tuple([Question(rule.id, rule.data["question"], rule.data["would_change"]) for rule in asked])

    def _review(self, aside: tuple[Evidence, ...]) -> tuple[str, ...]:
        values = self.reading.values
        factors = self.pack.rules["factors"]
        labels = {piece.by.partition("/")[0].partition(".")[2] for piece in aside if piece.by.startswith("factor.")}
        values["meta.set_aside_gates"] = float(sum(1 for code in labels if code in factors and factors[code].data["gate"]))
        values["meta.set_aside"] = float(len(labels))
        return tuple([rule.id for rule in self.pack.review.holding(values.get)])


def _whole(yuan: float | None) -> float | int | None:
    return int(yuan) if yuan is not None and yuan == int(yuan) else yuan


def _gate_name(rule: RuleSpec) -> str:
    gate = rule.data["gate"]
    return gate if isinstance(gate, str) else rule.id


def _made_id(incident: Incident) -> str:
    """The same text gets the same id."""
    return hashlib.sha256(incident.narrative.encode("utf-8", "surrogatepass")).hexdigest()[:16]
