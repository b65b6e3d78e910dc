"""The shape of a text on the page: whether it is turns of a chat, as in a screenshot read by OCR or a copied conversation."""

from __future__ import annotations

import re
from collections import Counter

_HEAD = re.compile(r"\s*([^:\n]{1,10}?)\s*(?:\d{1,2}:\d{2}(?::\d{2})?\s*)?:(?!\d)")  # 王书记: …, 客服08: …, 妈 09:12: …
_CLOCK = re.compile(r"\s*(?:\S{1,10}\s+)?(?:昨天|今天|星期.|上午|下午|晚上)?\s*\d{1,2}:\d{2}\s*")  # 14:02, 张姐 09:12
_SHORT, _LONG = 48, 130  # characters of a spoken line, and of one that is none
_RECORD = frozenset("问答")  # who speaks in a record of questioning (问: … 答: …): officers write it, nobody sent it
_LEAST, _SHARE = 3, 0.8  # turns that make a chat, and their share of the lines


def turns(text: str) -> int:
    """How many lines of a normalised text are turns of a chat; 0 where the text is no chat.

    A turn is a short line without a label, a line of a speaker who speaks twice, or a clock time. Forms (报警人: …, 地址: …) have each label once and are none.

    >>> turns("李总: 在忙吗\\n我: 不忙\\n李总: 付一笔款\\n我: 好的")
    4
    >>> turns("报警人: 张某\\n地址: 某路\\n事由: 被打")
    0
    >>> turns("问: 你讲一下经过\\n答: 他踢了我\\n问: 几下\\n答: 两下")
    0
    """
    if text.count("\n") < _LEAST - 1:
        return 0
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) < _LEAST or max(map(len, lines)) >= _LONG:
        return 0
    heads = [_CLOCK.fullmatch(line) is None and _HEAD.match(line) for line in lines]
    speakers = Counter(head.group(1) for head in heads if head)
    if speakers.keys() >= _RECORD:
        return 0
    told = sum(_is_turn(line, head, speakers) for line, head in zip(lines, heads, strict=True))
    return told if told >= _LEAST and told >= _SHARE * len(lines) else 0


def _is_turn(line: str, head: re.Match[str] | bool | None, speakers: Counter[str]) -> bool:
    if isinstance(head, re.Match):
        return speakers[head.group(1)] > 1
    return len(line) < _SHORT and not line.rstrip().endswith("。")
