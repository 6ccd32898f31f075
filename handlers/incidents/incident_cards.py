"""The card of an incident, drawn for whoever reads it: what happened, who knows, what was done.

The trap is content that a reader may not see: a dossier that they must not know of is not
mentioned, and words above their messenger's ceiling or their clearance are left out (C-01).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from handlers import seeing
from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.forms import Choice
from handlers.conversation.messages import Button, Card
from handlers.conversation.wording import LINE
from handlers.loans import custody_words, loan_sides
from handlers.texts import N_, Texts
from rules import incidents as rules
from rules.access import Sight
from rules.incidents import IncidentKind, LeakCase
from rules.policy import Policy
from rules.roles import ROLES
from rules.secrecy import Grade
from storage import attachments, dossiers, loans, staff
from storage import incidents as stored
from storage.dossiers import Dossier
from storage.incidents import CHECK, KNOW, Incident, Measure, Told
from storage.staff import Person

TITLE = N_("Incident")
KINDS = {
    IncidentKind.LOST: N_("Loss"),
    IncidentKind.DAMAGED: N_("Damage"),
    IncidentKind.LEAKED: N_("Leak"),
    IncidentKind.ACCOUNT: N_("Account shared"),
    IncidentKind.THEFT: N_("Theft"),
    IncidentKind.FIRE: N_("Fire"),
    IncidentKind.OVERDUE: N_("Loan long overdue"),
}
LEAK_CASES = {
    LeakCase.BEYOND: N_("Beyond the circle"),
    LeakCase.LEARNED: N_("Learned by others"),
    LeakCase.OPEN: N_("Not known yet"),
}
LEAK_RULES = {LeakCase.BEYOND: "S2-SECR.16.1", LeakCase.LEARNED: "S2-SECR.16.2"}
REMEDIES = (
    Choice("papers", N_("Papers taken back")),
    Choice("messages", N_("Messages recalled")),
    Choice("accounts", N_("Accounts locked")),
    Choice("spread", N_("Spread stopped")),
    Choice("evidence", N_("Evidence kept")),
    Choice("silence", N_("Silence asked for")),
)
"""What is done at once about a leak (S2-INFO.27, S2-SECR.13)."""
RESULTS = (
    Choice("complete", N_("All is there")),
    Choice("differs", N_("Differences")),
)
"""What a count after an incident finds."""
_CODES = {one.key: one.label for one in (*REMEDIES, *RESULTS)}
SHOWN = 8
"""Measures on the card, the last ones."""
HANDS = 3
"""Steps of the chain of custody on the card, the last ones."""
MOST_BUTTONS = 6

OPEN = N_("{kind}, not settled yet")
CLOSED = N_("{kind}, closed {moment} by {name}")
REPORTED = N_("Reported by {name} ({department}), {moment}")
FOUND = N_("Found by the bot, {moment}")
ABOUT = N_("Dossier: {customer}")
WORDS = N_("What happened: {words}")
WITHHELD = N_("What was written is not shown in this chat; please ask in person.")
FILES = N_("Attachments: {count}")
LEAK_CASE = N_("Case: {case} ({rule})")
CONFIRMED = N_("{name} ({role}): received {moment}")
UNCONFIRMED = N_("{name} ({role}): not confirmed yet")
COUNTED = N_("{name} ({role}): counted {moment}")
TO_COUNT = N_("{name} ({role}): to count at once ({rule})")
NOT_COUNTED = N_("{name} ({role}): did not count")
NOT_RECEIVED = N_("{name} ({role}): did not confirm")
PASSED_ON = N_("{name} ({role}): has left, passed on")
IN_PLACE_OF = N_("for {role}")
NOBODY = N_("Nobody could be told. Please tell your superior in person or by phone.")
CHAIN = N_("Through whose hands it went last:")
DONE_ABOUT = N_("Done about it:")
DONE = N_("· {what} ({name}, {moment})")
NOT_YET = N_("Not yet: {what}")
CLOSING = N_("Closing report: {words}")
RULE = N_("Under {rule}")

RECEIVED, COUNT, MEASURE, CLOSE = N_("Acknowledge"), N_("Count"), N_("Measures"), N_("Close it")
"""Labels of what can be done with an incident."""


class Held(msgspec.Struct, frozen=True):
    """An incident with everything that hangs on it."""

    incident: Incident
    dossier: Dossier | None
    told: tuple[Told, ...]
    measures: tuple[Measure, ...]
    files: int

    def row(self, staff_id: str, task: str) -> Told | None:
        """Return that this person is told, for that task."""
        rows = (one for one in self.told if (one.staff_id, one.task) == (staff_id, task))
        return next(rows, None)

    def is_told(self, staff_id: str) -> bool:
        return any(one.staff_id == staff_id for one in self.told)

    def concerns(self, staff_id: str) -> bool:
        """Whether this person may know of it at all: who reported it, who was told."""
        return self.incident.reported_by == staff_id or self.is_told(staff_id)

    def may_close(self, staff_id: str) -> bool:
        """Those who were told; who reported it where nobody could be."""
        return self.is_told(staff_id) or (not self.told and self.concerns(staff_id))


def held(ctx: Context, incident: Incident) -> Held:
    """Return an incident as it is now, with everything that hangs on it."""
    dossier = None if incident.dossier_id is None else dossiers.get(ctx.unit, incident.dossier_id)
    return Held(
        stored.get(ctx.unit, incident.id) or incident,
        dossier,
        stored.told(ctx.session, incident.id),
        stored.measures(ctx.unit, incident.id),
        len(attachments.of(ctx.unit, "incident", incident.id)),
    )


def policy_of(ctx: Context, incident: Incident, dossier: Dossier | None) -> Policy:
    """Return the policy of an incident, that of its day: the dossier's, else the reporter's."""
    in_force = ctx.policies.on(ctx.policy.time.office_day(incident.at))
    if dossier is not None:
        return in_force.governing(dossier.department, dossier.type)
    reporter = staff.get(ctx.session, incident.reported_by) if incident.reported_by else None
    return in_force.governing(reporter.department) if reporter else in_force.company


def slot(incident_id: int) -> str:
    """Return the name under which the card is redrawn in every chat that has it."""
    return f"incident.{incident_id}"


def kind(incident: Incident, texts: Texts) -> str:
    return texts.t(KINDS[IncidentKind(incident.kind)])


def title(incident: Incident, texts: Texts) -> str:
    return f"{texts.t(TITLE)} · {incident.number}"


def legible(ctx: Context, one: Held, reader: Person) -> bool:
    """Return whether words and files of a report may be shown to the reader (C-01)."""
    if one.dossier is None:
        return True
    if not seeing.readable(ctx, one.dossier, reader):
        return False
    if reader.id == one.incident.reported_by:
        return True
    seen = seeing.view(ctx, one.dossier, reader).sight is not Sight.NONE
    return seen and Grade(reader.clearance) >= Grade(one.dossier.grade)


def draw(ctx: Context, one: Held, reader: Person, texts: Texts, *, lead: str = "") -> Card:
    """Return the card for a reader whom the incident concerns."""
    policy = policy_of(ctx, one.incident, one.dossier)
    lines = [
        *([lead] if lead else []),
        _state(ctx, one.incident, texts),
        *_facts(ctx, one, reader, texts),
        "",
        *_told(ctx, one, policy, texts),
        *_done(ctx, one, reader, texts),
    ]
    rule = rules.told_of(policy, IncidentKind(one.incident.kind)).rule
    return Card(
        "\n".join((*lines, texts.t(RULE, rule=rule))),
        title=title(one.incident, texts),
        choices=tuple(_buttons(ctx, one, reader, rule, texts)),
        columns=2,
        protect=True,
    )


def _state(ctx: Context, incident: Incident, texts: Texts) -> str:
    said = kind(incident, texts)
    if incident.closed_at is None:
        return texts.t(OPEN, kind=said)
    name = case_texts.name(ctx, incident.closed_by or "")
    moment = case_texts.moment(ctx, incident.closed_at, texts)
    return texts.t(CLOSED, kind=said, moment=moment, name=name)


def _facts(ctx: Context, one: Held, reader: Person, texts: Texts) -> Iterator[str]:
    incident = one.incident
    moment = texts.moment(incident.at)
    reporter = staff.get(ctx.session, incident.reported_by) if incident.reported_by else None
    if reporter is None:
        yield texts.t(FOUND, moment=moment)
    else:
        facts = {"name": reporter.name, "department": reporter.department}
        yield texts.t(REPORTED, moment=moment, **facts)
    if one.dossier is not None and _knows(ctx, one.dossier, reader):
        customer = seeing.customer(ctx, one.dossier, reader)
        yield texts.t(ABOUT, customer=" ".join(filter(None, (one.dossier.number, customer))))
    if incident.words and legible(ctx, one, reader):
        yield texts.t(WORDS, words=incident.words)
    elif not legible(ctx, one, reader):
        yield texts.t(WITHHELD)
    if one.files:
        yield texts.t(FILES, count=one.files)
    yield from _chain(ctx, one, reader, texts)
    if incident.leak_case:
        case = LeakCase(incident.leak_case)
        rule = LEAK_RULES.get(case, "S2-SECR.16")
        yield texts.t(LEAK_CASE, case=texts.t(LEAK_CASES[case]), rule=rule)


def _chain(ctx: Context, one: Held, reader: Person, texts: Texts) -> Iterator[str]:
    """Yield who gave the papers to whom last, to who may know of the dossier.

    Rule: S3-LOG.2.3a.
    """
    if one.dossier is None or not _knows(ctx, one.dossier, reader):
        return
    every = custody_words.steps(ctx, one.dossier.id)
    loan_id = one.incident.loan_id
    moved = [each for each in every if each.kind != "ping" and loan_id in (None, each.loan_id)]
    if moved:
        yield texts.t(CHAIN)
        yield from (f"· {custody_words.step(ctx, each, texts)}" for each in moved[-HANDS:])


def _knows(ctx: Context, dossier: Dossier, reader: Person) -> bool:
    return seeing.view(ctx, dossier, reader).sight is not Sight.NONE


def _told(ctx: Context, one: Held, policy: Policy, texts: Texts) -> Iterator[str]:
    if not one.told:
        yield texts.t(NOBODY)
    for row in one.told:
        person = staff.get(ctx.session, row.staff_id)
        assert person is not None  # noqa: S101 - nobody is ever deleted
        role = role_name(row.role, texts)
        said = texts.t(IN_PLACE_OF, role=role) if row.instead else role
        facts = {"name": person.name, "role": said}
        if row.confirmed_at is not None:
            words = COUNTED if row.task == CHECK else CONFIRMED
            yield texts.t(words, moment=case_texts.moment(ctx, row.confirmed_at, texts), **facts)
        elif not person.active:
            yield texts.t(PASSED_ON, **facts)
        elif not one.incident.open:
            yield texts.t(NOT_COUNTED if row.task == CHECK else NOT_RECEIVED, **facts)
        elif row.task == CHECK:
            yield texts.t(TO_COUNT, rule=policy.incident.check_rule, **facts)
        else:
            yield texts.t(UNCONFIRMED, **facts)


def role_name(code: str, texts: Texts) -> str:
    return ROLES[code].zh if texts.locale == "zh_CN" else ROLES[code].en


def _done(ctx: Context, one: Held, reader: Person, texts: Texts) -> Iterator[str]:
    readable = legible(ctx, one, reader)
    lines = []
    for each in one.measures:
        if what := _what(each, texts, readable=readable):
            name = case_texts.name(ctx, each.staff_id)
            moment = case_texts.moment(ctx, each.at, texts)
            lines.append(texts.t(DONE, what=what, name=name, moment=moment))
    if lines:
        yield texts.t(DONE_ABOUT)
        yield from lines[-SHOWN:]
    if one.incident.kind == IncidentKind.LEAKED and one.incident.open:
        done = {each.code for each in one.measures}
        left = [texts.t(each.label) for each in REMEDIES if each.key not in done]
        if left:
            yield texts.t(NOT_YET, what=listed(left, texts))
    if one.incident.closing and readable:
        yield texts.t(CLOSING, words=one.incident.closing)


def _what(one: Measure, texts: Texts, *, readable: bool) -> str:
    label = texts.t(_CODES[one.code]) if one.code else ""
    words = one.words if readable else ""
    return texts.t(LINE, label=label, value=words) if label and words else label or words


def _buttons(ctx: Context, one: Held, reader: Person, rule: str, texts: Texts) -> list[Button]:
    """Return what this reader can do; the clause where a seventh button would not fit is left out.

    Typed numbers do not reach a card that came unasked, so it has what every channel shows.
    """
    id_, found = one.incident.id, []
    if one.incident.open:
        know, check = one.row(reader.id, KNOW), one.row(reader.id, CHECK)
        if know is not None and know.confirmed_at is None:
            found.append(Button(texts.t(RECEIVED), f"f.incident.seen.{id_}"))
        if check is not None and check.confirmed_at is None:
            found.append(Button(texts.t(COUNT), f"f.incident.count.{id_}"))
        found.append(Button(texts.t(MEASURE), f"f.incident.measure.{id_}"))
    if one.files and legible(ctx, one, reader):
        found.append(Button(texts.t(N_("Attachments")), f"f.incident.files.{id_}"))
    loan = loans.get(ctx.unit, one.incident.loan_id) if one.incident.loan_id else None
    if loan is not None and loan_sides.knows(ctx, loan, reader):
        found.append(Button(texts.t(N_("Loan")), f"f.loans.card.{loan.id}"))
    elif one.dossier is not None and _knows(ctx, one.dossier, reader):
        found.append(Button(texts.t(N_("Customer")), f"f.find.card.{one.dossier.id}"))
    clause = Button(texts.t(N_("Clause")), f"f.help.clause.{rule}")
    last = one.incident.open and one.may_close(reader.id)
    if len(found) + last < MOST_BUTTONS:
        found.append(clause)
    if last:
        found.append(Button(texts.t(CLOSE), f"f.incident.close.{id_}"))
    return found
