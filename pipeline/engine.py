"""`assess(incident) -> Assessment`: the one composition that batch, command line, API and page all call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from pipeline import decide, facts
from pipeline.advice import Adviser, View
from pipeline.answer import Answer, Loss
from pipeline.facts.questions import QuestionReader
from pipeline.fuse import Labels, doubted, fuse, higher, raised, settles, undoubted, unrested
from pipeline.grade import Grade, grade
from pipeline.match.reading import Reading
from pipeline.match.scan import Spans, scan
from pipeline.playbook.conduct import conduct
from pipeline.playbook.desk import Desk
from pipeline.rulepack.pack import Pack, RuleSpec
from pipeline.rulepack.store import load_pack
from pipeline.text.document import Document, read
from pipeline.text.plain import chinese
from pipeline.text.shape import turns
from pipeline.values import Assessment, Incident, Recall
from pipeline.weigh import weigh_matter

CODE_VERSION = "0.1.0"


class Engine:
    """Rules compiled once, then any number of narratives. Holds no state of a narrative; safe to share between threads.

    >>> Engine.default().assess(Incident(narrative="楼上漏水, 把我家屋顶泡了, 找他他不管。")).dispute.type
    'neighbour'
    """

    def __init__(self, pack: Pack, *, profile: str | None = None, playbook: str | None = None, adviser: Adviser | None = None, degraded: bool = False) -> None:
        self.pack, self.adviser, self.degraded = pack, adviser, degraded
        self.profile = profile or str(pack.settings["default_profile"])
        self.playbook = playbook or str(pack.settings["default_playbook"])
        self.extractor = facts.Extractor(pack.facts)
        self._desks: dict[str, Desk] = {}
        self.desk(self.playbook)  # a playbook that cannot be used stops the start, not a call

    @classmethod
    def load(cls, overlays: Sequence[Path] = (), *, profile: str | None = None, playbook: str | None = None) -> Engine:
        """An engine over the shipped rules and local overlays. Raises RuleError where a file cannot be used."""
        return cls(load_pack(overlays), profile=profile, playbook=playbook)

    @classmethod
    @cache
    def default(cls) -> Engine:
        """The engine over the shipped rules alone, made once per process."""
        return cls.load()

    def desk(self, playbook: str) -> Desk:
        """The playbook compiled, made once. Raises RuleError for an unknown one."""
        desk = self._desks.get(playbook)
        if desk is None:
            desk = self._desks[playbook] = Desk(self.pack, playbook)
        return desk

    def read(self, incident: Incident) -> tuple[Document, Reading, facts.Facts]:
        """Normalise, extract facts, scan and settle context: everything before the labels."""
        longest = int(self.pack.settings["longest_narrative"])
        document = read(incident.narrative if len(incident.narrative) <= longest else incident.narrative[:longest])
        found = self.extractor.extract(document, incident.occurred_at)
        values = _fact_values(document, found, self.extractor.questions)
        values["meta.truncated"] = 1.0 if len(incident.narrative) > longest else 0.0
        return document, decide.read_narrative(self.pack, document, self.spans(document), values, incident.channel), found

    def spans(self, document: Document) -> Spans:
        """Where the phrases of the rules stand in a document."""
        return scan(self.pack, document.text)

    def assess(self, incident: Incident, *, profile: str | None = None, playbook: str | None = None, recall: Recall | None = None) -> Assessment:
        """Assess one incident, with the history that it carries and what `recall` knows besides.

        Never raises on any narrative; raises RuleError for an unknown profile or playbook.
        """
        answer, labels = self._labelled(incident)
        profile = profile or self.profile
        if self.adviser is None or not answer.document.says_something:
            self._settle(answer, labels)
            if self.adviser is not None:  # of nothing a classifier has no opinion, and blanks are no more than the empty text
                answer.unasked(self.adviser)
            _remember(answer, recall)
            graded = grade(self.pack, answer.reading, profile)
            answer.leave_out(unrested(answer.reading, graded, answer.against))
        else:
            graded = self._advised(self.adviser, answer, labels, profile, recall)
        done = conduct(self.desk(playbook or self.playbook), answer, graded)
        return answer.assessment(graded, CODE_VERSION, done=done, degraded=answer.degraded if self.adviser else self.degraded)

    def _labelled(self, incident: Incident) -> tuple[Answer, Labels]:
        """What the rules make of a narrative, before it is settled."""
        document, reading, found = self.read(incident)
        answer = Answer(self.pack, incident, document, reading, found, self.extractor)
        decide.decide_factors(self.pack, reading)
        scripts = decide.decide_scripts(self.pack, reading)
        if scripts:  # a stage may ask whether the text tells a loss
            self._loss(answer)
        stage = decide.decide_stage(self.pack, reading) if scripts else None
        disputes = decide.decide_scored(self.pack, reading, "disputes")
        weigh_matter(self.pack, reading)
        categories = decide.decide_scored(self.pack, reading, "categories")
        return answer, Labels(categories, disputes, scripts, stage)

    def settled(self, incident: Incident) -> Reading:
        """The reading with every label that the rules settle on; nothing is graded. What sums of signs are fitted on."""
        answer, labels = self._labelled(incident)
        self._settle(answer, labels)
        return answer.reading

    def _advised(self, adviser: Adviser, answer: Answer, labels: Labels, profile: str, recall: Recall | None) -> Grade:
        """Settle with a classifier's opinion. What rules alone make of it is graded first: that is the floor."""
        reading = answer.reading
        mark = reading.mark()
        self._settle(answer, labels)
        base = grade(self.pack, reading, profile)
        reading.back_to(mark)
        known = base if profile == adviser.profile else None
        view = View(self.pack, answer.document, reading, labels.categories, labels.disputes, labels.scripts, labels.stage, known)
        opinion = adviser.labels(view)
        levels = adviser.levels(opinion, base.axes, base.level) if known is not None else ()
        self._settle(answer, fuse(self.pack, reading, labels, opinion))
        if levels and settles(self.pack, opinion, levels):
            base, reading.values["meta.thin_evidence"] = undoubted(self.pack, reading, base), 0.0
        _remember(answer, recall)
        result = higher(base, grade(self.pack, reading, profile))
        if levels:
            result = raised(self.pack, reading, result, levels)
        answer.advised(adviser, view, opinion)
        answer.leave_out(unrested(reading, result, doubted(self.pack, opinion, answer.against)))
        return result

    def _settle(self, answer: Answer, labels: Labels) -> None:
        """Settle the labels; where the best category reports fraud and no script is known, its default script stands in."""
        reading, scripts, stage = answer.reading, labels.scripts, labels.stage
        script = answer.default_script(labels.categories) if not scripts else None
        if scripts or script:
            self._loss(answer)
        if script is not None:  # deceived in a way that no script tells: the stage and the loss still matter
            scripts = [script]
            reading.decide(script.rule, script.score, script.hits)
        for entry in scripts:
            reading.values[f"script.{entry.rule.id}"] = 1.0
        reading.values["script.loses"] = float(any(entry.rule.data["loses"] for entry in scripts))
        if scripts and stage is None:
            reading.values["script.any"], reading.values["script.count"] = 1.0, float(len(scripts))
            stage = decide.decide_stage(self.pack, reading)
        if scripts and stage is not None:
            decide.hold_stage(reading, stage)
        loss = self._loss_at(answer, stage) if scripts else None
        answer.settle(labels.categories, labels.disputes, scripts, stage, loss)
        answer.against = decide.settle_factors(self.pack, reading)

    def _loss(self, answer: Answer) -> Loss:
        """The loss as the text tells it, for the stages to ask."""
        if answer.told is None:
            answer.told = Loss(*self.extractor.loss.read(answer.document, answer.found))
        gone = answer.told.yuan is not None and self.extractor.loss.sure(answer.document, answer.found)
        answer.reading.values["fact.loss_sure"] = 1.0 if gone else 0.0
        return _told(answer, answer.told)

    def _loss_at(self, answer: Answer, stage: RuleSpec | None) -> Loss:
        """The loss once the stage is known: none where nothing went; where money did go, the one sum that the text gives."""
        told = self._loss(answer)
        if not answer.reading.values["script.loses"] and not answer.reading.values["fact.loss_sure"]:  # he moved what others lost
            return _told(answer, Loss(None, 0, 0))
        if stage is None or stage.data["paid"] == "attempting":
            return told
        if stage.data["lost"] == "never":
            return _told(answer, Loss(None, 0, 0))
        if stage.data["paid"] == "yes" and told.yuan is None:
            return _told(answer, Loss(*self.extractor.loss.read(answer.document, answer.found, paid=True)))
        return told

    def assess_many(self, incidents: Iterable[Incident]) -> Iterable[Assessment]:
        """Assess one after another, in order."""
        return (self.assess(incident) for incident in incidents)


def _told(answer: Answer, loss: Loss) -> Loss:
    answer.reading.values["fact.loss"] = float(loss.yuan or 0)
    answer.reading.values["fact.loss_told"] = 1.0 if loss.yuan else 0.0
    return loss


def _remember(answer: Answer, recall: Recall | None) -> None:
    if answer.incident.history or recall is not None:
        answer.remember(recall)


def _fact_values(document: Document, found: facts.Facts, questions: QuestionReader) -> dict[str, float]:
    """The `fact.*` operands of conditions."""
    text = document.text
    han, common = chinese(text)
    return {
        "fact.people": float(found.people or 0),
        "fact.households": float(found.households or 0),
        "fact.money": float(found.sum or 0),
        "fact.calls": float(found.calls or 0),
        "fact.victim_age": float(found.victim_age if found.victim_age is not None else 999),
        "fact.length": float(han),
        "fact.han": han / len(text) if text else 0.0,
        "fact.common": common / han if han else 0.0,
        "fact.characters": float(len(text)),
        "fact.said": float(document.says_something),
        "fact.turns": float(turns(text)),
        "fact.asks_first": float(questions.asks_first(text)),
        "fact.asks_last": float(questions.asks_last(text)),
        "fact.breaks_off": float(questions.breaks_off(text)),
        "fact.open_end": float(questions.open_end(text)),
    }
