"""One person, one pseudonym. Surnames are swapped one to one, so 张建国, 张某某, 老张 and 小张 stay akin without anybody claiming that they are one."""

from __future__ import annotations

from pipeline.privacy.job import Job
from pipeline.privacy.model import Finding
from pipeline.privacy.schema import Invented, NameFile

MARKS = "甲乙丙丁戊己庚辛壬癸"


class Persons:
    """Names for the persons of a text: masked ones and invented ones."""

    def __init__(self, told: NameFile, pools: Invented) -> None:
        self._doubles = frozenset(told.double_surnames) | frozenset(pools.double_surnames)
        self._pools = pools
        self._sign = told.mask_sign
        self._little = frozenset(told.little)

    def split(self, name: str) -> tuple[str, str]:
        """Surname and the rest (given name, mask or title).

        >>> from pipeline.privacy import Deidentifier
        >>> Deidentifier.default().persons.split("欧阳女士")
        ('欧阳', '女士')
        """
        for size in (4, 3, 2):
            if name[:size] in self._doubles and len(name) > size:
                return name[:size], name[size:]
        return name[:1], name[1:]

    def masked(self, findings: tuple[Finding, ...], *, strict: bool) -> dict[str, str]:
        """Name → masked name: 张建国 → 张某某, a second 张 → 张某乙 … ; titles and masks that say no more than a surname stay unless strict."""
        made: dict[str, str] = {}
        taken = {finding.value for finding in findings if finding.kind == "name" and finding.part == "masked"}
        for finding in findings:
            name = finding.value
            if finding.kind == "name" and name not in made:
                made[name] = self._mask(finding, taken, strict=strict)
                taken.add(made[name])
        return made

    def _mask(self, finding: Finding, taken: set[str], *, strict: bool) -> str:
        name, part = finding.value, finding.part
        if part in ("titled", "masked"):
            surname, rest = self.split(name)
            return ("某某" if rest[:1] in "某*x" else "某" + rest) if strict else name if part == "titled" or "*" not in rest else surname + "某"
        if part in ("little", "surname"):
            return ("某" if part == "surname" else name[0] + "某") if strict else name
        if part in ("nick", "given") or "·" in name or part == "undotted":
            return "某某"
        surname, rest = ("", "某某") if strict else (self.split(name)[0], "某" * (len(name) - len(self.split(name)[0])))
        if surname + rest not in taken:
            return surname + rest
        return next((surname + "某" + mark for mark in MARKS[1:] if surname + "某" + mark not in taken), surname + rest)

    def removed(self, finding: Finding) -> str:
        """What stays of a name in mode remove: neither surname nor given name, only the role that was said with it."""
        name, part = finding.value, finding.part
        if part == "titled":
            return self._sign + self.split(name)[1]
        if part == "little" and name[0] in self._little:
            return name[0] + self._pools.removed.little
        return self._sign if part == "surname" else self._pools.removed.masked if part == "masked" else self._pools.removed.name

    def nameless(self, part: str, name: str) -> str:
        """What stands for a name where nobody is to be known by it: the role that was said with it, and one sign for all names.

        >>> from pipeline.privacy import Deidentifier
        >>> [Deidentifier.default().persons.nameless(*told) for told in (("full", "王建国"), ("titled", "欧阳女士"), ("little", "老李"))]
        ['某某', '某女士', '老某']
        """
        if part == "titled":
            return self._sign + self.split(name)[1]
        return name[0] + self._sign if part == "little" and name[0] in self._little else self._sign * 2

    def renamed(self, findings: tuple[Finding, ...], job: Job) -> dict[str, str]:
        """Name → invented name of the same build."""
        made: dict[str, str] = {}
        for finding in findings:
            if finding.kind == "name" and finding.value not in made:
                made[finding.value] = self._rename(finding, job, set(made.values()))
        return made

    def _rename(self, finding: Finding, job: Job, taken: set[str]) -> str:
        name, part = finding.value, finding.part
        if part in ("nick", "given"):
            return job.pick("nick", name, self._pools.nick)
        if part == "undotted" or not name[0] or "·" in name:
            return job.pick("name", name, self._pools.minority if "·" in name else self._pools.undotted)
        if part == "little":
            return (
                name[0] + self.surname(name[1:], job)
                if name[1:] in self._pools.surnames or name[0] not in "阿"
                else name[0] + job.pick("given", name, self._pools.single)
            )
        if part == "surname":
            return self.surname(name, job)
        surname, rest = self.split(name)
        if part in ("titled", "masked"):
            return self.surname(surname, job) + rest
        for step in range(len(self._pools.single)):
            new = self.surname(surname, job) + self._given(name, len(rest), job, step)
            if new not in taken and new != name:
                break
        return new

    def _given(self, name: str, length: int, job: Job, step: int) -> str:
        if length == 1:
            return job.pick("given", name, self._pools.single, step)
        return job.pick("first", name, self._pools.first) + job.pick("second", name, self._pools.second, step)

    def surname(self, surname: str, job: Job) -> str:
        """Another surname, one to one within the pool: the next one in an order that the key shuffles."""
        pool = self._pools.double_surnames if len(surname) > 1 else list(self._pools.surnames)
        if surname not in pool:
            return job.pick("surname", surname, pool)
        order = sorted(pool, key=lambda item: job.digest("surname", item))
        return order[(order.index(surname) + 1) % len(order)]
