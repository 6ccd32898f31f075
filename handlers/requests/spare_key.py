"""备用钥匙: papers were taken with the spare key, and who keeps the cabinet is told.

Nobody decides: the key is the general manager's (S3-ENG.3.2c). The trap is the cabinet that is
short without a reason: what was taken is in the archive's log and with its manager at once.
"""

from __future__ import annotations

from functools import partial

from handlers import seeing
from handlers.approvals import affair_cases, case_cards, case_texts
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.texts import N_, Texts
from rules.access import Sight
from rules.occasions import Action
from storage import affairs, staff
from storage.affairs import Affair, AffairKind, AffairState
from storage.dossiers import Dossier
from storage.staff import Person

TITLE = N_("Spare key")
TAKEN = N_("Taken with the spare key: {customer}")
TOLD = N_("Noted. Told: {names} ({rule}).")
NOBODY = N_("Noted, but nobody could be told: please tell the back office yourself ({rule}).")
NO_ROW = N_("It is in the log. The policy of this dossier says nothing of a spare key.")
HEARD = N_("{name} took papers of {customer} with the spare key ({rule}): {words}")

FORM = Form(
    "sparekey",
    1,
    TITLE,
    (
        Field("dossier", Kind.DOSSIER, N_("Customer"), N_("Whose papers were taken?")),
        Field(
            "what",
            Kind.TEXT,
            N_("What was taken"),
            N_("Which papers, and what for?"),
            max_length=500,
            example=N_("竣工图一册, 售后维修用"),
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: option.label if (option := answers.option("dossier")) else "",
)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Note what was taken, and tell who keeps the cabinet. Rule: S3-ENG.3.2c."""
    option = answers.option("dossier")
    dossier = seeing.reachable(ctx, option.key if option else "")
    if dossier is None:
        return Reply.of(Card(ctx.t(seeing.NO_DOSSIER)))
    row = affair_cases.row(ctx, Action.BACKUP_KEY, dossier)
    if row is None:
        ctx.record("sparekey.noted", f"dossier:{dossier.id}")
        return Reply.of(Card(ctx.t(NO_ROW), title=ctx.t(TITLE)))
    id_ = affairs.add(
        ctx.unit,
        AffairKind.SPARE_KEY,
        staff_id=ctx.person.id,
        dossier_id=dossier.id,
        detail="",
        words=answers.text("what"),
        state=AffairState.HELD,
        at=ctx.at,
    )
    opened = affair_cases.request(ctx, KIND, id_, row, dossier)
    names = [one.name for one in _hearers(ctx, dossier)]
    lead = ctx.t(TOLD if names else NOBODY, names="、".join(names), rule=row.rule)
    return Reply((case_cards.show(ctx, opened, lead=lead),))


def _hearers(ctx: Context, dossier: Dossier) -> list[Person]:
    """Return who keeps the cabinet: the back-office manager, else the head of the archive."""
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    found = staff.holders(ctx.session, "back_office_manager")
    found = found or staff.heads(ctx.session, policy.custodian_unit)
    people = (staff.get(ctx.session, one) for one in found if one != ctx.person.id)
    return [one for one in people if one is not None and one.active]


def say(ctx: Context, subject: int, reader: Person, texts: Texts) -> Asking:
    held = affair_cases.held(ctx, subject)
    dossier = affair_cases.dossier_of(ctx, held)
    return Asking(
        what=texts.t(TAKEN, customer=affair_cases.customer(ctx, dossier, reader)),
        why=affair_cases.words(ctx, held.words, dossier, reader, texts),
    )


def end(ctx: Context, ending: Ending) -> bool:
    """Tell who keeps the cabinet what is missing from it. Rule: S3-ENG.3.2c."""
    held = affair_cases.ended(ctx, ending, "sparekey")
    dossier = affair_cases.dossier_of(ctx, held)
    for one in _hearers(ctx, dossier):
        card = partial(_card, ctx, held, dossier, one, ending.rule)
        ctx.tell(one.id, card, f"sparekey:{held.id}:{one.id}")
    return True


def _card(
    ctx: Context, held: Affair, dossier: Dossier, reader: Person, rule: str, texts: Texts
) -> Card:
    said = texts.t(
        HEARD,
        name=case_texts.name(ctx, held.staff_id),
        customer=affair_cases.customer(ctx, dossier, reader),
        rule=rule,
        words=affair_cases.words(ctx, held.words, dossier, reader, texts),
    )
    seen = seeing.view(ctx, dossier, reader).sight is not Sight.NONE
    look = Button(texts.t(N_("Customer")), f"f.find.card.{dossier.id}")
    return Card(said, title=texts.t(TITLE), choices=(look,) if seen else (), protect=True)


KIND = AffairKind.SPARE_KEY.value
FEATURE = Feature(
    key="sparekey",
    title=TITLE,
    command="sparekey",
    words=("备用钥匙",),
    form=FORM,
    submit=submit,
    cases={KIND: CaseKind("钥", TITLE, say, end, tells_who_carries_out=True)},
    listed=False,
)
