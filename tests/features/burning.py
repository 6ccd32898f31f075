"""Short words for tests of destruction: a list of the sample company, step by step.

The archivist lists papers of a customer of the first sales department; the manager of customer
service and the head of that department appraise, the customer director approves (S2-DOSS.29).
"""

from __future__ import annotations

from handlers.conversation.messages import TICK
from rules.destruction import ListState
from storage import accounts, destructions, documents
from storage.destructions import DestructionList, Item
from storage.documents import Document
from storage.unit import Unit
from tests.features.diary import rows
from tests.features.lending import ARCHIVE, HEAD, HX, id_of
from tests.features.office import Office, Shown

MANAGER, DIRECTOR, WITNESS = "X002", "CY004", "CY016"
"""The first is the account that `posts` gives to the manager of customer service, CY005."""
WITNESS_NAME = "李志强"
PAPER = "三季度对账单"


def posts(office: Office) -> None:
    """Bind the manager of customer service, who has no account in the sample."""

    def bind(unit: Unit) -> None:
        accounts.bind(unit, office.channel, office.account(MANAGER), "CY005")

    office.change(bind)


async def list_one(
    office: Office, paper: str = PAPER, customer: str = HX, ended: str = "2025-06-30"
) -> Shown:
    """Put the original of a paper on the list; `paper` empty: the whole dossier."""
    me = office[ARCHIVE]
    await me.say(f"/destroy {customer}")
    if paper:
        shown = await me.say(paper)
        label = next(one for one in shown.labels if paper in one and "原件" in one)
        if not label.startswith(TICK):  # a single one that fits is taken at once
            await me.tap(label)
    else:
        await me.tap("整卷")
    await me.tap("完成")
    await me.tap("短期")
    await me.say(ended)
    await me.say("合同已履行完毕，无查考价值")
    return await me.tap("列入清册")


async def sent(office: Office, **what: str) -> Shown:
    """Have a list of one line sent to those who decide."""
    posts(office)
    await list_one(office, **what)
    return await office[ARCHIVE].tap("送审")


async def agree(office: Office) -> None:
    """Let everybody of the chain agree, each on the card of the list."""
    (case_id,) = rows(office, "SELECT max(id) FROM approval_case WHERE kind = 'destroy'")[0]
    for one, step in ((MANAGER, 0), (HEAD, 0), (DIRECTOR, 1)):
        await office[one].press(f"f.case.ok.{case_id}.{step}")


async def approved(office: Office, **what: str) -> DestructionList:
    await sent(office, **what)
    await agree(office)
    return the_list(office)


async def carry(office: Office, witness: str = WITNESS_NAME) -> Shown:
    """Enter place, manner and witness of the list on the custodian's last card."""
    me = office[ARCHIVE]
    await me.see()
    await me.press(f"f.destroycarry.new.{the_list(office).id}")
    await me.say("档案楼一层销毁室")
    await me.tap("粉碎")
    await me.say(witness)
    return await me.tap("提交")


def the_list(office: Office) -> DestructionList:
    """Return the last list that was begun."""
    (id_,) = rows(office, "SELECT max(id) FROM destruction")[0]

    def look(unit: Unit) -> DestructionList:
        held = destructions.get(unit, int(id_))
        assert held is not None
        return held

    return office.look(look)


def state(office: Office) -> ListState:
    return the_list(office).state


def lines(office: Office) -> tuple[Item, ...]:
    of = the_list(office).id
    return office.look(lambda unit: destructions.items(unit, of))


def paper(office: Office, words: str = PAPER, customer: str = HX) -> Document:
    """Return the original that has these words in its title."""
    of = id_of(office, customer)

    def look(unit: Unit) -> Document:
        some = documents.page(unit, of, ["none", "confidential", "secret", "top_secret"], 99)
        ids = {one.id for one in some} | {
            one.document_id for one in lines_of(unit) if one.document_id is not None
        }
        every = documents.many(unit, ids)
        return next(one for one in every if words in one.title and one.form == "original")

    return office.look(look)


def lines_of(unit: Unit) -> tuple[Item, ...]:
    return tuple(
        item
        for one in (*destructions.done(unit, 9), *destructions.agreed(unit, 9))
        for item in destructions.items(unit, one.id)
    )
