"""Changes of a dossier and new customers as requests: the approvals behind /update and /open.

What is proposed stays proposed until its case ends, and ends with it in the same unit (S1-01.2,
S1-05.1). Values are shown only to those who may read the dossier; others see which fields it is.
"""

from __future__ import annotations

from msgspec.structs import replace

from handlers import seeing
from handlers.approvals import approvals, case_notices, case_texts, deciding
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.dossiers import change_sets, dossier_open, dossier_update
from handlers.dossiers.change_sets import Review
from handlers.texts import N_, Texts
from rules.cases import CaseState
from rules.chains import Approval
from rules.occasions import Action
from rules.secrecy import Grade
from storage import changes, dossiers
from storage.cases import Stored
from storage.changes import ChangeSet
from storage.dossiers import Dossier
from storage.looks import Way
from storage.staff import Person

UPDATE_KIND, OPEN_KIND = "update", "open"

WAITS = N_("{number} waits for: {names}")
STUCK = N_("{number} waits, but nobody can decide now; operators and human resources were told.")
CHANGE = N_("Change {labels} of {customer}")
CHANGE_GRADED = N_("Change {labels} of {customer} ({grade})")
VERIFY = N_("Open a dossier: {customer}")


# -- opening a case ----------------------------------------------------------------------------


def _changes(ctx: Context, held: ChangeSet, row: Approval) -> str | None:
    dossier = _dossier(ctx, held.dossier_id)
    return _ask(ctx, UPDATE_KIND, held.id, row, dossier, Action.UPDATE)


def _opening(ctx: Context, dossier: Dossier, row: Approval) -> str | None:
    return _ask(ctx, OPEN_KIND, dossier.id, row, dossier, Action.OPEN)


def _ask(
    ctx: Context, kind: str, subject: int, row: Approval, dossier: Dossier, action: Action
) -> str | None:
    """Open a case and return the line that says who decides; None: nobody has to."""
    known = change_sets.facts_of(ctx, dossier, action)
    matter = deciding.matter(known, dossier, ctx.person.id)
    if row.register_only or approvals.preview(ctx, row, matter).exempt is not None:
        return None
    opened = approvals.request(ctx, kind, subject, row, matter, dossier_id=dossier.id)
    assert isinstance(opened, Stored)  # noqa: S101 - nobody from outside, so no credential
    case_notices.follow_along(ctx, opened)
    deciders = tuple(who for _, place in opened.case.here for who in place.deciders)
    if not deciders:
        return ctx.t(STUCK, number=opened.number)
    names = case_texts.people(ctx, deciders, ctx.texts)
    return ctx.t(WAITS, number=opened.number, names=names)


REVIEW = Review(_changes, _opening)


# -- how it is said ----------------------------------------------------------------------------


def _say_changes(ctx: Context, subject: int, reader: Person, texts: Texts) -> Asking:
    held = changes.get(ctx.unit, subject)
    assert held is not None  # noqa: S101 - what was handed in is never deleted
    dossier = _dossier(ctx, held.dossier_id)
    policy = change_sets.policy_of(ctx, dossier)
    facts = {
        "labels": change_sets.labels(policy, held.rows, texts),
        "customer": _customer(ctx, dossier, reader),
    }
    grade = Grade(dossier.grade)
    if grade is Grade.NONE:
        what = texts.t(CHANGE, **facts)
    else:
        what = texts.t(
            CHANGE_GRADED, grade=grade.zh if texts.locale == "zh_CN" else grade.en, **facts
        )
    seen = seeing.view(ctx, dossier, reader)
    lines: tuple[str, ...] = ()
    if seen.content:
        if held.state == "proposed":
            lines = change_sets.review_lines(ctx, subject, texts)
        else:
            shown = (change_sets.change_line(ctx, policy, row, texts) for row in held.rows)
            lines = tuple(shown)
        if reader.id != held.proposed_by:
            seeing.look(ctx, dossier, Way.CARD, reader)
    key = f"f.find.card.{dossier.id}" if seen.content else ""
    return Asking(what="\n".join((what, *lines)), key=key)


def _say_opening(ctx: Context, subject: int, reader: Person, texts: Texts) -> Asking:
    dossier = _dossier(ctx, subject)
    seen = seeing.view(ctx, dossier, reader)
    return Asking(
        what=texts.t(VERIFY, customer=_customer(ctx, dossier, reader)),
        key=f"f.find.card.{dossier.id}" if seen.content else "",
    )


def _customer(ctx: Context, dossier: Dossier, reader: Person) -> str:
    return " ".join(filter(None, (dossier.number, seeing.customer(ctx, dossier, reader))))


# -- what follows ------------------------------------------------------------------------------


def _end_changes(ctx: Context, ending: Ending) -> bool:
    """Write, refuse or take back what was proposed. Rule: S1-05.1."""
    by = ending.by or ctx.person.id
    match ending.state:
        case CaseState.APPROVED | CaseState.REGISTERED:
            change_sets.apply(ctx, ending.subject, by, ending.rule)
            return True
        case CaseState.REFUSED:
            change_sets.refuse(ctx, ending.subject, by, ending.rule, ending.reason)
            return True
        case _:
            change_sets.withdraw(ctx, ending.subject, by)
            return False


def _end_opening(ctx: Context, ending: Ending) -> bool:
    """Open the dossier, or make a draft of it again. Rule: S1-01.2."""
    by = ending.by or ctx.person.id
    match ending.state:
        case CaseState.APPROVED | CaseState.REGISTERED:
            dossier_open.verified(ctx, ending.subject, by, ending.rule)
            return True
        case CaseState.REFUSED:
            dossier_open.sent_back(ctx, ending.subject, by, ending.rule, ending.reason)
            return True
        case _:
            dossier_open.draft_again(ctx, ending.subject)
            return False


def _dossier(ctx: Context, dossier_id: int) -> Dossier:
    dossier = dossiers.get(ctx.unit, dossier_id)
    assert dossier is not None  # noqa: S101 - the case refers to it
    return dossier


UPDATE = replace(
    dossier_update.feature(REVIEW),
    cases={UPDATE_KIND: CaseKind("更", N_("Change of a dossier"), _say_changes, _end_changes)},
)
OPEN = replace(
    dossier_open.feature(REVIEW),
    cases={OPEN_KIND: CaseKind("建", N_("Opening of a dossier"), _say_opening, _end_opening)},
)
