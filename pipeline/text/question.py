"""Where a text asks and whether it breaks off: told by its first and last sentence, not by what it is about."""

from __future__ import annotations

import re

_HEAD = 28  # characters of a heading that may ask
_TAIL = 40  # characters of the last sentence that are looked at
_CLAUSE = re.compile(r"[。!?;,\n]+")
_LOOSE = " \t\r\n。.!~…,、:;"
_HEADING = re.compile(r"咨询|请问|询问|想问|想知道|想了解|请教|(?:什么|啥|几|何)时|(?:吗|么|呢|嘛)(?:[\s?。,!]|$)")
_SURE = re.compile(r"(?:(?<!怎)(?<!什)(?<!这)(?<!那)么|[吗?])$")
_ASKING = re.compile(
    r"(?:什么(?!的)|怎么(?!还)|怎样|如何|(?<!没)(?<!过不)多(?:少|久|长|大)|哪(?!家|怕|个都|儿都))(?!.{0,8}[都也])|"
    r"(?:判|关|坐|要|是|算|赔|评|休|等|罚|拘|能|得|剩|给|差|第|有效|还)(?:多少|几)(?:年|天|级|倍|号|成|个月|份)|"
    r"(?<![有没])(?<!不知道)(?<!不清楚)(?<!不晓得)谁(?![也都]|.{0,8}就)|为何|何(?:时|处|解|种|罪)|为啥|是否|能否|可否|有没有|"
    r"([能会是要该算用行可对])不\1|构不构成|属不属|合不合|犯不犯|违不违|需不需|(?:有|行|险|法|理)不$"
)
_OPEN = re.compile(
    r"(?:[还不只对打与和或把将被让在从向给由因但而且却就又再也都且并及的]|因为|所以|但是|然后|由于|如果|虽然|而且|并且|以及|或者|就是|那么|这样的|其[一二三他次中]|没有个|质量问)$"
)
_END = "。.!?~…)\"”'》"


def asks_first(text: str) -> bool:
    """Whether the heading or first sentence of a normalised text asks.

    >>> asks_first("咨询某县公租房申请条件 您好, 我在县城工作")
    True
    >>> asks_first("某小区电梯坏了三个月, 物业说没有钱, 我们每天爬楼。请问什么时候修")
    False
    """
    return _HEADING.search(re.split(r"[。!\n]| (?=\S{6})", text.lstrip()[: _HEAD + 12], maxsplit=1)[0][:_HEAD]) is not None


def asks_last(text: str) -> int:
    """Whether the end of a normalised text is a question: 2 with its mark or particle, 1 by a question word in the last clause, else 0.

    >>> asks_last("能不能退钱吗"), asks_last("医药费谁付"), asks_last("他把车开走了")
    (2, 1, 0)
    >>> asks_last("怎么劝都不听"), asks_last("这几天六户人家丢了鸡"), asks_last("人还在楼下呢")
    (0, 0, 0)
    """
    body = text.rstrip(_LOOSE)
    if _SURE.search(body):
        return 2
    return int(_ASKING.search(_CLAUSE.split(body[-_TAIL:])[-1]) is not None)


def breaks_off(text: str) -> bool:
    """Whether a text ends in the middle of a sentence: after a comma, a word that needs another, a bare number.

    >>> breaks_off("我买的房子三年了, 开发商还"), breaks_off("他不还钱")
    (True, False)
    """
    body = text.rstrip()
    if not body or body[-1] in _END:
        return False
    if body[-1] in ",、:;" or body[-1].isdigit():
        return True
    return _OPEN.search(body) is not None or 0 < len(re.split(r"[,。!?;、:\s]", body)[-1]) <= 2


def open_end(text: str) -> bool:
    """Whether a text ends without the mark of a finished sentence.

    >>> open_end("他把车开走了。"), open_end("我在一家店里办了卡")
    (False, True)
    """
    body = text.rstrip()
    return bool(body) and body[-1] not in _END
