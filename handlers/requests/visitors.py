"""来访登记: visitors from outside who are expected in the reading room, for the custodian.

The custodian looks at the credential once more and enters "came" or "did not come"; both end the
visit, and with it what the letter was good for (C-05). Two custodians make one entry.
"""

from __future__ import annotations

from collections.abc import Callable

from handlers import seeing
from handlers.approvals import approval, approvals, case_texts
from handlers.context import Context
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.conversation.wording import LABEL_BYTES, shorten
from handlers.feature import Feature
from handlers.pages import SIZE, beside, page_of, to_today
from handlers.requests import outsiders
from handlers.texts import N_, Texts
from storage import case_lists, cases, consultations, dossiers, figures, staff
from storage import outsiders as stored
from storage.cases import Stored
from storage.consultations import Consultation
from storage.outsiders import CAME, EXPECTED, MISSED, Outsider
from storage.staff import Person

CASES, FIGURES = "outside", "figures"
"""Kinds of requests that a visitor is behind: to read, and for statistics."""

TITLE = N_("Visitors expected")
WAITING = N_("Visitors expected ({count})")
NOBODY = N_("No visitor is expected.")
PICK = N_("Whom is it about?")
GRANTED = N_("A visit was granted. Please say when, and enter whether the visitor came.")
NOT_YET = N_("no time fixed yet")
DOSSIER = N_("{number}: until {day}, {slot}")
ASKED_BY = N_("Asked for by {name}")
SETTLED = {
    CAME: N_("{who}: came, credential seen. Entered by {name}, {moment}."),
    MISSED: N_("{who}: did not come. Entered by {name}, {moment}."),
}
NOT_EXPECTED = N_("This visitor is not expected any more.")
OVER = N_("The visit was granted until {day} only; another one needs a request of its own.")
RUN_OUT = N_("The credential was valid until {day}: nobody reads on it any more.")


def is_custodian(person: Person) -> bool:
    return person.active and "custodian" in person.roles


# -- what is told ------------------------------------------------------------------------------


def announce(ctx: Context, visitor: Outsider, held: Consultation) -> None:
    """Tell the custodians that a visit was granted for one dossier."""
    for one in staff.holders(ctx.session, "custodian"):
        ctx.tell(
            one,
            lambda texts: _card(ctx, visitor, texts, held, lead=texts.t(GRANTED)),
            f"consultation:{held.id}:visit:{one}",
        )


def _card(
    ctx: Context,
    visitor: Outsider,
    texts: Texts,
    only: Consultation | None = None,
    lead: str = "",
) -> Card:
    granted = [only] if only else _granted(ctx, visitor)
    lines = [
        lead,
        outsiders.line(ctx, visitor, texts),
        texts.t(ASKED_BY, name=case_texts.name(ctx, visitor.sponsor)),
        *(_line(ctx, one, texts) for one in granted),
    ]
    if visitor.visit in SETTLED and visitor.settled_at is not None:
        lines[0] = _settled(ctx, visitor, texts)
        buttons: tuple[Button, ...] = ()
    else:
        buttons = (
            Button(texts.t(N_("Came, papers seen")), f"f.visitors.came.{visitor.id}"),
            Button(texts.t(N_("Did not come")), f"f.visitors.missed.{visitor.id}"),
            *(
                Button(_labelled(ctx, one, texts, len(granted)), f"f.consult.room.{one.id}")
                for one in granted[:3]
            ),
        )
    papers = Button(texts.t(N_("Credential")), f"f.credential.view.{visitor.id}")
    return Card(
        "\n".join(filter(None, lines)),
        title=texts.t(TITLE),
        choices=(*buttons, papers),
        columns=2,
        nav=(to_today(texts),),
        protect=True,
    )


def _labelled(ctx: Context, held: Consultation, texts: Texts, count: int) -> str:
    fix = texts.t(N_("Fix a time"))
    return fix if count == 1 else f"{fix} {_number(ctx, held)}"


def _line(ctx: Context, held: Consultation, texts: Texts) -> str:
    return texts.t(
        DOSSIER,
        number=_number(ctx, held),
        day=texts.day(held.last_day, ctx.today),
        slot=held.slot or texts.t(NOT_YET),
    )


def _number(ctx: Context, held: Consultation) -> str:
    dossier = dossiers.get(ctx.unit, held.dossier_id)
    return (dossier.number if dossier else None) or "-"


def _granted(ctx: Context, visitor: Outsider) -> list[Consultation]:
    of_visit = consultations.of_outsider(ctx.unit, visitor.id)
    return [one for one in of_visit if one.state == "granted"]


def _settled(ctx: Context, visitor: Outsider, texts: Texts) -> str:
    assert visitor.settled_at is not None  # noqa: S101 - entered together with the visit
    return texts.t(
        SETTLED[visitor.visit],
        who=outsiders.who(visitor, texts),
        name=case_texts.name(ctx, visitor.settled_by or ""),
        moment=case_texts.moment(ctx, visitor.settled_at, texts),
    )


# -- the register ------------------------------------------------------------------------------


def count(ctx: Context) -> int:
    """Return how many visitors the person has to receive."""
    return stored.count_expected(ctx.session) if is_custodian(ctx.person) else 0


def show(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """List the visitors who are expected, by page."""
    page = page_of(arguments)
    found = stored.expected(ctx.unit, SIZE + 1, page * SIZE)
    buttons = tuple(
        Button(shorten(outsiders.who(one, ctx.texts), LABEL_BYTES), f"f.visitors.open.{one.id}")
        for one in found[:SIZE]
    )
    nav = beside(page, more=len(found) > SIZE, key="f.visitors.list", back=to_today(ctx.texts))
    said = ctx.t(PICK if buttons else NOBODY)
    return Reply.of(Card(said, title=ctx.t(TITLE), choices=buttons, nav=nav, protect=True))


def open_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    visitor = _visitor(ctx, arguments[0])
    if visitor is None:
        return Reply(alert=ctx.t(NOT_EXPECTED))
    return Reply.of(_card(ctx, visitor, ctx.texts))


def settle(visit: str) -> Callable[[Context, tuple[str, ...]], Reply]:
    """Return what enters that a visitor came, or did not. Rule: C-05, S1-12.3.4."""

    def enter(ctx: Context, arguments: tuple[str, ...]) -> Reply:
        visitor = _visitor(ctx, arguments[0])
        if visitor is None:
            return Reply(alert=ctx.t(NOT_EXPECTED))
        if visit == CAME and visitor.visit == EXPECTED and (why := _too_late(ctx, visitor)):
            return Reply(alert=why)
        if stored.settle(ctx.unit, visitor.id, visit, by=ctx.person.id, at=ctx.at):
            ctx.record(f"outsider.{visit}", f"outsider:{visitor.id}", outsiders.RULE)
            visitor = _visitor(ctx, arguments[0]) or visitor
            _tell_sponsor(ctx, visitor)
        return Reply.of(_card(ctx, visitor, ctx.texts))

    return enter


def _too_late(ctx: Context, visitor: Outsider) -> str:
    """Return why the visitor cannot read any more; empty: nothing speaks against it."""
    if visitor.valid_to is not None and visitor.valid_to < ctx.today:
        return ctx.t(RUN_OUT, day=ctx.texts.day(visitor.valid_to, ctx.today))
    last = max((one.last_day for one in _granted(ctx, visitor)), default=ctx.today)
    return "" if last >= ctx.today else ctx.t(OVER, day=ctx.texts.day(last, ctx.today))


def _tell_sponsor(ctx: Context, visitor: Outsider) -> None:
    if visitor.sponsor != ctx.person.id:
        ctx.tell(
            visitor.sponsor,
            lambda texts: Card(_settled(ctx, visitor, texts), title=texts.t(TITLE), protect=True),
            f"outsider:{visitor.id}:{visitor.visit}",
        )


def _visitor(ctx: Context, words: str) -> Outsider | None:
    """Return a visitor whose visit was granted."""
    found = stored.get(ctx.unit, int(words)) if words.isdecimal() else None
    return found if found is not None and found.visit != stored.ASKED else None


# -- the papers --------------------------------------------------------------------------------


def view(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show the photo of a credential to who has to do with a request for the visitor, and to the
    custodian once the visit was granted. Others learn nothing, and the try is logged."""
    words = arguments[0]
    visitor = stored.get(ctx.unit, int(words)) if words.isdecimal() else None
    about = _cases(ctx, visitor) if visitor else []
    mine = next((one for one in about if approval.concerned(ctx, one)), None)
    keeps = visitor is not None and visitor.visit != stored.ASKED and is_custodian(ctx.person)
    if visitor is None or (mine is None and not keeps):
        for one in about[:1]:
            approvals.refused_look(ctx, one, "papers")
        return Reply(alert=ctx.t(case_texts.NOT_THERE))
    nav = []
    if mine is not None:
        nav.append(Button(ctx.t(N_("Request")), f"f.case.open.{mine.id}"))
        dossier = dossiers.get(ctx.unit, mine.dossier_id or 0)
        if dossier is not None and seeing.reachable(ctx, str(dossier.id)):
            nav.append(Button(ctx.t(N_("Customer")), f"f.find.card.{dossier.id}"))
    else:
        nav.append(Button(ctx.t(N_("Back")), f"f.visitors.open.{visitor.id}", back=True))
    card = outsiders.papers(ctx, visitor, ctx.t(N_("Credential")), tuple(nav))
    return Reply((Show(card, slot=FRESH),))


def _cases(ctx: Context, visitor: Outsider) -> list[Stored]:
    found = []
    asked = [(CASES, one.id) for one in consultations.of_outsider(ctx.unit, visitor.id)]
    asked += [(FIGURES, one.id) for one in figures.of_outsider(ctx.unit, visitor.id)]
    for kind, subject in asked:
        case_id = case_lists.about(ctx.session, kind, subject)
        case = cases.get(ctx.unit, case_id) if case_id is not None else None
        found += [case] if case is not None else []
    return found


FEATURE = Feature(
    key="visitors",
    title=TITLE,
    command="visitors",
    words=("来访登记",),
    audience=is_custodian,
    open=lambda ctx, _words: show(ctx, ("",)),
    actions={"list": show, "open": open_one, "came": settle(CAME), "missed": settle(MISSED)},
)
PAPERS = Feature(key="credential", title=N_("Credential"), actions={"view": view})
