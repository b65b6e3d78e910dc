"""Whatever text is sent, the service answers, marks its evidence right and stays up."""

from __future__ import annotations

import random

import pytest

from tests.service.api.conftest import ORANGE, RED

_PIECES = [
    *[
        RED,
        ORANGE,
        "",
        " ",
        "\n",
        "\0",
        "\x1b[31m",
        "﻿",
        "​",
        "‮",
        "\U000e0001",
        "🔪",
        "👨‍👩‍👧",
        "\ud7ff",
        "￿",
        "A" * 50,
        "哈" * 60,
        "０１２３",
        "１３９１２３４５６７８",
    ],
    *[
        "'; DROP TABLE incidents; --",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "${jndi:ldap://x}",
        "../../etc/passwd",
        "%00",
        "%s%n",
        "\\u0000",
        '{"narrative": 1}',
        "=cmd|'/c calc'!A1",
    ],
    *[
        "没有",
        "不是",
        "扬言",
        "转账",
        "1e308元",
        "9" * 40 + "万",
        "负3万",
        "100000000000000000000亿",
        "-1岁",
        "2月30日",
        "25点61分",
        "110",
        "(",
        "[",
        "*+?",
        "……",
        "”“",
        "、" * 20,
    ],
    *["é́́́́", "ﷺ", "ﬀ", "㍿", "①②③", "㊀", "〇零兩", "龘", "𠮷", "か", "한", "א", "ا", "ก็็็็"],
]


def hostile(chance: random.Random) -> str:
    """A text of pieces, or of any code points at all (JSON can carry no lone surrogates)."""
    if chance.random() < 0.3:
        points = (chance.randrange(0x110000) for _ in range(chance.randrange(200)))
        return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)
    return "".join(chance.choices(_PIECES, k=chance.randrange(1, 12)))


@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_text_breaks_the_service(run, count):
    service = run(rate_limit="1000000/minute")
    headers, chance = service.key(), random.Random(count)
    for start in range(0, count, 250):
        texts = [hostile(chance) for _ in range(250)]
        answered = service.client.post("/v1/assessments:batch", json={"incidents": [{"narrative": text} for text in texts]}, headers=headers)
        assert answered.status_code == 200
        for text, answer in zip(texts, answered.json()["assessments"], strict=True):
            for item in [*answer["category"]["evidence"], *answer["set_aside"], *(e for f in answer["risk"]["factors"] for e in f["evidence"])]:
                assert text[item["start"] : item["end"]] == item["quote"]
        single = service.assess(texts[start % 7], headers)
        assert single.status_code == 200
        assert service.client.get(f"/v1/assessments/{answered.json()['ids'][3]}", headers=headers).json() == answered.json()["assessments"][3]
    assert service.client.get("/readyz").status_code == 200
    assert service.client.get("/v1/audit/verify", headers=headers).json()["ok"]
