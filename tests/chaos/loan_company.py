"""A company of any size that lends its papers: sales departments, an archive, who decides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random

from bench import names
from bot.clock import Clock
from bot.demo import settings_for
from bot.offline import Store
from bot.settings import Settings
from storage import accounts, documents, dossiers, staff
from storage.crypto import Vault
from storage.database import Database
from storage.documents import DocumentRow
from storage.dossiers import DossierRow
from storage.staff import StaffRow
from storage.unit import Unit

GM, DIRECTOR, MANAGER, SUPERVISOR = "A001", "A002", "C001", "C002"
SPECIALISTS, CUSTODIANS = ("C003", "C004"), ("C005", "C006")
ARCHIVE = "客户服务部"
TEAM = 20
"""People of a sales department, its head included."""
SLICE = 250
PAPERS = (("框架供货合同", 12), ("质量保证协议", 7), ("对账单", 3))
"""Titles and pages of what lies in every fifth dossier; of the others nothing is listed."""


@dataclass(frozen=True)
class Company:
    settings: Settings
    heads: dict[str, str]
    """Head of each sales department."""
    sellers: tuple[str, ...]
    dossiers: tuple[int, ...]


def made(folder: Path, people: int, customers: int, clock: Clock, seed: int) -> Company:
    """Make a company in an empty folder."""
    folder.mkdir()
    settings = settings_for(folder, 0, "customer-service")
    vault = Vault.create(settings.storage.key_file)
    database = Database.open(settings.storage.url, upgrade=True)
    try:
        database.match(vault)
        store = Store(database, vault, clock)
        rows = _people(people, Random(seed))
        store.run(partial(_hire, rows))
        heads = {row.department: row.id for row in rows if row.roles == ("sales_manager",)}
        sellers = tuple(row.id for row in rows if row.roles == ("salesperson",))
        kept: list[int] = []
        titles = islice(names.company_names(seed), customers)
        lines = [
            DossierRow(
                title, keeper := sellers[at % len(sellers)], f"KH-{at:05}",
                department=next(row.department for row in rows if row.id == keeper),
            )
            for at, title in enumerate(titles)
        ]  # fmt: skip
        for start in range(0, customers, SLICE):
            kept += store.run(partial(_file, lines[start : start + SLICE]))
        for start in range(0, customers, SLICE):
            store.run(partial(_fill, kept[start : start + SLICE : 5]))
    finally:
        database.close()
    return Company(settings, heads, sellers, tuple(kept))


def _people(count: int, chance: Random) -> list[StaffRow]:
    """Return the managers and the archive, then sales departments until all are there."""
    rows = [
        StaffRow(GM, "顾怀瑾", "总经理办公室", ("gm",), head_of=("总经理办公室",)),
        StaffRow(DIRECTOR, "沈立言", "总经理办公室", ("sales_director",), GM),
        StaffRow(MANAGER, "周敏", ARCHIVE, ("cs_manager",), GM, head_of=(ARCHIVE,)),
        StaffRow(SUPERVISOR, "何景", ARCHIVE, ("info_supervisor",), MANAGER),
        *(
            StaffRow(one, names.person(chance), ARCHIVE, ("info_specialist",), SUPERVISOR)
            for one in SPECIALISTS
        ),
        *(
            StaffRow(one, names.person(chance), ARCHIVE, ("custodian",), SUPERVISOR)
            for one in CUSTODIANS
        ),
    ]
    head = DIRECTOR
    for at in range(count - len(rows)):
        team = f"销售{at // TEAM + 1}部"
        name, id_ = names.person(chance), f"S{at + 1:03}"
        if at % TEAM == 0:
            head = id_
            rows.append(StaffRow(id_, name, team, ("sales_manager",), DIRECTOR, head_of=(team,)))
        else:
            rows.append(StaffRow(id_, name, team, ("salesperson",), head))
    return rows


def _hire(rows: list[StaffRow], unit: Unit) -> None:
    for row in rows:
        staff.save(unit, row)
        accounts.bind(unit, "phones", row.id, row.id)


def _file(rows: list[DossierRow], unit: Unit) -> tuple[int, ...]:
    return dossiers.add_all(unit, rows, by=SUPERVISOR)


def _fill(ids: list[int], unit: Unit) -> None:
    for one in ids:
        for title, pages in PAPERS:
            documents.add(unit, one, DocumentRow(title, "original", pages=pages, copies=1))
