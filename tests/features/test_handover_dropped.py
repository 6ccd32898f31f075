"""What the company takes out of its regulation: papers on their way go on by it all the same."""

from __future__ import annotations

import io
from datetime import date

import pytest
from msgspec.structs import replace
from openpyxl import load_workbook

from handlers.handovers import handover_rates, receipts
from handlers.sheets.made import Made, Maker
from rules.policies import Governed, Policies
from storage.unit import Unit
from tests.features.desk import acting
from tests.features.handing import filled, gaps, hand, legs, now, sign
from tests.features.keeping import later
from tests.features.office import Office, one_channel
from tests.features.showroom import (
    ARCHIVE,
    CHIEF,
    DIRECTOR,
    SELLER,
    delivered,
    last,
    leg,
    sells,
)
from tests.features.test_handover_extension import ask, lends, paid_out

MISSING = {"state": "absent", "reason": "客户未取"}
WAYS = pytest.mark.parametrize("drops", ["kinds", "pack", "own file"])


def drop(office: Office, way: str) -> None:
    """Let the company hand nothing over any more from today on: it takes the kinds out of its
    pack, lists the pack no more, or lists no more a file of its own that nothing else ships."""
    world = office.app.world
    company, dealer = world.policies.governed
    before = dealer.versions[0]
    today = date(2026, 9, 15)
    match way:
        case "kinds":
            without = replace(before, handover=(), receipts=None, effective_from=today)
            policies = Policies((company, replace(dealer, versions=(before, without))))
        case _:
            policies = Policies((company,), former=(Governed(dealer.versions),))
    office.app.world = replace(world, policies=policies)
    office.app._housekeeping._world = office.app.world


def own_file(office: Office) -> None:
    """Let the dealer's pack be one of the company's own: the package has none of that name."""
    world = office.app.world
    company, dealer = world.policies.governed
    own = tuple(replace(one, pack="our-cars") for one in dealer.versions)
    policies = Policies((company, replace(dealer, versions=own)))
    office.app.world = replace(world, policies=policies)
    office.app._housekeeping._world = office.app.world


def pack(way: str) -> str:
    return "our-cars" if way == "own file" else "auto-dealer"


async def on_its_way(office: Office, way: str) -> None:
    """Start a new car's handover by a pack that is then dropped, on the day after."""
    sells(office)
    if way == "own file":
        own_file(office)
    await delivered(office)
    await office[SELLER].see()
    await later(office, "09-15 08:30")
    drop(office, way)


@one_channel
@WAYS
@pytest.mark.rule("S1-09.7.1")
class TestGivenItIsTakenOut:
    async def test_then_its_papers_are_handed_over_signed_and_shown(
        self, office: Office, drops: str
    ) -> None:
        await on_its_way(office, drops)
        held = last(office)
        shown = await office[SELLER].press(f"f.handover.card.{held.id}")
        assert "S1-09.4.1" in shown
        assert held.number in await office[SELLER].say("/handover")
        filled(office, held, purchase_invoice=MISSING)
        await hand(office, held)
        assert held.number in await office[ARCHIVE].say("/handover")
        await sign(office, held)
        (gap,) = gaps(office, held)
        assert now(office, held).state == "complete"
        assert "待上架" in await office[ARCHIVE].say("/handover")
        assert held.number in await office[SELLER].say("/handover")
        await office[SELLER].press(f"f.gap.supply.{gap.id}")
        await office[SELLER].say("跳过")
        await office[ARCHIVE].press(f"f.gap.accept.{gap.id}")
        assert now(office, held).gaps == 0

    async def test_then_its_clock_runs(self, office: Office, drops: str) -> None:
        await on_its_way(office, drops)
        await later(office, "09-15 09:00")
        assert last(office).number in await office[SELLER].see()
        await office[ARCHIVE].see()
        await later(office, "09-18 08:00")
        assert "资料未按时移交" in await office[ARCHIVE].see()

    async def test_then_who_settles_is_asked(self, office: Office, drops: str) -> None:
        await on_its_way(office, drops)
        held = last(office)
        filled(office, held)
        await hand(office, held)
        rev = now(office, held).rev
        await office[ARCHIVE].press(f"f.sign.dispute.{held.id}.{rev}")
        await office[ARCHIVE].say("合同不在内")
        assert legs(office, held)[0].state == "disputed"
        assert held.number in await office[DIRECTOR].say("/handover")

    async def test_then_register_and_figures_have_it(self, office: Office, drops: str) -> None:
        await on_its_way(office, drops)
        held = last(office)
        filled(office, held, purchase_invoice=MISSING)
        await hand(office, held)
        await sign(office, held)
        assert held.number in await office[ARCHIVE].say("签收簿")
        rows = sheet(office, receipts.make_workbook, ARCHIVE, pack(drops))
        assert held.number in rows
        assert "购车发票" in rows
        shown = await office[DIRECTOR].say("移交月报")
        assert "汽车销售部：应交 1" in shown
        assert "新车档案" in sheet(office, handover_rates.make, DIRECTOR, pack(drops))
        await later(office, "10-08 09:00")
        assert "汽车销售部：应交 1" in await office[DIRECTOR].see()


def sheet(office: Office, maker: Maker, who: str, pack: str) -> str:
    """Return the words of a month's workbook."""

    def work(unit: Unit) -> Made:
        return maker(acting(office, unit, who), (pack, "202609"))

    files = office.look(work).files
    book = load_workbook(io.BytesIO(files[-1].content))
    return "\n".join(
        str(cell) for row in book.active.iter_rows(values_only=True) for cell in row if cell
    )


@one_channel
@pytest.mark.rule("S1-09.7.1", "S4-LOAN.4.5b")
async def test_more_time_is_still_asked_for_and_allowed(office: Office) -> None:
    lends(office)
    held = paid_out(office)
    drop(office, "pack")
    await ask(office, held)
    await office[SELLER].tap("提交")
    await office[CHIEF].see()
    await office[CHIEF].tap("同意")
    assert leg(office, held).due_on == date(2026, 9, 24)
