"""Handovers of the sample company: last month's, this month's, one with a gap, some still open.

Everybody acts through the functions of the chat, at the time that the file beside this one says;
what they would have been told then is long past and is not sent.
"""

from __future__ import annotations

from datetime import date, datetime, time
from io import BytesIO

from msgspec.structs import replace
from PIL import Image, ImageDraw

from bot import sample
from handlers import FEATURES
from handlers.context import Context
from handlers.conversation.forms import Answers
from handlers.handovers import (
    handover_gaps,
    handover_given,
    handover_open,
    handover_rates,
    handover_shelf,
    handover_sign,
    receipt_days,
    shelving_form,
)
from handlers.handovers.handover_given import Line
from handlers.handovers.handover_open import Start
from handlers.world import Registry, World
from rules.calendar import china
from rules.checklists import Form, Needed
from rules.handovers import GapState, ItemState, LegState, Signed
from rules.policies import Policies
from storage import attachments, dossiers, handover_items, handovers, occurrences, receipts
from storage import handover_gaps as stored_gaps
from storage.attachments import Kept
from storage.errors import StorageError
from storage.handovers import Handover
from storage.unit import Unit

CUSTODIAN = "CY009"
OPENED_AT = time(14, 30)
APART = "本次无此项"
"""Why a paper that only some cases have is not there."""


def photo() -> bytes:
    """Return the picture that stands for every photo of the sample: a sheet of paper."""
    paper = Image.new("RGB", (360, 480), "#8f8a80")
    pen = ImageDraw.Draw(paper)
    pen.rectangle((30, 30, 330, 450), fill="#fbfaf6")
    for top in range(80, 420, 26):
        pen.line((60, top, 300, top), fill="#b9b5aa", width=3)
    kept = BytesIO()
    paper.save(kept, "JPEG", quality=80)
    return kept.getvalue()


def hand_over(unit: Unit, policies: Policies, shot: Kept) -> None:
    """Write the handovers, with the register closed day by day; `shot`: see `photo`.

    Raises:
        StorageError: somebody could not do what the file says.
    """
    past = _Past(unit, World(policies, china(), Registry(FEATURES)), shot)
    days = [past.play(row) for row in sample.rows("handovers.csv")]
    past.close_register(min(days))
    past.send_figures()


class _Past:
    """What happened before the sample company opens."""

    def __init__(self, unit: Unit, world: World, shot: Kept) -> None:
        self._unit = unit
        self._world = world
        self._shot = shot

    def play(self, row: dict[str, str]) -> date:
        """Let a handover happen as the row says; return the day of its event."""
        day = sample.working_day(self._world, self._unit.now, -int(row["working_days_ago"]))
        held = self._opened(row, day)
        self._fill(self._acting(row["giver"], day, OPENED_AT), held, row)
        if when := self._when(row, day, "handed"):
            handover_sign.sure(self._acting(row["giver"], *when), (str(held.id),))
            self._require(held, LegState.HANDED)
        if when := self._when(row, day, "signed"):
            handover_sign.gaps(self._acting(CUSTODIAN, *when), (str(held.id),))
            self._require(held, LegState.SIGNED)
        if when := self._when(row, day, "supplied"):
            self._supply(held, row["giver"], *when)
        if when := self._when(row, day, "shelved"):
            self._shelve(held, *when)
        return day

    def close_register(self, first: date) -> None:
        """Close the working days of the receipt register before today. Rule: S1-09.2.5."""
        today = self._world.policies.at(self._unit.now).day
        for policy in self._world.policies.at(self._unit.now).every:
            day = first
            while policy.receipts is not None and day < today:
                span = receipt_days.span_of_day(self._world, policy, day)
                count = receipts.count(self._unit.session, policy.pack, span.first, span.end)
                if count:
                    receipts.close(
                        self._unit, policy.pack, day, at=span.end, by=CUSTODIAN, entries=count
                    )
                day = self._world.calendar.next_workday(day)

    def send_figures(self) -> None:
        """Let last month's figures count as sent: they went out on their day."""
        for one in handover_rates.struck(self._world, self._unit.now):
            occurrences.begin(self._unit, *one.job)

    def _acting(self, staff_id: str, day: date, clock: time) -> Context:
        at = datetime.combine(day, clock, self._world.zone)
        then = replace(self._unit, now=at)
        person = sample.person_of(self._unit, staff_id)
        return self._world.context(then, person, "", "", at)

    def _when(self, row: dict[str, str], day: date, what: str) -> tuple[date, time] | None:
        """Return when something was done; None: it was not. `2 16:20`: two working days on."""
        if not row[what]:
            return None
        later, clock = row[what].split()
        on = self._world.calendar.add_working_days(day, int(later)) if int(later) else day
        return on, time.fromisoformat(clock)

    def _opened(self, row: dict[str, str], day: date) -> Handover:
        ctx = self._acting(row["giver"], day, OPENED_AT)
        dossier = dossiers.get(self._unit, sample.customer_of(self._unit, row["customer"]))
        policy = ctx.in_force.governing(ctx.person.department)
        kind = policy.handover_of(row["kind"])
        if dossier is None or kind is None:
            raise StorageError(f"the sample hands over no {row['kind']} of {row['customer']}")
        asked = kind.contact_rule is not None
        start = Start(
            pack=policy.pack,
            row=kind,
            giver=ctx.person,
            subject=f"{dossier.key} {dossier.name}",
            key=dossier.key,
            day=day,
            dossier_id=dossier.id,
            contact=f"{dossier.contact} {dossier.phone}" if asked else "",
        )
        return handover_open.open_(ctx, start)

    def _fill(self, ctx: Context, held: Handover, row: dict[str, str]) -> None:
        """Say what is there of the first lines, as many as the row says; empty: of all."""
        lines = handover_given.lines(ctx, held)
        for one in lines[: int(row["lines"] or len(lines))]:
            if one.item.item == row["missing"]:
                said = {"state": ItemState.ABSENT.value, "reason": row["reason"]}
                handover_items.put(ctx.unit, one.item.id, **said)
            else:
                self._give(ctx, one)

    def _give(self, ctx: Context, line: Line) -> None:
        paper = line.there
        if paper is None or paper.needed is Needed.OPTIONAL:
            return
        if paper.needed is Needed.APPLICABLE:
            said = {"state": ItemState.NOT_APPLICABLE.value, "reason": APART}
            handover_items.put(ctx.unit, line.item.id, **said)
            return
        for _ in range(paper.photos_needed):
            shot = attachments.note_pending(
                ctx.unit, staff_id=ctx.person.id, kind="photo", name="", source="{}"
            )
            attachments.kept(ctx.unit, shot, self._shot)
            attachments.attach(ctx.unit, (shot,), handover_items.PHOTOS, line.item.id)
        form = Form.ORIGINAL if paper.form is Form.ANY else paper.form
        handover_items.put(
            ctx.unit,
            line.item.id,
            state=ItemState.PRESENT.value,
            form=form.value,
            pages=paper.sides,
            customer_signed=Signed.YES.value if paper.customer_signs else "",
            staff_signed=Signed.YES.value if paper.staff_signs else "",
        )

    def _supply(self, held: Handover, giver: str, day: date, clock: time) -> None:
        """Have what was missing supplied, and looked at at once."""
        for gap in stored_gaps.of(self._unit, held.id):
            answers = Answers({"_gap": str(gap.id), "_kind": gap.kind, "_name": held.number})
            handover_gaps.submit_supply(self._acting(giver, day, clock), answers)
            handover_gaps.accept(self._acting(CUSTODIAN, day, clock), (str(gap.id),))
            after = stored_gaps.get(self._unit, gap.id)
            if after is None or after.state != GapState.CLOSED:
                raise StorageError(f"the sample supplies nothing to {held.number}")

    def _shelve(self, held: Handover, day: date, clock: time) -> None:
        dossier = dossiers.get(self._unit, held.dossier_id or 0)
        place = dossier.location if dossier is not None else ""
        answers = Answers({shelving_form.HELD: str(held.id), "location": place})
        handover_shelf.submit(self._acting(CUSTODIAN, day, clock), answers)

    def _require(self, held: Handover, state: LegState) -> None:
        if handovers.present(self._unit, held).state != state:
            raise StorageError(f"the sample: {held.number} is not {state}")
