"""The buttons of a case's card.

A key names a case and the step its card showed, nothing more: who pressed and what is so now
decide. Whoever comes too late sees the present state; whoever has nothing to do with it learns
nothing, and the attempt is logged (S1-07.3.3.2a).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from handlers import identity
from handlers.approvals import approvals, case_cards, case_notices, case_reminders, case_texts
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Mode, Reply, Show
from handlers.feature import Clockwork, Feature
from handlers.pages import SIZE, beside, page_of
from handlers.texts import N_
from rules.access import StaffId
from rules.cases import (
    Act,
    AddSigner,
    Answer,
    Approve,
    AskBack,
    DeciderAct,
    Nudge,
    PassOn,
    Refuse,
    Withdraw,
)
from rules.errors import Denied
from rules.steps import spent
from storage import (
    case_copies,
    cases,
    staff,
)
from storage.cases import Stored

LONGEST = 500

REASONS = {
    "papers": N_("Papers are missing"),
    "purpose": N_("Purpose not clear"),
    "need": N_("Not needed for the work"),
    "later": N_("Not at this time"),
}
"""Quick reasons of a refusal."""

WHY = N_("Why is it refused? Choose a reason or write one; the requester reads it.")
TO_WHOM = N_("To whom? The same post, or a superior.")
TO_NOBODY = N_("There is nobody to whom this could be passed on.")
SURE = N_("Take the request back? It then waits for nobody any more.")
REMINDED = N_("Those who decide were reminded.")


def _form(key: str, title: str, prompt: str, kind: Kind = Kind.TEXT) -> Form:
    label, most = title, LONGEST if kind is Kind.TEXT else 4000
    field = Field("words", kind, label, prompt, max_length=most)
    return Form(key, 1, title, (field,), submit_label=N_("Submit"), review=False)


REFUSING_FORM = _form("refusing", N_("Refuse"), N_("Why is it refused?"))
ASKING_FORM = _form("asking", N_("Ask back"), N_("What do you want to know?"))
ANSWERING_FORM = _form("answering", N_("Answer"), N_("Your answer?"))
SIGNING_FORM = _form(
    "signing", N_("Add a signer"), N_("Who is to agree as well? Part of the name."), Kind.STAFF
)


class Pressed(msgspec.Struct, frozen=True):
    """A case and the step that the pressed card showed."""

    stored: Stored
    step: int | None


# -- looking -----------------------------------------------------------------------------------


def open_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show the card to whoever has to do with the case."""
    stored = _stored(ctx, arguments[0])
    if stored is None:
        return _nothing(ctx)
    if not concerned(ctx, stored):
        approvals.refused_look(ctx, stored, "open")
        return _nothing(ctx)
    return Reply((case_cards.show(ctx, stored),))


def _stored(ctx: Context, words: str) -> Stored | None:
    stored = cases.get(ctx.unit, int(words)) if words.isdecimal() else None
    if stored is not None and stored.dossier_id is not None:
        ctx.about.add(stored.dossier_id)
    return stored


def concerned(ctx: Context, stored: Stored) -> bool:
    """Whether the person asked for it, was asked, or carries out what was approved."""
    case, me = stored.case, StaffId(ctx.person.id)
    if me == case.matter.requester or me in case.asked or me in case.deciders:
        return True
    release = case.approval.release
    return not case.open and release is not None and release in ctx.person.roles


def _nothing(ctx: Context) -> Reply:
    return Reply(alert=ctx.t(case_texts.NOT_THERE))


def _refused(ctx: Context, case_id: int, denied: Denied) -> Reply:
    """Say why not; who has to do with the case sees its present state as well."""
    alert = case_texts.denial(ctx, denied)[:200]
    stored = cases.get(ctx.unit, case_id)
    if stored is None or not concerned(ctx, stored):
        return Reply(alert=alert)
    return Reply((case_cards.show(ctx, stored),), alert=alert)


def done(ctx: Context, case_id: int, what: Act, words: str = "", lead: str = "") -> Reply:
    """Do an act and answer with the card as it is then."""
    kept, said = identity.hidden(ctx, words)
    result = approvals.act(ctx, case_id, what, kept)
    if result is None:
        return _nothing(ctx).plus(said)
    if isinstance(result, Denied):
        return _refused(ctx, case_id, result).plus(said)
    return Reply((case_cards.show(ctx, result, lead=lead),)).plus(said)


# -- who decides -------------------------------------------------------------------------------


def _pressed(
    ctx: Context, arguments: tuple[str, ...], what: Callable[[StaffId, int | None], DeciderAct]
) -> Pressed | Reply:
    """Return the case if the person may do such an act with it now, else what to answer."""
    stored = _stored(ctx, arguments[0])
    if stored is None:
        return _nothing(ctx)
    pressed = Pressed(stored, _step(arguments))
    denied = approvals.hindrance(ctx, stored, what(StaffId(ctx.person.id), pressed.step))
    return _refused(ctx, stored.id, denied) if denied else pressed


def _step(arguments: tuple[str, ...]) -> int | None:
    return int(arguments[1]) if len(arguments) > 1 and arguments[1].isdecimal() else None


def approve(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    if not arguments[0].isdecimal():
        return _nothing(ctx)
    what = Approve(StaffId(ctx.person.id), _step(arguments))
    return done(ctx, int(arguments[0]), what)


def ask_why(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Offer four quick reasons, and to write one."""
    pressed = _pressed(ctx, arguments, Approve)
    if isinstance(pressed, Reply):
        return pressed
    key = f"{pressed.stored.id}.{pressed.stored.case.step}"
    choices = tuple(
        Button(ctx.t(words), f"f.case.no.{key}.{code}") for code, words in REASONS.items()
    )
    write = Button(ctx.t(N_("Write why")), f"f.case.write.{key}")
    return _in_place(ctx, pressed.stored, WHY, (*choices, write))


def _in_place(
    ctx: Context,
    stored: Stored,
    words: str,
    choices: tuple[Button, ...],
    nav: tuple[Button, ...] = (),
) -> Reply:
    """Ask something where the case's card stood."""
    back = Button(ctx.t(N_("Back")), f"f.case.open.{stored.id}", back=True)
    card = Card(
        ctx.t(words),
        title=case_cards.title(ctx, stored, ctx.texts),
        choices=choices,
        columns=2,
        nav=nav or (back,),
    )
    if ctx.tapped.startswith(case_copies.slot(0)[:-1]):
        return Reply((Show(card, Mode.REDRAW, ctx.tapped),))
    return Reply.of(card)


def refuse_quickly(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    words = ctx.t(REASONS.get(arguments[-1], ""))
    if not (arguments[0].isdecimal() and words):
        return _nothing(ctx)
    what = Refuse(StaffId(ctx.person.id), words, _step(arguments))
    return done(ctx, int(arguments[0]), what, words)


def _start(
    feature: Callable[[], Feature], what: Callable[[StaffId, int | None], DeciderAct]
) -> Callable[[Context, tuple[str, ...]], Reply]:
    def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
        pressed = _pressed(ctx, arguments, what)
        if isinstance(pressed, Reply):
            return pressed
        carried = {"_case": pressed.stored.id, "_step": pressed.stored.case.step}
        return runner.start(ctx, feature(), Answers(carried))

    return start


def _carried(answers: Answers) -> tuple[int, int]:
    return int(answers.values["_case"]), int(answers.values["_step"])


def submit_refusal(ctx: Context, answers: Answers) -> Reply:
    case_id, step = _carried(answers)
    words = answers.text("words")
    return done(ctx, case_id, Refuse(StaffId(ctx.person.id), words, step), words)


def submit_question(ctx: Context, answers: Answers) -> Reply:
    case_id, step = _carried(answers)
    words = answers.text("words")
    return done(ctx, case_id, AskBack(StaffId(ctx.person.id), words, step), words)


def submit_signer(ctx: Context, answers: Answers) -> Reply:
    case_id, step = _carried(answers)
    signer = answers.option("words")
    who = StaffId(signer.key if signer else "")
    return done(ctx, case_id, AddSigner(StaffId(ctx.person.id), who, step))


def pass_on(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Offer those to whom the decision may go, by page, and to add a signer."""
    pressed = _pressed(ctx, arguments, Approve)
    if isinstance(pressed, Reply):
        return pressed
    stored, case = pressed.stored, pressed.stored.case
    me, key = StaffId(ctx.person.id), f"{stored.id}.{stored.case.step}"
    rules = approvals.rules_of(ctx)
    people: set[StaffId] = set()
    for _, place in case.here:
        giver = place.decider(me)
        if giver is not None:
            people |= rules.search(case.matter, spent(case)).entitled(place.seat, giver)
    able = sorted(one for one in people if rules.search(case.matter, spent(case)).may(one))
    page = page_of(arguments, 2)
    choices = []
    for one in able[page * SIZE : (page + 1) * SIZE]:
        person = staff.get(ctx.session, one)
        if person is not None:
            label = f"{person.name} · {person.department}"
            choices.append(Button(label, f"f.case.to.{key}.{one}"))
    signer = Button(ctx.t(SIGNING_FORM.title), f"f.case.sign.{key}")
    back = Button(ctx.t(N_("Back")), f"f.case.open.{stored.id}", back=True)
    more = len(able) > (page + 1) * SIZE
    nav = beside(page, more=more, key=f"f.case.pass.{key}", back=back)
    words = TO_WHOM if able else TO_NOBODY
    return _in_place(ctx, stored, words, tuple(choices), (signer, *nav))


def pass_to(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    if not arguments[0].isdecimal():
        return _nothing(ctx)
    to = StaffId(".".join(arguments[2:]))  # a staff number may hold dots, which part arguments
    what = PassOn(StaffId(ctx.person.id), to, _step(arguments))
    return done(ctx, int(arguments[0]), what)


# -- who asked ---------------------------------------------------------------------------------


def _own(ctx: Context, words: str) -> Stored | Reply:
    """Return the person's own open request, else what to answer."""
    stored = _stored(ctx, words)
    if stored is None or stored.case.matter.requester != ctx.person.id:
        if stored is not None:
            approvals.refused_look(ctx, stored, "own")
        return _nothing(ctx)
    if not stored.case.open:
        return Reply((case_cards.show(ctx, stored),))
    return stored


def start_answer(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    own = _own(ctx, arguments[0])
    if isinstance(own, Reply):
        return own
    if not own.case.asked_back:
        return Reply((case_cards.show(ctx, own),), alert=ctx.t(case_texts.NOTHING_ASKED))
    return runner.start(ctx, ANSWERING, Answers({"_case": own.id}))


def submit_answer(ctx: Context, answers: Answers) -> Reply:
    words = answers.text("words")
    what = Answer(StaffId(ctx.person.id), words)
    return done(ctx, int(answers.values["_case"]), what, words)


def nudge(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    if not arguments[0].isdecimal():
        return _nothing(ctx)
    what = Nudge(StaffId(ctx.person.id))
    return done(ctx, int(arguments[0]), what, lead=ctx.t(REMINDED))


def ask_back_whether(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask once more before a request is taken back."""
    own = _own(ctx, arguments[0])
    if isinstance(own, Reply):
        return own
    sure = Button(ctx.t(N_("Take back")), f"f.case.gone.{own.id}")
    return _in_place(ctx, own, SURE, (sure,))


def withdraw(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    if not arguments[0].isdecimal():
        return _nothing(ctx)
    return done(ctx, int(arguments[0]), Withdraw(StaffId(ctx.person.id)))


REFUSING = Feature("refusing", REFUSING_FORM.title, form=REFUSING_FORM, submit=submit_refusal)
ASKING = Feature("asking", ASKING_FORM.title, form=ASKING_FORM, submit=submit_question)
ANSWERING = Feature("answering", ANSWERING_FORM.title, form=ANSWERING_FORM, submit=submit_answer)
SIGNING = Feature("signing", SIGNING_FORM.title, form=SIGNING_FORM, submit=submit_signer)
FEATURE = Feature(
    key="case",
    title=N_("Request"),
    actions={
        "open": open_one,
        "ok": approve,
        "why": ask_why,
        "no": refuse_quickly,
        "write": _start(lambda: REFUSING, Approve),
        "ask": _start(lambda: ASKING, lambda by, step: AskBack(by, "?", step)),
        "pass": pass_on,
        "to": pass_to,
        "sign": _start(lambda: SIGNING, Approve),
        "answer": start_answer,
        "nudge": nudge,
        "back": ask_back_whether,
        "gone": withdraw,
    },
    clocks={
        case_notices.KIND: Clockwork(
            case_reminders.reminder, lambda _ctx, _id: None, lambda _ctx, _id, _rung: None
        )
    },
    regraded=lambda ctx, dossier, _before: approvals.regrade(ctx, dossier),
)
