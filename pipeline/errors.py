"""What can go wrong, as one small tree. Catch `FengqiaoError` to catch all of it.

FengqiaoError            every error of the product: a code, what was seen, the remedy
├── RuleError            a rule file cannot be used (start stops)
├── PatternError         a pattern in a rule file is malformed
├── ConditionError       a condition in a rule file is malformed or names something unknown
├── LoopError            a step of a case that may not be taken now
└── InputError           the input cannot be read (wrong use, wrong encoding, too large)

Messages carry the code, Chinese for users and English for engineers. They never carry a narrative, a name or a number from one.
"""

from __future__ import annotations


class FengqiaoError(Exception):
    """Base of all errors. `code` is stable and searchable (FQ…); `seen` and `remedy` are for people."""

    def __init__(self, code: str, zh: str, en: str, *, seen: str = "", remedy: str = "") -> None:
        self.code, self.zh, self.en, self.seen, self.remedy = code, zh, en, seen, remedy
        parts = [f"[{code}] {zh} / {en}", f"见到 saw: {seen}" if seen else "", f"办法 remedy: {remedy}" if remedy else ""]
        super().__init__(" · ".join(part for part in parts if part))


class RuleError(FengqiaoError):
    """A rule file is missing, malformed or contradicts another."""


class PatternError(RuleError):
    """A pattern does not follow the grammar of pipeline/rules/README.md."""


class ConditionError(RuleError):
    """A condition does not parse or names an unknown group or label."""


class LoopError(FengqiaoError):
    """A step, a visit or a reopening that may not happen to a case now."""


class InputError(FengqiaoError):
    """The input cannot be read as asked."""
