"""A small company for tests: seven people and the customers a test names."""

from __future__ import annotations

from datetime import UTC, date, datetime

from storage import dossiers, notes, staff
from storage.dossiers import DossierRow
from storage.staff import StaffRow
from storage.unit import Unit

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
TODAY = date(2026, 9, 14)

PEOPLE = (
    StaffRow("gm", "陆建澄", "总经理办公室", ("gm",), clearance="top_secret"),
    StaffRow("dir", "周明远", "销售中心", ("sales_director",), "gm", head_of=("销售中心",)),
    StaffRow("head", "王海峰", "销售一部", ("sales_manager",), "dir", head_of=("销售一部",)),
    StaffRow("zhang", "张晓雯", "销售一部", ("salesperson",), "head", "li"),
    StaffRow("li", "李志强", "销售一部", ("salesperson", "statistician"), "head"),
    StaffRow("shan", "单志远", "客户服务部", ("custodian",), "gm"),
    StaffRow("left", "魏东", "销售一部", ("salesperson",), "head", active=False),
)


def staffed(unit: Unit) -> None:
    for row in PEOPLE:
        staff.save(unit, row)


def customer(unit: Unit, name: str, keeper: str = "zhang", **more: object) -> int:
    number = dossiers.draw_number(unit, "KH-{}-{:04d}".format, 2026)
    row = DossierRow(name=name, keeper=keeper, number=number, **more)
    return dossiers.add(unit, row, by="shan")


def note(
    dossier_id: int, author: str = "zhang", at: datetime = NOW, **more: object
) -> notes.NewNote:
    values: dict[str, object] = {
        "day": TODAY,
        "manner": "visit",
        "body": "谈二季度订单",
        "filed_at": at,
        "deadline": datetime(2026, 9, 14, 16, 0, tzinfo=UTC),
        "on_time": True,
        **more,
    }
    return notes.NewNote(dossier_id=dossier_id, author=author, **values)
