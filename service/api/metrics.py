"""Counters for Prometheus: colours, abstentions, rule hits, drift, latency. Labels are codes and route templates, never text."""

from __future__ import annotations

import math
from collections import Counter as Tally
from collections import deque

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from pipeline.values import Assessment

_LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
RECENT, REFERENCE = 500, 5_000


class Metrics:
    """The numbers of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("fengqiao_requests_total", "请求数", ["route", "method", "status"], registry=self.registry)
        self.seconds = Histogram("fengqiao_request_seconds", "请求用时(秒)", ["route"], buckets=_LATENCY, registry=self.registry)
        self.assess_seconds = Histogram("fengqiao_assess_seconds", "研判一条用时(秒)", buckets=_LATENCY, registry=self.registry)
        self.assessed = Counter("fengqiao_assessments_total", "研判数", ["profile", "colour", "category"], registry=self.registry)
        self.review = Counter("fengqiao_needs_review_total", "需人工复核(弃判)数", ["code"], registry=self.registry)
        self.hits = Counter("fengqiao_rule_hits_total", "因素与剧本命中数", ["family", "rule"], registry=self.registry)
        self.decisions = Counter("fengqiao_decisions_total", "民警决定数", ["kind", "from_colour", "to_colour"], registry=self.registry)
        self.degraded = Gauge("fengqiao_degraded", "1: 模型未加载, 只有规则", registry=self.registry)
        self.rules_stale = Gauge("fengqiao_rules_stale", "1: 新规则未能编译, 仍用旧规则", registry=self.registry)
        self.queue = Gauge("fengqiao_open_incidents", "未决警情数", ["colour"], registry=self.registry)
        self.drift = Gauge("fengqiao_drift_psi", "近 500 条与此前 5000 条分布之差(PSI; 0.1 以下稳定, 0.25 以上须查)", ["of"], registry=self.registry)
        self.group_size = Gauge("fengqiao_commit_group_size", "每次落盘合并的写入数(平均)", registry=self.registry)
        self.encoder = Gauge("fengqiao_encoder_asked", "编码器: asked 问过的次数, late 轮到时已过时限而没有问的次数", ["outcome"], registry=self.registry)
        self.subscribers = Gauge("fengqiao_event_subscribers", "事件流连接数", registry=self.registry)
        self._drift = {"colour": Drift(), "category": Drift()}
        self._tallies: Tally[tuple[Counter, tuple[str, ...]]] = Tally()  # finding a counter's child costs ten times as much as adding one here
        self._took: dict[str, Histogram] = {}

    def visited(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._add(self.requests, route, method, str(status))
        took = self._took.get(route)
        if took is None:
            took = self._took[route] = self.seconds.labels(route)
        took.observe(seconds)

    def saw(self, answer: Assessment, seconds: float) -> None:
        """Count an assessment. Call it on the event loop: the tallies are nobody else's."""
        risk = answer.risk
        self.assess_seconds.observe(seconds)
        self._add(self.assessed, risk.profile, risk.colour, answer.category.code)
        for code in answer.needs_review.codes:
            self._add(self.review, code)
        for factor in risk.factors:
            self._add(self.hits, "factors", factor.code)
        for script in answer.fraud.scripts if answer.fraud else ():
            self._add(self.hits, "scripts", script.code)
        self._drift["colour"].add(risk.colour)
        self._drift["category"].add(answer.category.code)

    def _add(self, counter: Counter, *labels: str) -> None:
        self._tallies[counter, labels] += 1

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        for (counter, labels), count in self._tallies.items():
            counter.labels(*labels).inc(count)
        self._tallies.clear()
        for name, drift in self._drift.items():
            self.drift.labels(name).set(drift.psi())
        return generate_latest(self.registry)


class Drift:
    """Population stability index of the last 500 values against the 5,000 before them; 0 until there are as many again to compare with."""

    def __init__(self, recent: int = RECENT, reference: int = REFERENCE) -> None:
        self._recent: deque[str] = deque()
        self._reference: deque[str] = deque()
        self._sizes = recent, reference
        self._now: Tally[str] = Tally()
        self._then: Tally[str] = Tally()

    def add(self, value: str) -> None:
        """Take a value in; the oldest recent one becomes reference."""
        self._recent.append(value)
        self._now[value] += 1
        if len(self._recent) > self._sizes[0]:
            old = self._recent.popleft()
            self._now[old] -= 1
            self._reference.append(old)
            self._then[old] += 1
            if len(self._reference) > self._sizes[1]:
                self._then[self._reference.popleft()] -= 1

    def psi(self) -> float:
        """Σ (p − q) ln(p / q) over the values, with half a count added to each."""
        if len(self._reference) < self._sizes[0]:
            return 0.0
        values = {value for value in (*self._now, *self._then) if self._now[value] or self._then[value]}
        total, before = len(self._recent) + len(values) / 2, len(self._reference) + len(values) / 2
        shares = [((self._now[value] + 0.5) / total, (self._then[value] + 0.5) / before) for value in values]
        return sum((p - q) * math.log(p / q) for p, q in shares)
