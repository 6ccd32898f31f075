"""Who hears of an incident: everybody at once, each again until that very person has confirmed.

It does not wait for the end of quiet hours, the first time or any time after. Everybody told has
a clock of their own, so that one's confirmation stops nobody else's (C-06). The trap is the one
who left or whom no message reaches: the next in line is told as well.
"""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from handlers import ladders
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Mode
from handlers.feature import Clockwork
from handlers.incidents import incident_cards as cards
from handlers.incidents.incident_cards import Held
from handlers.texts import N_, Texts
from rules import incidents as rules
from rules.access import StaffId
from rules.hearers import Concern, Hearer, Telling
from rules.hours import after_quiet
from rules.incidents import IncidentKind
from rules.policy import Policy
from rules.steps import IN_NEED
from storage import accounts, ledger, staff
from storage import incidents as stored
from storage.directory import StaffDirectory
from storage.incidents import CHECK, KNOW, Incident, Told
from storage.staff import Person

KIND = "incident"
"""Of the clocks; a case is one row of who is told."""

Gaps = tuple[tuple[str, StaffId | None], ...]

REMIND = N_("{number} ({kind}) still waits for your confirmation.")
REMIND_COUNT = N_("{number} ({kind}): the count of the archive is still awaited ({rule}).")
NEED = N_("{number} ({kind}): nobody could be told of it. Please look at the staff list.")


def tell_all(ctx: Context, incident: Incident, about: str | None) -> Gaps:
    """Tell everybody whom the policy names; return the posts that have nobody.

    `about`: whose superior the policy means by one. Rule: C-06, S2-INFO.27, S2-DOSS.23b.
    """
    one = cards.held(ctx, incident)
    policy, kind = cards.policy_of(ctx, incident, one.dossier), IncidentKind(incident.kind)
    concern = _concern(ctx, one, about)
    told = rules.told_of(policy, kind)
    heard = _telling(ctx).heard(told.to, concern)
    rows = [_note(ctx, policy, incident, KNOW, each, told.rule) for each in heard.hearers]
    gaps = heard.gaps
    if rules.is_checked(policy, kind):
        counting = _telling(ctx).heard(policy.incident.check_to, concern, reporter_too=True)
        rule = policy.incident.check_rule
        rows += [_note(ctx, policy, incident, CHECK, each, rule) for each in counting.hearers]
        gaps += tuple(gap for gap in counting.gaps if gap not in gaps)
    people = dict.fromkeys(row.staff_id for row in rows if row is not None)
    for staff_id in people:
        if staff_id != incident.reported_by:
            send(ctx, incident, staff_id)
    if not any(reached(ctx, StaffId(staff_id)) for staff_id in people):
        _need(ctx, incident)
    return gaps


def send(ctx: Context, incident: Incident, staff_id: str) -> None:
    """Send somebody the card, also in quiet hours."""
    person = staff.get(ctx.session, staff_id)
    if person is None or not person.active or not person.home_channel:
        return
    ctx.tell(
        person.id,
        partial(drawn, ctx, incident, person),
        f"incident:{incident.id}:to:{ctx.new_id()}",
        slot=cards.slot(incident.id),
        to=(person.home_channel, person.home_account),
    )


def drawn(ctx: Context, incident: Incident, reader: Person, texts: Texts) -> Card:
    """Return the card as things are at the end of the unit."""
    return cards.draw(ctx, cards.held(ctx, incident), reader, texts)


def redraw(ctx: Context, one: Held) -> None:
    """Let every copy of the card show what is so; the tapped one is drawn by the answer.

    Where a card cannot change, who reported it gets a new one, but not in quiet hours.
    """
    office = ctx.policy.time
    quiet = after_quiet(ctx.now, office.quiet_hours, office.zone) > ctx.now
    slot = cards.slot(one.incident.id)
    for person in people(ctx, one):
        for chat in accounts.of_person(ctx.session, person.id):
            place = chat.channel, chat.account
            here = place == (ctx.channel, ctx.account)
            if here and ctx.tapped == slot:
                continue
            reporter = person.id == one.incident.reported_by and not here and not quiet
            loud = reporter and place == (person.home_channel, person.home_account)
            reader = replace(person, home_channel=chat.channel, home_account=chat.account)
            ctx.tell(
                person.id,
                partial(drawn, ctx, one.incident, reader),
                f"incident:{one.incident.id}:copy:{ctx.new_id()}",
                slot=slot,
                mode=Mode.REDRAW if loud else Mode.TIDY,
                to=place,
            )


def people(ctx: Context, one: Held) -> list[Person]:
    """Return everybody active whom it concerns, who reported it first."""
    ids = dict.fromkeys(filter(None, (one.incident.reported_by, *(r.staff_id for r in one.told))))
    found = (staff.get(ctx.session, each) for each in ids)
    return [each for each in found if each is not None and each.active]


def _telling(ctx: Context) -> Telling:
    return Telling(StaffDirectory(ctx.session, ctx.today), partial(reached, ctx), ctx.today)


def reached(ctx: Context, staff_id: StaffId) -> bool:
    """Return whether a message reaches that person now."""
    person = staff.get(ctx.session, staff_id)
    return person is not None and person.active and bool(person.home_channel)


def _concern(ctx: Context, one: Held, about: str | None) -> Concern:
    whose = about or one.incident.reported_by
    person = staff.get(ctx.session, whose) if whose else None
    department = person.department if person else ""
    return Concern(
        reporter=StaffId(one.incident.reported_by) if one.incident.reported_by else None,
        person=StaffId(person.id) if person else None,
        keeper=StaffId(one.dossier.keeper) if one.dossier else None,
        department=one.dossier.department if one.dossier else department,
    )


def _note(
    ctx: Context, policy: Policy, incident: Incident, task: str, who: Hearer, rule: str
) -> Told | None:
    """Write down that somebody is told and set their clock; None: they were told before."""
    row = stored.tell(
        ctx.unit, incident.id, who.person, task=task, role=who.role, instead=who.instead
    )
    if row is not None:
        ctx.record("incident.told", f"incident:{incident.id}", rule, reader=who.person, task=task)
        ladders.watch(ctx, _case(ctx, policy, incident, row))
    return row


def _need(ctx: Context, incident: Incident) -> None:
    """Tell those who look after the staff list that nobody hears of it: number and kind only."""
    for staff_id in dict.fromkeys(
        one for role in IN_NEED for one in staff.holders(ctx.session, role)
    ):
        person = staff.get(ctx.session, staff_id)
        if person is None or not person.home_channel or staff_id == incident.reported_by:
            continue
        ctx.tell(
            staff_id,
            lambda texts: Card(
                texts.t(NEED, number=incident.number, kind=cards.kind(incident, texts)),
                title=texts.t(cards.TITLE),
            ),
            f"incident:{incident.id}:need:{staff_id}",
            to=(person.home_channel, person.home_account),
        )


# -- the clock of one person -------------------------------------------------------------------


def _case(ctx: Context, policy: Policy, incident: Incident, row: Told) -> ladders.Case:
    return ladders.Case(
        KIND,
        row.id,
        row.staff_id,
        rules.ladder(
            policy.incident,
            IncidentKind(incident.kind),
            ladders.OWNER,
            counted=incident.of_count,
        ),
        rules.anchor(row.told_at, ctx.policy.time, ctx.calendar),
        begun_at=row.told_at,
        at_night=True,
    )


def _waiting(ctx: Context, told_id: int) -> tuple[Held, Told] | None:
    """Return the incident that a person has still to confirm; None: nothing is waited for."""
    row = stored.told_one(ctx.session, told_id)
    if row is None or row.confirmed_at is not None:
        return None
    incident = stored.get(ctx.unit, row.incident_id)
    if incident is None or not incident.open:
        return None
    return cards.held(ctx, incident), row


def stop(ctx: Context, row: Told) -> None:
    ledger.unwatch(ctx.unit, KIND, row.id)


def wind(ctx: Context, told_id: int) -> None:
    """Set the clock of a person anew; for one who left or is out of reach the next in line hears.

    Rule: C-06, C-55.
    """
    found = _waiting(ctx, told_id)
    if found is None:
        ledger.unwatch(ctx.unit, KIND, told_id)
        return
    one, row = found
    person = staff.get(ctx.session, row.staff_id)
    assert person is not None  # noqa: S101 - nobody is ever deleted
    policy = cards.policy_of(ctx, one.incident, one.dossier)
    if not person.active or not person.home_channel:
        _pass_on(ctx, policy, one, row)
    if person.active:
        ladders.watch(ctx, _case(ctx, policy, one.incident, row))
    else:
        stop(ctx, row)


def _pass_on(ctx: Context, policy: Policy, one: Held, row: Told) -> None:
    reporter = one.incident.reported_by
    knows = {StaffId(reporter)} if reporter and row.task == KNOW else set()
    heir = _telling(ctx).heir(StaffId(row.staff_id), but=knows)
    if heir is None:
        _need(ctx, one.incident)
        return
    instead = Hearer(heir, row.role, instead=True)
    if _note(ctx, policy, one.incident, row.task, instead, "C-55") is not None:
        send(ctx, one.incident, heir)
        redraw(ctx, one)


def hears(ctx: Context, told_id: int, _rung: str) -> str | None:
    """Return who is to hear it now: nobody but that person, for others have their own clock."""
    found = _waiting(ctx, told_id)
    return found[1].staff_id if found else None


def say(ctx: Context, told_id: int, rung: str, key: str) -> Card | None:
    """Remind somebody who has not confirmed; who has a count to make as well hears it once."""
    found = _waiting(ctx, told_id)
    if found is None:
        ledger.unwatch(ctx.unit, KIND, told_id)
        return None
    one, row = found
    policy = cards.policy_of(ctx, one.incident, one.dossier)
    case = _case(ctx, policy, one.incident, row)
    said = ladders.to_say(ctx, case, rung, key)
    ladders.watch(ctx, case)
    know = one.row(row.staff_id, KNOW)
    doubled = row.task == CHECK and know is not None and know.confirmed_at is None
    if said is None or doubled:
        return None
    return ladders.with_held_up(ctx, _reminder(ctx, one, row), said)


def _reminder(ctx: Context, one: Held, row: Told) -> Card:
    facts = {"number": one.incident.number, "kind": cards.kind(one.incident, ctx.texts)}
    look = Button(ctx.t(N_("View")), f"f.incident.open.{one.incident.id}")
    title = cards.title(one.incident, ctx.texts)
    if row.task == CHECK:
        rule = cards.policy_of(ctx, one.incident, one.dossier).incident.check_rule
        count = Button(ctx.t(cards.COUNT), f"f.incident.count.{one.incident.id}")
        text = ctx.t(REMIND_COUNT, rule=rule, **facts)
        return Card(text, title=title, choices=(count, look), columns=2)
    seen = Button(ctx.t(cards.RECEIVED), f"f.incident.seen.{one.incident.id}")
    return Card(ctx.t(REMIND, **facts), title=title, choices=(seen, look), columns=2)


CLOCKS = {KIND: Clockwork(say, wind, hears, at_night=True)}
