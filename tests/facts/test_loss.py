"""What was lost in a fraud: told, summed, or not lost at all."""

from __future__ import annotations

import pytest

from pipeline.facts import extract
from pipeline.facts.loss import loss
from pipeline.text.document import read

LOSSES = [
    ("网上投资被骗3万元。", 30000), ("先返利200元,后共被骗4万元。", 40000), ("先后转账2000元、3000元给对方,发现被拉黑。", 5000), ("刷单损失3000余元。", 3000),
    ("转了980元后被拉黑。", 980), ("卡里8600元没了。", 8600), ("骗子转走她卡内1.6万元。", 16000), ("分三次汇给对方,共计5.3万元,至今联系不上。", 53000),
    ("交了380元押金,又交了600元体检费,人就没影了。", 980), ("对方称需交6000元解冻,其照做后又让其转账8000元,转了钱才知道被骗。", 14000),
    ("被骗10万元,警方止付2万元。", 100000), ("投入5万元,显示盈利9万元,无法提现。", 50000), ("第一次充了100元返了120元,后来充了8000元提不出来。", 8000),
    ("被骗近8万元。经查,其分6笔转账共计80486元。", 80486), ("甲被骗3万元,另一人被骗2万元。", 50000), ("骗取李某10万元,骗取王某5万元。", 150000),
    ("加起来两万六千八吧,是我攒的,客服号也注销了。", 26800), ("一共转了11次,总共三万七。", 37000), ("扫码后银行卡被盗刷9600元。", 9600),
    ("两千六给了就把我拉黑,能立案吗", 2600), ("为受害人挽回损失17606元。", 17606), ("前后打过去四万一,他还要。", 41000), ("看中一部手机只要1960元,付款后对方一直不发货,人也没影了。", 1960), ("有个人说能办,交五万包进,先收了我两万订金,人跑了。", 20000),
]  # fmt: skip
NO_LOSSES = [
    "对方要我转8000元,我一分没给。", "客服说能贷10万元,我没理。", "兼职日薪300元,想问是不是骗子。", "他让我先垫一万五,我没转。", "被告人获刑三年,并处罚金5万元。",
    "会计做好了186万元的付款单,预警后单子当场作废。", "说每月扣800元会员费。", "返利200元", "没有被骗", "对方索要六千,没答应,已拉黑。", "体验金888元已到账。", "几十万没了", "追回部分被骗资金33万元。", "卡里有留学保证金四十万,她还没转。",
]  # fmt: skip


@pytest.mark.parametrize(("text", "yuan"), LOSSES)
def test_the_loss_is_told(text, yuan):
    document = read(text)
    told, start, end = loss(document, extract(document))
    assert told == yuan
    assert 0 <= start < end <= len(document.text)


@pytest.mark.parametrize("text", NO_LOSSES)
def test_what_was_asked_promised_or_saved_is_no_loss(text):
    document = read(text)
    assert loss(document, extract(document)) == (None, 0, 0)
