"""Citations: which version of a law was in force on the day, what it says, and what the reader must be warned of."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from pipeline.errors import RuleError
from pipeline.rulepack.pack import Pack

_DIGITS = "零一二三四五六七八九"


def article_name(number: str) -> str:
    """The Chinese name of an article.

    >>> article_name("178"), article_name("9"), article_name("15")
    ('第一百七十八条', '第九条', '第十五条')
    """
    return f"第{_chinese(int(number))}条" if number.isdigit() else number


def _chinese(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (_DIGITS[ones] if ones else "")


def _joined(cited: list[dict[str, Any]]) -> str:
    """Citations in a row; articles of one law after each other name it once."""
    text, before = "", ""
    for entry in cited:
        same = entry["law"] == before
        text += ("、" if text else "") + (article_name(entry["article"]) if same else entry["citation"])
        before = entry["law"]
    return text


class Laws:
    """All laws of a pack. Between two `epochs` nothing about a citation changes, so that each is made once per epoch."""

    def __init__(self, pack: Pack) -> None:
        self._laws = {rule.id: rule.data for rule in pack.rules["laws"].values()}
        self._made: dict[tuple[str, int], dict[str, Any]] = {}
        self._cited: dict[tuple[tuple[str, ...], int], dict[str, Any]] = {}

    @cached_property
    def epochs(self) -> list[dt.date]:
        """The days on which some citation changes, in order."""
        return sorted(set(self._days()))

    def _days(self) -> Iterator[dt.date]:
        for law in self._laws.values():
            yield dt.date.fromisoformat(law["review_by"])
            for version in law["versions"]:
                yield dt.date.fromisoformat(version["in_force"])
                for warning in version["warnings"]:
                    yield dt.date.fromisoformat(warning["since"])

    @cached_property
    def _newest(self) -> int:
        return bisect_right(self.epochs, max(dt.date.fromisoformat(version["in_force"]) for law in self._laws.values() for version in law["versions"]))

    def epoch(self, day: dt.date | None) -> int:
        """The number of the epoch of a day; without a day, that in which the newest version of all came into force."""
        return self._newest if day is None else bisect_right(self.epochs, day)

    def check(self, cite: str, where: str) -> None:
        """Raises RuleError where `law#article` is not in laws/."""
        law, _, article = cite.partition("#")
        if law not in self._laws or not all(article in version["articles"] for version in self._laws[law]["versions"]):
            raise RuleError(
                "FQ1402", "引用的法条不存在", "cited article is not in laws/", seen=f"{where} · {cite}", remedy="在 pipeline/rules/laws 补上该条, 各版本都要有"
            )

    def cited(self, cites: tuple[str, ...], epoch: int) -> dict[str, Any]:
        """Several citations as the answer shows them: citation (text, empty where there is none), warnings."""
        made = self._cited.get((cites, epoch))
        if made is None:
            each = [self.cite(cite, epoch) for cite in cites]
            warnings = dict.fromkeys(entry["warning"] for entry in each if entry["warning"])
            made = self._cited[cites, epoch] = {"citation": _joined(each), "warnings": list(warnings)}
        return made

    def cite(self, cite: str, epoch: int) -> dict[str, Any]:
        """One citation: citation (text), law, article, version, in_force, says, warning (None where there is none)."""
        made = self._made.get((cite, epoch))
        if made is None:
            made = self._made[cite, epoch] = self._cite(cite, self.epochs[epoch - 1] if epoch else self.epochs[0])
        return made

    def _cite(self, cite: str, day: dt.date) -> dict[str, Any]:
        code, _, article = cite.partition("#")
        law = self._laws[code]
        versions = [version for version in law["versions"] if dt.date.fromisoformat(version["in_force"]) <= day] or law["versions"][:1]
        version = max(versions, key=lambda entry: entry["in_force"])
        warnings = [warning["says"] for warning in version["warnings"] if dt.date.fromisoformat(warning["since"]) <= day]
        if version["wording"] == "reported":
            warnings.append(f"条文据公开转载({version['checked']} 核), 未与官方文本逐字核对")
        if day >= dt.date.fromisoformat(law["review_by"]):
            warnings.append(f"法条文本核对于 {version['checked']}, 已过复核期, 引用前请核对现行有效版本")
        return {
            "citation": f"《{law['short']}》({version['label']}){article_name(article)}",
            "law": code,
            "article": article,
            "version": version["label"],
            "in_force": version["in_force"],
            "says": version["articles"][article],
            "warning": "; ".join(warnings) or None,
        }
