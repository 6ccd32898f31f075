"""What the requests about an affair have in common: how they are asked, said and ended.

The words of a deal or a complaint are shown to who may read the dossier it is about; others see
whose it is, masked, and decide on that or ask.
"""

from __future__ import annotations

from handlers import seeing
from handlers.approvals import approvals, deciding
from handlers.approvals.case_kinds import Ending
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers
from handlers.conversation.messages import Reply
from handlers.feature import Feature
from handlers.texts import Texts
from rules.cases import CaseState
from rules.chains import Approval
from rules.errors import Denied
from rules.occasions import Action, Facts
from rules.secrecy import Grade
from storage import affairs, dossiers
from storage.affairs import Affair, AffairState
from storage.cases import Stored
from storage.dossiers import Dossier
from storage.staff import Person

STATES = {
    CaseState.APPROVED: AffairState.APPROVED,
    CaseState.REGISTERED: AffairState.FREE,
    CaseState.REFUSED: AffairState.REFUSED,
    CaseState.WITHDRAWN: AffairState.WITHDRAWN,
    CaseState.LAPSED: AffairState.LAPSED,
}
"""What becomes of a held affair when its request ends."""


def begin(ctx: Context, form: Feature, words: str) -> Reply:
    """Begin a form with the customer whose card it was."""
    dossier = seeing.reachable(ctx, words)
    if dossier is None:
        return Reply(alert=ctx.t(seeing.NO_DOSSIER))
    customer = {"key": str(dossier.id), "label": seeing.customer(ctx, dossier)}
    return runner.start(ctx, form, Answers({"dossier": customer}))


def facts(action: Action, dossier: Dossier) -> Facts:
    """Return what the choice of who decides about such an affair depends on."""
    return deciding.facts(action, dossier)


def row(ctx: Context, action: Action, dossier: Dossier) -> Approval | None:
    """Return who decides such an affair under the policy of its dossier; None: nobody has to."""
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    return approvals.approval_of(policy, facts(action, dossier))


def request(ctx: Context, kind: str, affair: int, approval: Approval, dossier: Dossier) -> Stored:
    """Ask those who decide about an affair that is held."""
    matter = deciding.matter(facts(approval.action, dossier), dossier, ctx.person.id)
    opened = approvals.request(ctx, kind, affair, approval, matter, dossier_id=dossier.id)
    assert not isinstance(opened, Denied)  # noqa: S101 - nobody from outside, so no credential
    return opened


def held(ctx: Context, affair: int) -> Affair:
    found = affairs.get(ctx.unit, affair)
    assert found is not None  # noqa: S101 - affairs are never deleted
    return found


def dossier_of(ctx: Context, affair: Affair) -> Dossier:
    found = dossiers.get(ctx.unit, affair.dossier_id or 0)
    assert found is not None  # noqa: S101 - the affair refers to it
    return found


def customer(ctx: Context, dossier: Dossier, reader: Person) -> str:
    """Return number and name of a customer as far as the reader may know them."""
    return " ".join(filter(None, (dossier.number, seeing.customer(ctx, dossier, reader))))


def words(ctx: Context, said: str, dossier: Dossier, reader: Person, texts: Texts) -> str:
    """Return somebody's words about a customer, or that they are not for this reader's chat."""
    grade = Grade(dossier.grade)
    mine = Grade(reader.clearance) >= grade
    if mine and seeing.readable(ctx, dossier, reader):
        return said
    return texts.t(seeing.ABOVE_CEILING, grade=grade.zh if texts.locale == "zh_CN" else grade.en)


def ended(ctx: Context, ending: Ending, action: str, *, back: bool = False) -> Affair:
    """Let a held affair go on as its request ended, and return it.

    `back`: without an approval it stands open again.
    """
    state = STATES[ending.state]
    if back and state not in (AffairState.APPROVED, AffairState.FREE):
        state = AffairState.OPEN
    by = None if state is AffairState.OPEN else ending.by
    affairs.move(
        ctx.unit,
        ending.subject,
        AffairState.HELD,
        state,
        by=by,
        at=None if state is AffairState.OPEN else ctx.at,
    )
    ctx.record(f"{action}.{state.value}", f"{action}:{ending.subject}", ending.rule)
    return held(ctx, ending.subject)
