"""Labelled files made of the authored narratives: invented dates, areas, addresses, callers and filed labels, all by one seed."""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
AREAS = ["城关派出所", "河东派出所", "湖滨派出所", "开发区派出所", "南山派出所"]
VILLAGES = ["青枫苑小区", "阳光花园", "河湾村", "新桥市场", "锦绣家园", "东方小区", "梅林新村", "望湖公寓"]
FILED = {
    "family": "家庭婚姻纠纷", "relationship": "感情纠纷", "neighbour": "邻里纠纷", "property_mgmt": "物业纠纷", "housing": "房屋租赁纠纷", "land": "土地纠纷",
    "demolition": "征地拆迁纠纷", "labour": "劳资纠纷", "debt": "债务纠纷", "contract": "经济纠纷", "consumer": "消费纠纷", "medical": "医疗纠纷",
    "traffic_accident": "交通事故纠纷", "injury": "损害赔偿纠纷", "campus": "校园纠纷", "environment": "环境污染纠纷", "public_quarrel": "公共场所纠纷", "other_dispute": "其他纠纷",
}  # fmt: skip
FILED_CATEGORY = {
    "dispute": "治安纠纷",
    "fraud": "电信网络诈骗",
    "crime": "治安案件",
    "traffic": "交通类警情",
    "help": "群众求助",
    "service": "咨询",
    "invalid": "无效警情",
}
GRADES = {"green": "低", "yellow": "中", "orange": "高", "red": "高"}
LOWER = {"高": "中", "中": "低", "低": "低"}
HOURS = [4, 2, 2, 1, 1, 2, 3, 6, 9, 10, 10, 9, 8, 8, 9, 9, 9, 10, 11, 13, 14, 13, 10, 7]
START = dt.datetime(2025, 1, 1)


def authored() -> list[dict]:
    return [json.loads(line) for line in (ROOT / "corpora" / "authored.jsonl").read_text("utf-8").splitlines()]


def rows(count: int, seed: int = 7) -> list[dict]:
    """`count` records in order of time over 2025; about one in 25 is told again by another caller minutes later."""
    draw = random.Random(seed)
    notes = authored()
    made: list[dict] = []
    moments = sorted(START + dt.timedelta(days=draw.randrange(365), hours=draw.choices(range(24), HOURS)[0], minutes=draw.randrange(60)) for _ in range(count))
    for number, moment in enumerate(moments, 1):
        if made and draw.random() < 0.04:
            again = dict(made[-1])
            later = dt.datetime.fromisoformat(again["报警时间"]) + dt.timedelta(minutes=draw.randrange(1, 40))
            made.append(again | {"警情编号": f"3205{number:014d}", "报警时间": str(later), "报警电话": phone(draw), "报警内容": "又报: " + again["报警内容"]})
            continue
        made.append(record(draw, draw.choice(notes), number, moment))
    made.sort(key=lambda row: (row["报警时间"], row["警情编号"]))
    return made


def phone(draw: random.Random) -> str:
    return f"1390000{draw.randrange(400):04d}"


def record(draw: random.Random, note: dict, number: int, moment: dt.datetime) -> dict:
    filed = FILED.get(note["dispute_type"] or "", FILED_CATEGORY[note["category"]])
    filed = draw.choices([filed, "治安纠纷", "群众求助"], [88, 8, 4])[0] if note["category"] == "dispute" else filed
    initial = draw.choices([filed, "治安纠纷", "其他"], [80, 15, 5])[0]
    grade = GRADES[note["risk"]]
    village = draw.choices(VILLAGES, [9, 7, 5, 4, 3, 2, 2, 1])[0]
    state = draw.choices(["已化解", "调解未成", "调解中", "移交司法所", ""], [62, 12, 9, 10, 7])[0]
    return {
        "警情编号": f"3205{number:014d}",
        "报警时间": moment.strftime("%Y-%m-%d %H:%M:%S"),
        "所属辖区": draw.choices(AREAS, [8, 6, 5, 4, 2])[0],
        "案发地": f"{village}{draw.randrange(1, 9)}号楼{draw.randrange(1, 4)}单元{draw.randrange(1, 12)}0{draw.randrange(1, 5)}室",
        "报警人": draw.choice("赵钱孙李周吴郑王") + "某" + draw.choice("甲乙丙丁戊己庚辛"),
        "报警电话": phone(draw),
        "报警内容": note["text"] if draw.random() > 0.01 else "",
        "接警类别": initial,
        "处警类别": filed,
        "风险等级": grade if draw.random() > 0.12 else LOWER[grade],
        "处理结果": state,
        "满意度": draw.choices(["满意", "一般", "不满意", ""], [50, 6, 4, 40])[0],
        "fq_category": note["category"],
        "fq_dispute_type": note["dispute_type"] or "",
        "fq_risk": note["risk"],
        "fq_factors": ";".join(note["factors"]),
        "fq_fraud_scripts": ";".join(note["fraud_scripts"]),
        "fq_fraud_stage": note["fraud_stage"] or "",
        "fq_loss_yuan": "" if note["loss_yuan"] is None else str(note["loss_yuan"]),
        "fq_route": "",
        "fq_needs_review": "true" if note["uncertain"] or draw.random() < 0.05 else "false",
        "fq_review_codes": "thin_text" if note["uncertain"] else "",
        "fq_score_risk": f"{draw.random():.4f}",
    }


def write_csv(path: Path, records: list[dict], encoding: str = "utf-8-sig", delimiter: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, list(records[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(records)
    return path


def write(path: Path, records: list[dict]) -> Path:
    """By the ending: csv, jsonl, parquet or xlsx."""
    if path.suffix == ".csv":
        return write_csv(path, records)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), "utf-8")
    elif path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(records), path, row_group_size=500)
    else:
        import xlsxwriter

        with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            for line, values in enumerate([list(records[0]), *(list(record.values()) for record in records)]):
                for place, value in enumerate(values):
                    sheet.write_string(line, place, value)
    return path
