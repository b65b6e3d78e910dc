"""Names with characters that no list has: extension A, the planes beyond, private use."""

import pytest

from pipeline.privacy import Deidentifier, Job
from pipeline.privacy.table import Table


@pytest.mark.parametrize("char", ["㐂", "䶮", "骉", "𠮷", "𬀩", "\ue815"])
def test_a_rare_character_makes_a_name(char):
    text = f"报警人王{char}称钱包被偷,当事人李{char}明到场,赵建{char}(男)在场"
    assert [found.quote for found in Deidentifier.default().find(text)] == [f"王{char}", f"李{char}明", f"赵建{char}"]
    assert char not in Deidentifier.default().treat(text, "mask", Job(b"0" * 16)).text


@pytest.mark.parametrize("sign", ["😀", "🙏", "\U0001f468", "\uac00", "㎡", "啲"])
def test_other_signs_make_none(sign):
    assert Deidentifier.default().find(f"谢{sign}来了,小区物业方{sign}{sign}说没有") == ()


def test_a_cell_under_a_header_is_a_name_with_rare_characters_too():
    table = Table(Deidentifier.default(), ["报警人"])
    assert [treated.text for treated in table.row(("㐂田",), "mask", Job(b"0" * 16)) if treated] == ["㐂某"]
