"""监销: the witness signs that all of a list was destroyed, or says what is not so.

Only the named witness can, who still is on the staff list and no custodian. The trap is the loan
made a minute before: such a line drops out, and the witness signs anew for what is left.
"""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Card, Reply
from handlers.destruction import destroy_access, destroy_checks, destroy_lists, destroying
from handlers.feature import Feature
from handlers.texts import N_, Texts
from rules.destruction import ListState
from storage import destructions, documents, dossiers
from storage.destructions import DestructionList

LIST = "_list"

NOT_YOURS = N_("Only the named witness signs, and never a custodian ({rule}).")
SIGNED = N_("Signed: destroyed, and entered in the destruction register.")
LOOK_AGAIN = N_("Please sign anew for what is left on the list.")
DISPUTED = N_("{name} does not sign: {words}")
TOLD = N_("The custodian is told; nothing counts as destroyed.")

NO_FORM = Form(
    "destroyno",
    1,
    N_("Not so"),
    (
        Field(
            "words",
            Kind.TEXT,
            N_("What is not so"),
            N_("What is not so? The custodian reads it."),
            max_length=300,
            example=N_("销毁时我不在现场"),
        ),
    ),
    submit_label=N_("Submit"),
    review=False,
)


def sign(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Confirm as the witness that all of it was destroyed. Rule: S2-DOSS.29.3, S1-12.1.4."""
    held = destroying.pressed(ctx, arguments, ListState.WITNESSED)
    if isinstance(held, Reply):
        return held
    if refused := _not_yours(ctx, held):
        return refused
    custodian = held.carried_by or held.drawn_by
    held, dropped = destroying.looked_over(ctx, held, custodian)
    if dropped:
        destroying.tell(
            ctx,
            held,
            custodian,
            "dropped",
            lambda texts: destroying.dropped_lines(ctx, dropped, texts, custodian),
        )
        lead = destroying.dropped_lines(ctx, dropped, ctx.texts, ctx.person.id)
        again = ctx.t(LOOK_AGAIN) if held.state.open else ctx.t(destroying.LEFT_NOTHING)
        return destroying.shown(ctx, held, f"{lead}\n{again}")
    return destroying.shown(ctx, destroyed(ctx, held), ctx.t(SIGNED))


def _not_yours(ctx: Context, held: DestructionList) -> Reply | None:
    if held.witness == ctx.person.id and destroy_lists.can_sign(ctx, held):
        return None
    rule = destroy_checks.witness_rule(ctx, held)
    ctx.record("destruction.press_refused", f"destruction:{held.id}", rule)
    return Reply(alert=ctx.t(NOT_YOURS, rule=rule))


def destroyed(ctx: Context, held: DestructionList) -> DestructionList:
    """Enter that all of a list is destroyed: it stays on record, and is offered to nobody.

    Rule: S2-DOSS.29.3, S1-12.1.4.
    """
    lines = [one for one in destructions.items(ctx.unit, held.id) if one.state == "listed"]
    for one in lines:
        if one.document_id is not None:
            documents.take_off(ctx.unit, one.document_id, "destroyed")
        else:
            dossiers.destroy(ctx.unit, one.dossier_id)
            documents.take_off_all(ctx.unit, one.dossier_id, "destroyed")
        ctx.record("destruction.carried_out", f"dossier:{one.dossier_id}", held.rule, list=held.id)
    destructions.settle(ctx.unit, held.id, "destroyed")
    held = destroying.moved(ctx, held, ListState.DESTROYED)
    for to in dict.fromkeys((held.carried_by, held.drawn_by)):
        destroying.tell(ctx, held, to, "destroyed", SIGNED)
    return held


def ask_why(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    held = destroy_access.found(ctx, arguments[0])
    if held is None:
        return Reply(alert=ctx.t(destroy_access.NOT_THERE))
    if held.state is not ListState.WITNESSED:
        return destroying.as_it_is(ctx, held)
    return _not_yours(ctx, held) or runner.start(ctx, NO, Answers({LIST: str(held.id)}))


def submit(ctx: Context, answers: Answers) -> Reply:
    """Leave all as it was before, and tell the custodian what is not so. Rule: S2-DOSS.29.3."""
    held = destroy_access.found(ctx, answers.text(LIST), lock=True)
    if held is None:
        return Reply.of(Card(ctx.t(destroy_access.NOT_THERE)))
    if held.state is not ListState.WITNESSED:
        return destroying.as_it_is(ctx, held)
    if refused := _not_yours(ctx, held):
        return Reply.of(Card(refused.alert))
    words, name, custodian = answers.text("words"), ctx.person.name, held.carried_by
    nobody = {"place": "", "manner": None, "carried_by": None, "witness": None}
    held = destroying.moved(ctx, held, ListState.APPROVED, **nobody)
    ctx.record("destruction.disputed", f"destruction:{held.id}", held.rule)

    def said(texts: Texts) -> str:
        return texts.t(DISPUTED, name=name, words=words)

    destroying.tell(ctx, held, custodian, "disputed", said)
    return Reply.of(Card(ctx.t(TOLD)))


NO = Feature(NO_FORM.key, NO_FORM.title, form=NO_FORM, submit=submit)
FEATURE = Feature("destroysign", N_("Destruction witness"), actions={"ok": sign, "no": ask_why})
