"""Treated texts: nothing planted is left, sentences and offsets hold, the same person stays the same."""

import re
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from pipeline.engine import Engine
from pipeline.errors import InputError
from pipeline.privacy import MODES, Deidentifier, Job
from pipeline.privacy.checks import id18, luhn
from pipeline.text.normalise import normalise
from pipeline.values import Incident

JOB = Job(b"a key of at least 16 bytes", "test")
TEXT = "报警人王建国（男，身份证11010519491231002X，电话138-0013-8000）称其与邻居李秀英因漏水争吵，王建国住云台区枫林路18号锦绣花园3号楼2单元501室，卡号6222021001116245702，QQ号123456789。"
SECRETS = ["王建国", "李秀英", "11010519491231002X", "138-0013-8000", "枫林路", "18号", "锦绣花园", "501", "6222021001116245702", "123456789"]


@pytest.fixture(scope="module")
def deidentifier():
    return Deidentifier.default()


@pytest.mark.parametrize("mode", MODES)
def test_no_secret_is_left_in_any_mode(deidentifier, mode):
    text = deidentifier.treat(TEXT, mode, JOB).text
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.parametrize("mode", MODES)
def test_what_is_no_person_stays_word_for_word(deidentifier, mode):
    text = deidentifier.treat(TEXT, mode, JOB).text
    for kept in ("报警人", "（男，身份证", "称其与邻居", "因漏水争吵", "云台区"):
        assert kept in text


@pytest.mark.parametrize("mode", MODES)
def test_offsets_lead_back_and_forth(deidentifier, mode):
    treated = deidentifier.treat(TEXT, mode, JOB)
    for word in ("因漏水争吵", "称其与邻居"):
        at = treated.text.index(word)
        start, end = treated.offsets.to_original(at, at + len(word))
        assert TEXT[start:end] == word
        assert treated.offsets.to_treated(start, end) == (at, at + len(word))
    for change in treated.offsets.changes:
        assert treated.offsets.to_original(change.new_start, change.new_end) == (change.start, change.end)
        finding = treated.findings[change.finding]
        assert TEXT[change.start : change.end] == finding.quote


def test_one_person_has_one_pseudonym_within_a_job_and_another_in_the_next(deidentifier):
    first, again = deidentifier.treat("王建国打人", "replace", JOB).text, deidentifier.treat("报警人王建国称被打", "replace", JOB).text
    name = first.removesuffix("打人")
    assert again == f"报警人{name}称被打"
    other = {deidentifier.treat("王建国打人", "replace", Job.random()).text for _ in range(4)}
    assert len(other) > 1


def test_short_forms_keep_the_surname_of_the_full_name_without_being_called_the_same(deidentifier):
    text = deidentifier.treat("张建国与张某某、老张争吵，李秀英劝架", "replace", JOB).text
    full, rest = text.split("与")
    masked, old = rest.split("争吵")[0].split("、")
    assert full[0] == masked[0] == old[1] != "张"
    assert text.split("，")[1][0] not in ("李", full[0])


def test_two_persons_of_one_surname_stay_two_when_masked(deidentifier):
    assert deidentifier.treat("报警人张建国称被张志强打伤", "mask", JOB).text == "报警人张某某称被张某乙打伤"


def test_invented_numbers_belong_to_nobody(deidentifier):
    text = deidentifier.treat("身份证11010519491231002X，卡号6222021001116245702，电话13800138000", "replace", JOB).text
    identity, card, mobile = (part[-length:] for part, length in zip(text.split("，"), (18, 19, 11), strict=True))
    assert id18(identity.lower())
    assert identity[:2] in ("19", "29", "39", "49", "58", "68")  # no such provinces
    assert identity[6:10] == "1949"
    assert not luhn(card)
    assert mobile[:3] in ("154", "160", "161", "163", "164", "168", "169")  # not issued


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("我叫陈静，女儿陈雨桐13岁，在青溪一中读书", "minor"),
        ("报警人王芳称被李强猥亵", "sexual_violence"),
        ("举报人赵志强要求保密，称楼上聚众赌博", "informant"),
    ],
)
def test_minors_sexual_violence_and_informants_are_treated_strictly(deidentifier, text, reason):
    treated = deidentifier.treat(text, "mask", JOB)
    assert reason in treated.strict
    assert not any(surname in treated.text for surname in "陈王李赵")
    assert "青溪" not in treated.text


def test_factors_of_an_assessment_make_strict_too(deidentifier):
    assert deidentifier.treat("王芳在家", "mask", JOB, factors=["child_abuse"]).strict == ("minor",)
    assert deidentifier.treat("王芳在家", "mask", JOB).strict == ()
    assert deidentifier.treat("王芳在家", "mask", JOB, strict="on").text == "某某在家"


def test_full_width_spaces_and_chinese_digits_keep_their_look(deidentifier):
    wide = deidentifier.treat("手机１３８００１３８０００", "replace", JOB).text
    chinese = deidentifier.treat("手机幺三八零零幺三八零零零", "replace", JOB).text
    assert all("０" <= char <= "９" for char in wide[2:])
    assert all(char in "零一二三四五六七八九" for char in chinese[2:])


def test_unknown_modes_and_short_keys_are_refused(deidentifier):
    with pytest.raises(InputError, match="FQ7002"):
        deidentifier.treat("张三", "encrypt", JOB)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="FQ7001"):
        Job(b"short")


def test_a_finding_explains_itself_and_its_record_holds_no_words(deidentifier):
    finding = deidentifier.find("报警人王建国电话13800138000")[1]
    assert "mobile/plain" in finding.explain()
    assert "电话" in finding.explain()
    assert "13800138000" not in str(finding.to_json(quote=False))


_HOSTILE = st.text(alphabet=st.sampled_from("张三王某老小欧阳·*0123456789xX-（）() ，。身份证电话QQ号楼单元室路村组年月日生\ud800\x00１２某"), max_size=60)


@settings(max_examples=300, deadline=None)
@given(_HOSTILE)
def test_any_text_is_treated_without_error_and_maps_hold(text):
    deidentifier = Deidentifier.default()
    for mode in MODES:
        treated = deidentifier.treat(text, mode, JOB)
        rebuilt, at = "", 0
        for change in treated.offsets.changes:
            rebuilt += treated.text[at : change.new_start] + text[change.start : change.end]
            at = change.new_end
        assert rebuilt + treated.text[at:] == text
    for finding in deidentifier.find(text):
        assert text[finding.start : finding.end] == finding.quote


def test_removing_leaves_the_role_and_the_kind_of_place_so_that_the_sentence_reads():
    text = "郝女士与丈夫张某某住枫林小区3号楼2单元501室, 邻居王建国电话13800138000"
    assert Deidentifier.default().treat(text, "remove", strict="off").text == "某女士与丈夫甲某住×小区, 邻居×××电话某手机号"


def test_a_hash_is_letters_behind_what_is_left_and_the_same_for_the_same_person():
    deidentifier, job = Deidentifier.default(), Job(b"0123456789abcdef")
    told = [deidentifier.treat(text, "hash", job).text for text in ("报警人王建国被打", "嫌疑人王建国在逃")]
    hashes = [re.search("×××〔([a-p]{10})〕", text)[1] for text in told]
    assert hashes[0] == hashes[1]
    assert not any(char.isdigit() for char in "".join(told))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("实名举报村支书王建国侵占", "informant"),
        ("我跟你说个事, 别说是我说的", "informant"),
        ("他摸了我女儿的大腿", "sexual_violence"),
        ("老板扒她衣服", "sexual_violence"),
        ("我孙女读初二, 被同学打了", "minor"),
        ("学生徐莎说老师罚站", "minor"),
    ],
)
def test_the_stricter_rules_hold_by_default_in_every_mode(text, reason):
    for mode in MODES:
        assert reason in Deidentifier.default().treat(text, mode).strict


@pytest.mark.parametrize("text", ["大学生毕业找工作", "他摸了摸方向盘", "举报电话号码忘了", "报警人称钱包丢了"])
def test_the_stricter_rules_leave_other_texts_alone(text):
    assert [reason for reason in Deidentifier.default().reasons(text) if reason != "informant" or "举报" not in text] == []


def test_the_engine_reads_a_hashed_text_as_if_the_marks_were_not_there():
    text = "报警人王建国称与李秀英因三万元欠款争吵,李秀英住枫林小区3号楼2单元501室"
    job = Job(b"0123456789abcdef")
    hashed, removed = (Deidentifier.default().treat(text, mode, job).text for mode in ("hash", "remove"))
    plain, offsets = normalise(hashed)
    assert hashed.count("〔") >= 4
    assert plain == normalise(removed)[0]
    assert offsets is not None
    assert all(hashed[at] == char for at, char in zip(offsets, plain, strict=False) if char in "争吵欠款")


def test_brackets_that_are_no_hash_stay():
    assert normalise("〔2024〕5号文件")[0] == "(2024)5号文件"


@pytest.mark.parametrize(
    "text", ["他跟强姐吵了两句，南哥和强姐都来了。", "门口有人姓卓，工头阮某不给钱，阮某走了。", "老孔找老耿借钱，丽姐不肯，老孔走了，丽姐报警。"]
)
def test_findings_stand_in_the_order_of_the_text_whatever_found_them(deidentifier, text):
    found = deidentifier.find(text)
    assert len(found) > 1
    assert all(one.end <= other.start for one, other in pairwise(found))
    treated = deidentifier.treat(text, "hash", JOB).text
    assert re.sub("[^，。]", "", treated) == re.sub("[^，。]", "", text)  # no clause is lost or stands twice


PLAIN = [
    "报警人王建国称，楼上邻居李秀英家水管漏水，把枫林小区3号楼2单元501室的屋顶泡了，双方吵了起来。",
    "来电人赵春梅反映，丈夫孙志强昨晚喝酒后打了她，孩子在枫林小学读书，不敢回家。",
    "鲁大妈反映，有人让她把存款转到安全账户，她转了两万元，对方叫周文斌。",
]


@pytest.mark.parametrize("text", PLAIN)
@pytest.mark.parametrize("mode", MODES)
def test_what_stands_for_a_name_is_no_sign_to_the_rules(deidentifier, mode, text):
    """A name that goes must not make of a plain report the retold case, or of a school the opponent, that 某某 and 某学校 would."""

    def labels(narrative):
        told = Engine.default().assess(Incident(narrative=narrative))
        return told.category.code, told.dispute and told.dispute.type, told.risk.colour, [one.code for one in told.risk.factors]

    assert labels(deidentifier.treat(text, mode, JOB).text) == labels(text)
