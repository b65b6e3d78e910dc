"""What only sounds like danger: an outcome that denies the report, a story from elsewhere, a homonym, a small number, a settled past.

Each kind stands beside its twins, where the same words tell of real danger that must not be lost.
"""

from __future__ import annotations

import pytest

from pipeline.values import Assessment, Incident


def _read(engine, text: str) -> Assessment:
    return engine.assess(Incident(narrative=text))


def _factors(engine, text: str) -> set[str]:
    return {factor.code for factor in _read(engine, text).risk.factors}


DENIED = [
    "接报城南烧烤店有人持刀砍人, 民警赶到现场, 店内食客划拳声大, 未见有人持刀, 无打斗痕迹, 口头提醒后离开。",
    "指令称三楼有女子被家暴。民警到场后了解系夫妻为孩子补课费口角, 双方均未动手, 现已和好。",
    "报警人称同事被关在仓库不让走, 到场核实该同事系自愿留下盘点, 随时可离开。",
    "路人报有人要跳江, 巡逻至江边核实系夜钓人员在垂钓, 安全无事。",
    "来电称女儿要割腕, 民警上门, 经了解其在房间写作业, 系与母亲赌气。",
    "接报学校门口有人绑架小孩, 到达现场核实系孩子奶奶接走, 为家人间玩笑。",
    "反馈: 报称被老板持械殴打, 调取监控, 老板并未持械, 双方无肢体接触, 系口角, 已自行和解。",
]
REAL = [
    ("接报城南烧烤店有人持刀砍人, 民警赶到现场, 一男子手臂流血, 行凶者已逃跑。", {"weapon"}),
    ("指令称三楼有女子被家暴。民警到场后见女方左眼淤青, 男方称双方均未动手。", {"domestic_violence"}),
    ("报警人称同事被关在仓库不让走, 到场核实情况属实, 门被反锁, 已将人带出。", {"confinement"}),
    ("路人报有人要跳江, 民警到场一女子坐在栏杆外, 经劝说拉上岸, 送医观察。", {"suicide_act"}),
    ("来电称女儿要割腕, 民警上门, 其在房间, 手腕有划痕, 桌上有遗书。", {"suicide_act"}),
    ("反馈: 报称被老板持械殴打, 老板称自己没有持械, 报警人额头流血, 送医。", {"assault"}),
    ("老公拿刀追我, 民警上次到场他说没有拿刀, 今天又来了, 快来。", {"weapon"}),
]


@pytest.mark.parametrize("text", DENIED)
def test_what_officers_found_cancels_what_was_reported(engine, text):
    assert _read(engine, text).risk.colour == "green"


@pytest.mark.parametrize(("text", "codes"), REAL)
def test_an_outcome_that_tells_harm_cancels_nothing(engine, text, codes):
    assessed = _read(engine, text)
    assert assessed.risk.colour in ("orange", "red")
    assert codes & {factor.code for factor in assessed.risk.factors}


ELSEWHERE = [
    "昨天看完那部电视剧, 主角把仇人一家都捅死了, 结局没看懂",
    "这本推理小说里的凶手拿斧头砍了三个人, 写得真好",
    "群里都在传那条跳桥的视频, 听说是外省的, 不知真假",
    "网上疯传的那段持刀抢劫的视频应该是南方的, 跟我们没关系吧",
    "班主任布置我们写作文, 题目是如果遇到有人放火怎么办",
    "试卷上有一道题目问, 发现有人持枪应该怎么做",
]
HERE = [
    "我正在看电视剧, 隔壁男的拿刀冲到我家门口砍门",
    "我儿子学着电视剧拿菜刀捅了他妹妹一刀, 妹妹肚子在流血",
    "我老婆发来视频说她在楼顶要跳楼, 求你们快去",
    "孩子写作业慢, 他爸拿菜刀要砍他, 快来人",
    "女主人被前夫拿刀捅了, 躺在客厅叫不醒",
    "男主人隔着门说我不想活了, 屋里煤气味很大",
]


@pytest.mark.parametrize("text", ELSEWHERE)
def test_stories_and_videos_from_elsewhere_are_no_danger(engine, text):
    assert _read(engine, text).risk.colour in ("green", "yellow")


@pytest.mark.parametrize("text", HERE)
def test_danger_beside_a_story_is_danger(engine, text):
    assert _read(engine, text).risk.colour == "red"


HOMONYMS = [
    ("施工队把我们楼的光缆打断了, 断网两天", "serious_injury"),
    ("挖机司机把自来水管挖断了, 一条街没水", "serious_injury"),
    ("他老是把我的话打断, 根本没法好好谈", "assault"),
    ("装修工不小心把一桶红油漆洒在我家门口了", "fire_explosive"),
    ("厂家和平台互相推责任, 就是不给退货", "push"),
    ("物业和开发商推来推去, 漏水没人修", "push"),
    ("楼下大爷举着手机拍我家阳台, 我不乐意", "assault"),
    ("那个男的拿手机拍我走路, 还发到群里", "assault"),
    ("他要么赔钱要么道歉, 我就这个要求", "consultation"),
    ("健身房的年卡退不下来, 老板躲着", "consultation"),
    ("我劝他别说了他没停, 一直骂", "left"),
]
MEANT = [
    ("他把我弟的腿打断了, 骨头露在外面", "serious_injury"),
    ("冲床把工人的手指头轧断了, 送医院了", "serious_injury"),
    ("要债的往我店门口泼了汽油, 手里拿着打火机", "fire_explosive"),
    ("排队时两个人互相推了几下, 都没摔倒", "push"),
    ("他拿手机砸我头, 头上起了包", "assault"),
    ("我家大门又被人泼了红漆, 说不还钱就每天来", "threat"),
    ("那辆面包车撞了我没停, 往西跑了", "left"),
    ("请问驾照丢了要带什么材料去补办", "consultation"),
]


@pytest.mark.parametrize(("text", "code"), HOMONYMS)
def test_words_that_only_sound_like_it(engine, text, code):
    assert code not in _factors(engine, text)


@pytest.mark.parametrize(("text", "code"), MEANT)
def test_the_same_words_when_they_mean_it(engine, text, code):
    assert code in _factors(engine, text)


def test_falling_in_almost_and_in_earnest(engine):
    assert _read(engine, "井盖坏了半个月, 我昨天骑车险些摔进去, 麻烦修一下").risk.colour != "red"
    assert _read(engine, "有个孩子掉进窨井里了, 在下面喊").risk.colour == "red"


@pytest.mark.parametrize("text", ["八九个家长把园长办公室堵了, 要求退伙食费", "六个业主围住物业前台讨说法, 吵得厉害", "七名村民坐在挖掘机前面不让动土"])
def test_fewer_than_ten_are_no_crowd(engine, text):
    codes = _factors(engine, text)
    assert "crowd" not in codes
    assert codes & {"group", "blockade"}


@pytest.mark.parametrize("text", ["三十八个业主把售楼部堵了要求退房", "业主们把物业公司大门堵了, 越聚越多", "五个民警拦不住, 村民们冲进指挥部"])
def test_ten_and_more_are(engine, text):
    assert "crowd" in _factors(engine, text)


def test_an_old_matter_that_is_settled_is_none_of_today(engine):
    settled = "六年前他拿棍子打过我爸, 那件事早就调解好了, 现在就是他家树根拱了我家院墙"
    today = "六年前他拿棍子打过我爸, 那件事早就调解好了, 今天他又拿棍子打我爸, 头破了"
    assert _read(engine, settled).risk.colour in ("green", "yellow")
    assert _read(engine, today).risk.colour in ("orange", "red")


def test_the_one_who_struck_is_far_away(engine):
    assert _read(engine, "我丈夫前晚喝醉扇了我一巴掌, 昨天他去外省打工了, 我来问怎么申请告诫书").risk.colour == "orange"
    assert _read(engine, "我丈夫前晚喝醉扇了我一巴掌, 昨天他去外省打工了, 刚打电话说今晚回来打死我").risk.colour == "red"
