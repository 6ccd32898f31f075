"""登记销毁: where, how and in front of whom an approved list was destroyed.

Sale as waste paper is none of the ways (S2-INFO.25, S2-DOSS.29.3). The trap is the witness who is
the custodian by another name: who draws up, carries out or keeps the archive cannot be it.
"""

from __future__ import annotations

from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind
from handlers.conversation.messages import Card, Reply
from handlers.conversation.state import ABOUT
from handlers.destruction import (
    destroy,
    destroy_access,
    destroy_checks,
    destroy_sign,
    destroy_words,
    destroying,
)
from handlers.feature import Feature
from handlers.texts import N_
from rules.destruction import CLEARANCE_RULE, ListState, Manner
from rules.errors import Reason
from rules.secrecy import Grade
from storage import staff
from storage.destructions import DestructionList
from storage.staff import Person

LIST, WITNESSED = "_list", "_witnessed"

NOBODY = N_("This colleague is not on the staff list any more. Nothing was entered.")
ASKED = N_("{name} is asked to sign as the witness; then it counts as destroyed ({rule}).")
PLEASE_SIGN = N_(
    "You are named as the witness of this destruction. Sign only if you were there and saw it all "
    "destroyed."
)
THEN = N_(
    "All of it counts as destroyed for good once the witness has signed; it is not put to any "
    "other use and not sold as waste paper ({rule})."
)
AT_ONCE = N_(
    "All of it counts as destroyed for good at once; it is not put to any other use and not sold "
    "as waste paper ({rule})."
)

FORM = Form(
    "destroycarry",
    1,
    N_("Enter destruction"),
    (
        Field(
            "place",
            Kind.TEXT,
            N_("Place"),
            N_("At which designated place was it destroyed?"),
            max_length=100,
            example=N_("档案楼一层销毁室"),
        ),
        Field(
            "manner",
            Kind.CHOICE,
            N_("Manner"),
            N_("How was it destroyed?"),
            choices=tuple(Choice(one.value, destroy_words.MANNERS[one]) for one in Manner),
        ),
        Field(
            "witness",
            Kind.STAFF,
            N_("Destruction witness"),
            N_("Who was present as the witness? Part of the name; not a custodian."),
            when=lambda answers: answers.flag(WITNESSED),
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text(ABOUT),
)


def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask how it was carried out, or for another witness."""
    held = destroy_access.found(ctx, arguments[0])
    if held is None:
        return Reply(alert=ctx.t(destroy_access.NOT_THERE))
    if not _ready(held):
        return destroying.as_it_is(ctx, held)
    about = destroy_words.headed(held, ctx.texts)
    given = {LIST: str(held.id), WITNESSED: held.has_witness, ABOUT: about}
    if held.manner is not None:
        given |= {"place": held.place, "manner": held.manner.value}
    return runner.start(ctx, FEATURE, Answers(given))


def _ready(held: DestructionList) -> bool:
    return held.state in (ListState.APPROVED, ListState.WITNESSED)


def review(ctx: Context, answers: Answers) -> str:
    """Say what follows. Rule: S2-DOSS.29.3, S2-INFO.25."""
    held = destroy_access.found(ctx, answers.text(LIST))
    if held is None:
        return ""
    words = THEN if held.has_witness else AT_ONCE
    return ctx.t(words, rule=destroy_checks.witness_rule(ctx, held))


def submit(ctx: Context, answers: Answers) -> Reply:
    """Enter how it was carried out and ask the witness to sign. Rule: S2-DOSS.29.3, S1-12.1.4."""
    held = destroy_access.found(ctx, answers.text(LIST), lock=True)
    if held is None:
        return Reply.of(Card(ctx.t(destroy_access.NOT_THERE)))
    if not _ready(held):
        return destroying.as_it_is(ctx, held)
    option = answers.option("witness")
    witness = staff.get(ctx.session, option.key) if option else None
    if held.has_witness and (witness is None or not witness.active):
        return destroying.shown(ctx, held, ctx.t(NOBODY))
    if reason := _hindrance(ctx, held, witness):
        ctx.record("destruction.witness_refused", f"destruction:{held.id}", reason.rule)
        return destroying.shown(ctx, held, destroy_words.reason(ctx, reason, ctx.texts))
    held, dropped = destroying.looked_over(ctx, held, ctx.person.id)
    lead = destroying.dropped_lines(ctx, dropped, ctx.texts, ctx.person.id)
    if not held.state.open:
        return destroying.shown(ctx, held, lead)
    held = destroying.moved(
        ctx,
        held,
        ListState.WITNESSED,
        place=answers.text("place"),
        manner=answers.text("manner"),
        carried_by=ctx.person.id,
        witness=witness.id if witness else None,
    )
    if witness is None:
        held = destroy_sign.destroyed(ctx, held)
        return destroying.shown(ctx, held, lead)
    destroying.tell(ctx, held, witness.id, "sign", PLEASE_SIGN)
    rule = destroy_checks.witness_rule(ctx, held)
    said = ctx.t(ASKED, name=witness.name, rule=rule)
    return destroying.shown(ctx, held, "\n".join(filter(None, (said, lead))))


def _hindrance(ctx: Context, held: DestructionList, witness: Person | None) -> Reason | None:
    """Return why these two cannot do it: the custodian is not cleared, or no such witness may."""
    custodian, grade = here(ctx), destroy_checks.grade(ctx, held)
    if grade > Grade(custodian.clearance):
        return Reason.of("above_clearance", rule=CLEARANCE_RULE, grade=grade.value)
    return destroy_checks.witness_refusal(ctx, held, witness) if witness else None


FEATURE = Feature(
    FORM.key,
    FORM.title,
    audience=destroy.audience,
    form=FORM,
    submit=submit,
    review=review,
    actions={"new": start},
)
