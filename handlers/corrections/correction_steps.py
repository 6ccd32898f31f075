"""What every step of a correction does: whose it is, the stage it leads to, who hears of it."""

from __future__ import annotations

from handlers import seeing
from handlers.approvals import approvals, case_cards, deciding
from handlers.approvals.case_kinds import Asking, Ending
from handlers.context import Context
from handlers.conversation.messages import Card, Reply
from handlers.corrections import correction_cards, correction_clock, correction_turns
from handlers.corrections.correction_turns import dossier_of
from handlers.dossiers import change_sets
from handlers.texts import N_, Texts
from rules.access import Sight
from rules.chains import Approval
from rules.corrections import Stage, Step, Turn, after, turn
from rules.deciders import Matter
from rules.occasions import Action
from storage import corrections, staff
from storage.cases import Stored
from storage.corrections import Correction
from storage.dossiers import Dossier
from storage.staff import Person

GONE = N_("There is no such correction, or it is not yours to go on with.")
OVER = N_("This step is done already; this is how it stands.")
NO_CHAIN = N_("The policy has nobody who could allow a correction of this dossier.")
SENT = N_("Submitted. Nothing is changed before it is agreed to.")


def take(
    ctx: Context,
    held: Correction,
    step: Step,
    words: dict[str, str] | None = None,
    *,
    executor: str = "",
) -> Correction:
    """Take a step; its clock begins anew."""
    stage = after(held.stage, step)
    assert stage is not None  # noqa: S101 - the caller has looked at the stage
    people = {Turn.PLANNER: held.planner, Turn.EXECUTOR: executor or held.executor}
    whose = turn(stage)
    waits_on = people[whose] if whose else None
    moved = corrections.move(
        ctx.unit, held, stage, waits_on, ctx.at, words, executor=executor or held.executor
    )
    correction_clock.watch(ctx, moved.id)
    return moved


def ask(ctx: Context, held: Correction, kind: str, row: Approval) -> Reply:
    """Ask those whom a row of the policy names to decide on the plan or the report."""
    dossier = dossier_of(ctx, held)
    matter = matter_of(ctx, dossier, row.action)
    opened = approvals.request(ctx, kind, held.id, row, matter, dossier_id=dossier.id)
    assert isinstance(opened, Stored)  # noqa: S101 - nobody from outside, so no credential
    if opened.case.open:
        return Reply((case_cards.show(ctx, opened, lead=ctx.t(SENT)),))
    return shown(ctx, held_of(ctx, held.id))


def matter_of(ctx: Context, dossier: Dossier, action: Action) -> Matter:
    known = change_sets.facts_of(ctx, dossier, action)
    return deciding.matter(known, dossier, ctx.person.id)


def say(ctx: Context, subject: int, reader: Person, texts: Texts) -> Asking:
    held = held_of(ctx, subject)
    lines = [f"{held.number}", *correction_cards.what(ctx, held, reader, texts)]
    return Asking(
        what="\n".join(lines),
        why="\n".join(correction_cards.words(held, texts)),
        key=_key(ctx, held, reader),
    )


def _key(ctx: Context, held: Correction, reader: Person) -> str:
    seen = seeing.view(ctx, dossier_of(ctx, held), reader).content
    return f"f.correction.open.{held.id}" if seen else ""


def tell_turn(ctx: Context, held: Correction, words: str, **facts: str) -> None:
    """Tell whose turn it is now, unless they have just acted themselves."""
    person = correction_turns.on_duty(ctx, held)
    if person is not None:
        tell(ctx, held, person.id, words, **facts)


def tell(ctx: Context, held: Correction, staff_id: str, words: str, **facts: str) -> None:
    reader = staff.get(ctx.session, staff_id)
    if reader is None or not reader.active or (reader.id == ctx.person.id and ctx.channel):
        return

    def card(texts: Texts) -> Card:
        return correction_cards.draw(ctx, held, reader, texts, texts.t(words, **facts))

    ctx.tell(reader.id, card, f"correction:{held.id}:{held.version}:{reader.id}")


def why(ending: Ending) -> dict[str, str]:
    """Return the clause under which it was not agreed to, and the reason where one was given."""
    reason = {"reason": ending.reason} if ending.reason else {}
    return {"rule": ending.rule, **reason}


def shown(ctx: Context, held: Correction, lead: str = "") -> Reply:
    return Reply.of(correction_cards.draw(ctx, held, case_cards.here(ctx), ctx.texts, lead))


def said(reply: Reply) -> Reply:
    """Return an answer to a tap as one to a form, which shows no alert."""
    return Reply.of(Card(reply.alert)).plus(Reply(reply.shows)) if reply.alert else reply


def held_of(ctx: Context, correction_id: int) -> Correction:
    held = corrections.get(ctx.unit, correction_id)
    assert held is not None  # noqa: S101 - corrections are never deleted
    return held


def known(ctx: Context, words: str) -> Correction | None:
    """Return a correction of which this person may know: their own, or of a dossier they see."""
    held = corrections.get(ctx.unit, int(words)) if words.isdecimal() else None
    if held is None:
        return None
    concerned = ctx.person.id in (held.planner, held.executor)
    concerned = concerned or correction_turns.may_act(ctx, held, ctx.person)
    seen = seeing.view(ctx, dossier_of(ctx, held)).sight is Sight.FULL
    if not concerned and not seen:
        return None
    ctx.about.add(held.dossier_id)
    return held


def own(ctx: Context, words: str, stage: Stage) -> Correction | Reply:
    """Return a correction whose next step is this person's, else what to answer."""
    held = known(ctx, words)
    if held is None:
        return Reply(alert=ctx.t(GONE))
    if held.stage is not stage:
        return Reply(shown(ctx, held).shows, alert=ctx.t(OVER))
    if not correction_turns.may_act(ctx, held, ctx.person):
        return Reply(alert=ctx.t(GONE))
    return held
