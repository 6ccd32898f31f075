"""The words of destruction: a line of a list as one reader may have it, states, why something is
refused.

A reader who must not see what is in a dossier gets its number and the masked name, as on the card
of any request; who only looks through the register gets no line of what they may not know of.
"""

from __future__ import annotations

from datetime import date

from handlers import seeing
from handlers.approvals import affair_cases
from handlers.approvals.case_kinds import Asking
from handlers.context import Context
from handlers.destruction import destroy_checks
from handlers.destruction.destroy_checks import Thing
from handlers.dossiers import papers
from handlers.texts import N_, Texts
from rules.destruction import ListState, Manner, Retention
from rules.errors import Denied, Reason
from rules.secrecy import Grade
from storage import destructions, staff
from storage.destructions import DestructionList, Item
from storage.staff import Person

TITLE = N_("Destruction list")
WHOLE = N_("the whole dossier")
GRADED, UNNAMED = N_("a paper graded {grade}"), N_("a paper")
PAPER = N_("{title} ({form})")
LINE = N_("{position}. {customer} · {what} · {retention}, until {day}")
DROPPED = N_("{line} · dropped out: {why}")
OF_DEPARTMENT = N_("Of {department}: {count} lines")
MORE = N_("and {count} more, under View")
GROUNDS = N_("{position}. {words}")
REFUSED, AND = N_("· {what}: {why}"), N_("; ")
ASKED_LINES = 5
"""Lines that stand on the card of the request itself."""

RETENTIONS = {Retention.LONG: N_("long-term"), Retention.SHORT: N_("short-term")}
MANNERS = {
    Manner.SHREDDED: N_("Shredded"),
    Manner.PULPED: N_("Pulped"),
    Manner.BURNT: N_("Burnt"),
}
STATES = {
    ListState.DRAFT: N_("being drawn up"),
    ListState.ASKED: N_("waits for approval"),
    ListState.APPROVED: N_("approved, to be destroyed"),
    ListState.APART: N_("kept apart"),
    ListState.WITNESSED: N_("waits for the witness's signature"),
    ListState.DESTROYED: N_("destroyed"),
    ListState.EMPTY: N_("nothing left on it"),
    ListState.DROPPED: N_("given up"),
    ListState.REFUSED: N_("refused"),
    ListState.WITHDRAWN: N_("withdrawn"),
    ListState.LAPSED: N_("lapsed"),
}
REASONS = {
    "not_kept": N_("not on file any more ({rule})"),
    "not_expired": N_("its retention lasts until {day} ({rule})"),
    "already_listed": N_("stands on the list {number} already ({rule})"),
    "on_loan": N_("is lent, or missing from a loan ({rule})"),
    "set_aside": N_("is promised to somebody who borrows it ({rule})"),
    "case_open": N_("something about this dossier is not settled yet ({rule})"),
    "incident_open": N_("an incident of this dossier is not closed ({rule})"),
    "above_clearance": N_("graded {grade}, above the custodian's clearance ({rule})"),
    "nobody_decides": N_("the policy has nobody who could approve it ({rule})"),
    "other_list": N_("others decide on it: send this list first ({rule})"),
    "witness_is_custodian": N_("The witness must not be a custodian ({rule})."),
    "witness_clearance": N_("The witness is not cleared for the grade {grade} ({rule})."),
}
DRAFTED = N_("stands on a list that is being drawn up ({rule})")
_CODES = {"": N_("taken off")} | {
    "not_kept": N_("not on file any more"),
    "not_expired": N_("retention not over"),
    "already_listed": N_("on another list"),
    "on_loan": N_("lent"),
    "set_aside": N_("promised to a borrower"),
    "case_open": N_("something not settled"),
    "incident_open": N_("incident not closed"),
    "above_clearance": N_("above the clearance"),
}
"""Why a line dropped out, in a word."""


def reason(ctx: Context, one: Reason, texts: Texts) -> str:
    """Return why something is refused, in words."""
    facts: dict[str, object] = {"rule": one.rule}
    for key, value in one.facts:
        if isinstance(value, date):
            facts[key] = texts.day(value, ctx.today)
        elif key == "grade":
            facts[key] = _grade(Grade(str(value)), texts)
        else:
            facts[key] = value
    drafted = facts.get("number") == destroy_checks.DRAFT
    return texts.t(DRAFTED if drafted else REASONS[one.code], **facts)


def refused(ctx: Context, what: str, denied: Denied, texts: Texts) -> str:
    """Return what is not put on a list, or not any more, with every reason."""
    why = texts.t(AND).join(reason(ctx, one, texts) for one in denied.reasons)
    return texts.t(REFUSED, what=what, why=why)


def _grade(grade: Grade, texts: Texts) -> str:
    return grade.zh if texts.locale == "zh_CN" else grade.en


def name_of(ctx: Context, thing: Thing, title: str, reader: Person, texts: Texts) -> str:
    """Return what a paper or a whole dossier is called for a reader, without its customer."""
    paper = thing.paper
    if paper is None:
        return texts.t(WHOLE)
    if not titled(ctx, thing, reader):
        grade = Grade(paper.grade)
        named = _grade(grade, texts)
        return texts.t(UNNAMED) if grade is Grade.NONE else texts.t(GRADED, grade=named)
    return texts.t(PAPER, title=title, form=texts.t(papers.FORMS[paper.form]))


def titled(ctx: Context, thing: Thing, reader: Person) -> bool:
    """Return whether a reader may have the title of a paper, and grounds. Rule: C-01."""
    like = thing.as_graded
    return seeing.view(ctx, like, reader).content and seeing.readable(ctx, like, reader)


def line(ctx: Context, item: Item, reader: Person, texts: Texts) -> str:
    """Return one line of a list for a reader."""
    thing = destroy_checks.thing_of(ctx, item)
    said = texts.t(
        LINE,
        position=item.position,
        customer=affair_cases.customer(ctx, thing.dossier, reader),
        what=name_of(ctx, thing, item.title, reader, texts),
        retention=texts.t(RETENTIONS[item.retention]),
        day=texts.day(item.ended_on, ctx.today),
    )
    if item.state != "dropped":
        return said
    return texts.t(DROPPED, line=said, why=texts.t(_CODES[item.why]))


def why(item: Item, texts: Texts) -> str:
    """Return in a word why a line dropped out; empty: it did not."""
    return texts.t(_CODES[item.why]) if item.state == "dropped" else ""


def state(held: DestructionList, texts: Texts) -> str:
    return texts.t(STATES[held.state])


def headed(held: DestructionList, texts: Texts) -> str:
    """Return what every message about a list is headed with."""
    return f"{texts.t(TITLE)} · {held.number or texts.t(STATES[ListState.DRAFT])}"


def name(ctx: Context, staff_id: str | None) -> str:
    person = staff.get(ctx.session, staff_id) if staff_id else None
    return person.name if person else ""


def say(ctx: Context, subject: int, reader: Person, texts: Texts) -> Asking:
    """Describe a list to who decides on it, or asked. Rule: S2-DOSS.29.1, S1-12.1.4."""
    held = destructions.get(ctx.unit, subject)
    assert held is not None  # noqa: S101 - lists are never deleted
    lines = [one for one in destructions.items(ctx.unit, held.id) if one.state != "dropped"]
    said = [texts.t(OF_DEPARTMENT, department=held.department, count=len(lines))]
    said += [line(ctx, one, reader, texts) for one in lines[:ASKED_LINES]]
    if len(lines) > ASKED_LINES:
        said.append(texts.t(MORE, count=len(lines) - ASKED_LINES))
    return Asking(
        what="\n".join(said),
        why=grounds(ctx, lines, reader, texts),
        key=f"f.destruction.card.{held.id}",
    )


def grounds(ctx: Context, lines: list[Item], reader: Person, texts: Texts) -> str:
    """Return why these are to be destroyed, the first few and each reason once, where the reader
    may have it."""
    found: dict[str, int] = {}
    for one in lines[:ASKED_LINES]:
        if titled(ctx, destroy_checks.thing_of(ctx, one), reader):
            found.setdefault(one.grounds, one.position)
    if len(found) == 1:
        return next(iter(found))
    return "\n".join(texts.t(GROUNDS, position=at, words=words) for words, at in found.items())
