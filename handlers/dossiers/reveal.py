"""Personal fields in full, for a minute: asked what for, sent apart, taken out of the chat again.

Cards show them masked (S3-SPEC1.1.3). The trap is the value that stays: its message is protected,
its slot is its own, and the row that deletes it is written in the unit that shows it.
"""

from __future__ import annotations

import msgspec

from handlers import seeing
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Reply, Show, Stay
from handlers.conversation.wording import LINE
from handlers.feature import Feature
from handlers.texts import N_
from rules.masks import mask_address, mask_identity, mask_phone
from storage import outbox
from storage.dossiers import Dossier
from storage.looks import Way

SECONDS = 60
IDENTITY = "identity_proof"
"""Field of the dossier that holds the proof of identity (S3-SPEC2.3.1a)."""

SHOW = N_("Show for 60 s")
PURPOSES = {
    "call": N_("Call the customer"),
    "visit": N_("Visit or delivery"),
    "check": N_("Check the data"),
    "control": N_("Supervision"),
}
"""The quick answers to what it is needed for, by the code that is kept."""
OTHER = "other"
WHAT_FOR = N_(
    "What do you need it for? Shown will be: {fields}. Who saw it, when and what for is kept, and "
    "the keeper is told."
)
SOON_GONE = N_("It is shown below; after 60 seconds it is taken back, if this messenger can.")
PURPOSE = N_("Purpose: {purpose}")
GONE = N_("Taken back.")
NOTHING = N_("Nothing of this customer is masked here.")

FORM = Form(
    "revealing",
    1,
    N_("Purpose"),
    (Field("purpose", Kind.TEXT, N_("Purpose"), N_("What do you need it for?"), max_length=200),),
    submit_label=SHOW,
    review=False,
)


class Personal(msgspec.Struct, frozen=True):
    """One personal field of a dossier."""

    label: str
    """N_"""
    value: str
    masked: str


def personal(dossier: Dossier) -> tuple[Personal, ...]:
    """Return the personal fields that the dossier holds and a card shows masked.

    Rule: S3-SPEC1.1.3.
    """
    proof = dossier.fields.get(IDENTITY, "")
    fields = (
        Personal(N_("Phone"), dossier.phone, mask_phone(dossier.phone)),
        Personal(N_("Address"), dossier.address, mask_address(dossier.address)),
        Personal(N_("Proof of identity"), proof, mask_identity(proof)),
    )
    return tuple(one for one in fields if one.value)


def button(ctx: Context, dossier: Dossier) -> tuple[Button, ...]:
    """Return the button that leads here; none where nothing is masked."""
    if not personal(dossier):
        return ()
    return (Button(ctx.t(SHOW), f"f.reveal.ask.{dossier.id}"),)


def _entitled(ctx: Context, words: str) -> Dossier | None:
    dossier = seeing.reachable(ctx, words)
    return dossier if dossier is not None and seeing.view(ctx, dossier).content else None


def ask(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask what the masked fields are needed for. Rule: S5-4.2."""
    dossier = _entitled(ctx, arguments[0])
    if dossier is None:
        return Reply(alert=ctx.t(seeing.NO_DOSSIER))
    labels = "、".join(ctx.t(one.label) for one in personal(dossier))
    if not labels:
        return Reply(alert=ctx.t(NOTHING))
    quick = [
        Button(ctx.t(label), f"f.reveal.show.{dossier.id}.{code}")
        for code, label in PURPOSES.items()
    ]
    return Reply.of(
        Card(
            ctx.t(WHAT_FOR, fields=labels),
            title=seeing.customer(ctx, dossier),
            choices=(*quick, Button(ctx.t(N_("Another purpose")), f"f.reveal.other.{dossier.id}")),
            columns=2,
            nav=(_back(ctx, dossier),),
            passing=True,
        )
    )


def other(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Let the purpose be written."""
    if _entitled(ctx, arguments[0]) is None:
        return Reply(alert=ctx.t(seeing.NO_DOSSIER))
    return runner.start(ctx, WRITING, Answers({"_dossier": arguments[0]}))


def show(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show the fields for one of the quick purposes."""
    code = arguments[1] if len(arguments) > 1 else ""
    if code not in PURPOSES:
        return ask(ctx, arguments)
    return _shown(ctx, arguments[0], code, "") or Reply(alert=ctx.t(seeing.NO_DOSSIER))


def submit(ctx: Context, answers: Answers) -> Reply:
    words = " ".join(answers.text("purpose").split())
    shown = _shown(ctx, answers.text("_dossier"), OTHER, words)
    return shown or Reply.of(Card(ctx.t(seeing.NO_DOSSIER)))


def _shown(ctx: Context, words: str, code: str, text: str) -> Reply | None:
    dossier = _entitled(ctx, words)
    fields = personal(dossier) if dossier is not None else ()
    if dossier is None or not fields:
        return None
    seeing.look(ctx, dossier, Way.REVEAL, purpose=code, purpose_text=text)
    purpose = text or ctx.t(PURPOSES[code])
    said = Card(
        f"{ctx.t(SOON_GONE)}\n{ctx.t(PURPOSE, purpose=purpose)}",
        title=seeing.customer(ctx, dossier),
        nav=(_back(ctx, dossier),),
    )
    lines = [ctx.t(LINE, label=ctx.t(one.label), value=one.value) for one in fields]
    card = Card("\n".join(lines), protect=True, passing=True)
    stay = Stay(SECONDS, Card(ctx.t(GONE)))
    slot = f"{outbox.PASSING}{ctx.new_id()}"
    return Reply((Show(said), Show(card, slot=slot, stay=stay)))


def _back(ctx: Context, dossier: Dossier) -> Button:
    return Button(ctx.t(N_("Customer")), f"f.find.card.{dossier.id}", back=True)


WRITING = Feature(key="revealing", title=FORM.title, form=FORM, submit=submit)
FEATURE = Feature(key="reveal", title=SHOW, actions={"ask": ask, "other": other, "show": show})
