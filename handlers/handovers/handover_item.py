"""One line of a handover's papers: what is asked for, what is said, and what can be said by a tap.

Each tap is kept at once, so nothing is lost, and leads on to what is still to be said. The trap
is the tap on an old card: who may fill in is looked at anew, and once the papers are handed over
the list stands still.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.context import Context
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Reply
from handlers.conversation.wording import shorten
from handlers.feature import Action
from handlers.handovers import (
    handover_access,
    handover_acts,
    handover_ask,
    handover_card,
    handover_given,
    handover_list,
    handover_photos,
    handover_words,
)
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_given import Line
from handlers.handovers.handover_list import needed
from handlers.pages import page_of
from handlers.texts import LOCALES, N_, Texts
from rules.checklists import Form, Needed
from rules.green_card import lacking
from rules.handovers import ItemState, Signed, too_early
from storage import handover_items, handovers
from storage.handovers import Handover

WANTED = N_("Asked for: {what}")
SAID = N_("Now: {said}")
WHY = N_("Reason: {reason}")
FIRST = N_("Not before this is there: {title} ({rule})")
CARD_LACKS = N_("Not in the dossier yet, although the green card has it: {names} ({rule})")
NO_DOSSIER = N_("There is no dossier yet to compare it with.")
SHARED = N_("The same photo also stands for: {names}")
NOTED = N_("{title}: {said}")

ORIGINAL, COPY = N_("The original"), N_("A copy")
LACKS, NOT_HERE, ANEW = N_("Missing"), N_("Does not apply"), N_("Say anew")
INSTEAD = N_("Instead: {title}")
PAGES, PHOTO, SEE, CERTIFICATE = (
    N_("Pages"),
    N_("Send a photo"),
    N_("See photos"),
    N_("Certificate"),
)
NEXT, LIST = N_("Next"), N_("List")
SIGNS = {
    ("customer", Signed.YES): N_("Customer signed"),
    ("customer", Signed.MISSING): N_("Customer did not"),
    ("customer", Signed.WRONG): N_("Customer: wrong"),
    ("staff", Signed.YES): N_("We signed"),
    ("staff", Signed.MISSING): N_("We did not"),
    ("staff", Signed.WRONG): N_("We: wrong"),
}
REASONS = {
    "none": N_("Not in this job"),
    "refused": N_("Customer has none"),
}
"""Reasons that are one tap; any other is written."""
OTHER_REASON = N_("Other reason")
WHY_NOT = N_("Why does it not apply?")
ASKED = {
    Form.ORIGINAL: N_("original"),
    Form.COPY: N_("copy"),
    Form.PHOTO: N_("photo"),
}
ASKED_PHOTOS, ASKED_CUSTOMER, ASKED_STAFF, ASKED_PAGES, ASKED_NUMBER = (
    N_("{count} photos"),
    N_("customer's signature"),
    N_("our signature"),
    N_("number of pages"),
    N_("certificate number"),
)
INSTEAD_BYTES = 48
OPTIONAL = N_("only where there is one")
GREEN_CARD_RULE = "S1-09.4.1.1"
GREEN_CARD = {
    "name": N_("name"),
    "contact": N_("contact person"),
    "mobile": N_("mobile"),
    "landline": N_("land line with area code"),
    "address": N_("address"),
}


# -- one line ----------------------------------------------------------------------------------


def item(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show one line with what can be said of it."""
    found = found_line(ctx, arguments[0])
    if found is None:
        return handover_card.refused(ctx, None)
    held, one = found
    return Reply.of(item_card(ctx, held, one))


def found_line(ctx: Context, words: str, *, lock: bool = False) -> tuple[Handover, Line] | None:
    """Return a line with its handover if who acts may know of it."""
    row = handover_items.get(ctx.unit, int(words)) if words.isdecimal() else None
    held = handover_access.known(ctx, str(row.handover_id), lock=lock) if row else None
    if row is None or held is None:
        return None
    lines = handover_given.lines(ctx, held)
    return held, next(one for one in lines if one.item.id == row.id)


def item_card(ctx: Context, held: Handover, one: Line, lead: str = "") -> Card:
    acts = handover_access.may(ctx, held, ctx.person)
    buttons = _item_buttons(ctx, one) if Act.GIVE in acts else []
    if one.photos:
        buttons.append(Button(ctx.t(SEE), f"f.handover.look.{one.item.id}"))
    nav = [
        Button(
            ctx.t(LIST),
            f"f.handover.papers.{held.id}.{(one.item.position - 1) // handover_list.SIZE}",
            back=True,
        )
    ]
    if Act.GIVE in acts:
        nav.append(Button(ctx.t(NEXT), f"f.handover.next.{one.item.id}"))
    return Card(
        "\n".join(filter(None, [lead, *_facts(ctx, held, one)])),
        title=f"{one.item.position}. {handover_list.title(ctx, held, one)}",
        choices=tuple(buttons[:MAX_CHOICES]),
        columns=2,
        nav=tuple(nav),
        protect=True,
    )


def _facts(ctx: Context, held: Handover, one: Line) -> list[str]:
    wanted = asked(one, ctx.texts, pages=handover_access.papers_of(ctx, held).pages)
    lines = [ctx.t(WANTED, what=wanted)] if wanted else []
    lines.append(ctx.t(SAID, said=handover_words.said(one, ctx.texts)))
    if one.item.reason:
        lines.append(ctx.t(WHY, reason=one.item.reason))
    lines += _first(ctx, held, one)
    if one.paper is not None and one.paper.rule == GREEN_CARD_RULE:
        lines.append(_green_card(ctx, held))
    both = handover_photos.shared(ctx, held, one)
    if both:
        lines.append(ctx.t(SHARED, names="、".join(both)))
    return lines


def _first(ctx: Context, held: Handover, one: Line) -> list[str]:
    """Say what has to be there before this line can be, if it is not. Rule: S1-10.5, S1-10.6."""
    paper, found = one.paper, handover_given.lines(ctx, held)
    if paper is None:
        return []
    before = too_early(paper, handover_given.given(found))
    titles = (other.title(ctx.texts) for other in found if other.key == before)
    return [ctx.t(FIRST, title=title, rule=paper.rule) for title in titles]


def asked(one: Line, texts: Texts, *, pages: bool) -> str:
    """Return what the checklist asks of a line: form, photos, signatures; `pages`: of each."""
    paper = one.there
    if paper is None:
        return ""
    facts = [
        texts.t(ASKED[paper.form]) if paper.form in ASKED else "",
        texts.t(ASKED_PHOTOS, count=paper.photos_needed) if paper.photos_needed else "",
        texts.t(ASKED_CUSTOMER) if paper.customer_signs else "",
        texts.t(ASKED_STAFF) if paper.staff_signs else "",
        texts.t(ASKED_PAGES) if pages else "",
        texts.t(ASKED_NUMBER) if paper.certificate else "",
        texts.t(OPTIONAL) if paper.needed is Needed.OPTIONAL else "",
    ]
    return " · ".join(filter(None, facts))


def _green_card(ctx: Context, held: Handover) -> str:
    """Say what of a green card the dossier does not have. Rule: S1-09.4.1.1."""
    dossier = handover_words.dossier_of(ctx, held)
    if dossier is None:
        return ctx.t(NO_DOSSIER)
    phones = (dossier.phone, *dossier.fields.values())
    missing = lacking(dossier.name, dossier.contact, phones, dossier.address)
    names = "、".join(ctx.t(GREEN_CARD[one]) for one in missing)
    return ctx.t(CARD_LACKS, names=names, rule=GREEN_CARD_RULE) if missing else ""


def _item_buttons(ctx: Context, one: Line) -> list[Button]:
    """Return what can be said next of a line, the likeliest first."""
    key = one.item.id
    if one.item.state != ItemState.PRESENT:
        return _first_buttons(ctx, one)
    buttons = []
    who = _unsigned(one)
    if who is not None:
        buttons += [
            Button(ctx.t(words), f"f.handover.signed.{key}.{who}.{state.value}")
            for (side, state), words in SIGNS.items()
            if side == who
        ]
    if one.there is not None and one.there.certificate:
        buttons.append(Button(ctx.t(CERTIFICATE), f"f.handover.say.{key}.deed"))
    if not (one.there is not None and one.there.form is Form.PHOTO):
        buttons.append(Button(ctx.t(PAGES), f"f.handover.say.{key}.pages"))
    buttons.append(Button(ctx.t(PHOTO), f"f.handover.say.{key}.files"))
    buttons.append(Button(ctx.t(ANEW), f"f.handover.anew.{key}"))
    return buttons


def _first_buttons(ctx: Context, one: Line) -> list[Button]:
    key, paper = one.item.id, one.paper
    forms = [(ORIGINAL, Form.ORIGINAL), (COPY, Form.COPY)]
    if paper is not None and paper.form is Form.COPY:
        forms.reverse()
    if paper is not None and paper.form is Form.PHOTO:
        forms = []
    buttons = [Button(ctx.t(label), f"f.handover.has.{key}.{form.value}") for label, form in forms]
    buttons.append(Button(ctx.t(PHOTO), f"f.handover.say.{key}.files"))
    for at, other in enumerate(one.others):
        label = ctx.t(INSTEAD, title=handover_given.named(other, ctx.texts))
        buttons.append(Button(shorten(label, INSTEAD_BYTES), f"f.handover.instead.{key}.{at}"))
    buttons.append(Button(ctx.t(LACKS), f"f.handover.lacks.{key}"))
    if paper is None or paper.needed is not Needed.ALWAYS:
        buttons.append(Button(ctx.t(NOT_HERE), f"f.handover.why.{key}"))
    if one.item.state != ItemState.OPEN:
        buttons.append(Button(ctx.t(ANEW), f"f.handover.anew.{key}"))
    return buttons


def _unsigned(one: Line) -> str | None:
    """Return whose signature is still to be said: customer or staff."""
    there = one.there
    if there is None:
        return None
    if there.customer_signs and not one.item.customer_signed:
        return "customer"
    return "staff" if there.staff_signs and not one.item.staff_signed else None


# -- what is said by one tap -------------------------------------------------------------------


def write(ctx: Context, words: str, values: Mapping[str, Any]) -> tuple[Handover, Line] | Reply:
    """Write what the giver says of a line, and return both as they are now; else what to answer.

    Rule: S1-09.4.1, S4-LOAN.4.2a.
    """
    row = handover_items.get(ctx.unit, int(words)) if words.isdecimal() else None
    held = handover_acts.allowed(ctx, str(row.handover_id) if row else "", Act.GIVE)
    if isinstance(held, Reply) or row is None:
        return held if isinstance(held, Reply) else handover_card.refused(ctx, None)
    held = handovers.save(ctx.unit, held)
    if values.get("state") == ItemState.PRESENT and row.supplied_at is None:
        values = {**values, "supplied_at": ctx.at}
    if values:
        handover_items.put(ctx.unit, row.id, **values)
    found = next(one for one in handover_given.lines(ctx, held) if one.item.id == row.id)
    return held, found


def said(ctx: Context, words: str, **values: Any) -> Reply:
    """Write what was said of a line, and go on to what is still to be said."""
    found = write(ctx, words, values)
    return found if isinstance(found, Reply) else onward(ctx, *found)


def onward(ctx: Context, held: Handover, one: Line) -> Reply:
    """Show what is to be said next: of this line, of the next open one, or the whole list."""
    lines = handover_given.lines(ctx, held)
    left = handover_given.unanswered(ctx, held, lines)
    if one.item.state == ItemState.PRESENT and any(other.key == one.key for other in left):
        pages = handover_access.papers_of(ctx, held).pages
        if pages and not one.item.pages and _unsigned(one) is None:
            return handover_ask.ask(ctx, held, one, "pages")
        if one.there is not None and one.there.certificate and not one.item.certificate:
            return handover_ask.ask(ctx, held, one, "deed")
        return Reply.of(item_card(ctx, held, one))
    lead = ctx.t(NOTED, title=one.title(ctx.texts), said=handover_words.said(one, ctx.texts))
    if not left:
        handover_card.redraw(ctx, held)
    return _next(ctx, held, one, left, lead)


def _next(
    ctx: Context, held: Handover, one: Line, left: tuple[Line, ...], lead: str = ""
) -> Reply:
    after = [other for other in left if other.item.position > one.item.position]
    before = [other for other in left if other.item.position < one.item.position]
    following = next(iter((*after, *before)), None)
    if following is None:
        return Reply.of(handover_list.list_card(ctx, held, lead=lead))
    return Reply.of(item_card(ctx, held, following, lead))


def has(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Say that a paper is there, as original or copy."""
    form = arguments[1] if len(arguments) > 1 else ""
    if form not in (Form.ORIGINAL, Form.COPY):
        return handover_card.refused(ctx, None)
    values = {"state": ItemState.PRESENT.value, "form": form, "instead": "", "reason": ""}
    return said(ctx, arguments[0], **values)


def instead(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Say that an alternative stands in the place of a paper. Rule: S1-09.4.1.4."""
    found = found_line(ctx, arguments[0])
    others = found[1].others[page_of(arguments, 1) :] if found else ()
    if found is None or not others:
        return handover_card.refused(ctx, found[0] if found else None)
    other = others[0]
    form = other.form.value if other.form in (Form.ORIGINAL, Form.COPY) else ""
    values = {"state": ItemState.PRESENT.value, "form": form, "instead": other.id, "reason": ""}
    return said(ctx, arguments[0], **values)


def lacks(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Say that a paper is missing: it is noted, and will have to be supplied. Rule: S1-09.4.1."""
    values = {"state": ItemState.ABSENT.value, "form": "", "instead": "", "reason": ""}
    return said(ctx, arguments[0], **values)


def anew(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Take back what was said of a line."""
    values = {
        "state": ItemState.OPEN.value,
        "form": "",
        "instead": "",
        "reason": "",
        "pages": 0,
        "customer_signed": "",
        "staff_signed": "",
    }
    found = write(ctx, arguments[0], values)
    return found if isinstance(found, Reply) else Reply.of(item_card(ctx, *found))


def signed(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Say whether a paper carries a signature. Rule: S1-09.5.2, S1-09.5.5b, S1-09.5.5c."""
    who, state = (*arguments[1:3], "", "")[:2]
    if (who, state) not in {(side, one.value) for side, one in SIGNS}:
        return handover_card.refused(ctx, None)
    return said(ctx, arguments[0], **{f"{who}_signed": state})


def why(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask why a paper does not apply; two reasons are one tap."""
    found = found_line(ctx, arguments[0])
    if found is None or (found[1].paper is not None and needed(found[1])):
        return handover_card.refused(ctx, found[0] if found else None)
    key = found[1].item.id
    buttons = [
        Button(ctx.t(words), f"f.handover.na.{key}.{code}") for code, words in REASONS.items()
    ]
    buttons.append(Button(ctx.t(OTHER_REASON), f"f.handover.say.{key}.reason"))
    back = Button(ctx.t(handover_list.BACK), f"f.handover.item.{key}", back=True)
    title = found[1].title(ctx.texts)
    return Reply.of(Card(ctx.t(WHY_NOT), title=title, choices=tuple(buttons), nav=(back,)))


def not_applicable(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Say that a paper does not apply, for one of the reasons that are one tap."""
    code = arguments[1] if len(arguments) > 1 else ""
    found = found_line(ctx, arguments[0])
    if code not in REASONS or found is None or needed(found[1]):
        return handover_card.refused(ctx, found[0] if found else None)
    values = {"state": ItemState.NOT_APPLICABLE.value, "form": "", "reason": reason(ctx, code)}
    return said(ctx, arguments[0], **values)


def reason(ctx: Context, code: str) -> str:
    """Return one of the reasons that are one tap as it is kept: in the company's language."""
    return ctx.languages[LOCALES[0]].t(REASONS[code])


def following(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Go on to the next line of which something is still to be said."""
    found = found_line(ctx, arguments[0])
    if found is None:
        return handover_card.refused(ctx, None)
    held, one = found
    left = handover_given.unanswered(ctx, held, handover_given.lines(ctx, held))
    return _next(ctx, held, one, tuple(other for other in left if other.key != one.key))


def say(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for what has to be written or sent: pages, a reason, a certificate, photos."""
    what = arguments[1] if len(arguments) > 1 else ""
    found = found_line(ctx, arguments[0])
    if found is None or what not in handover_ask.ASKS:
        return handover_card.refused(ctx, found[0] if found else None)
    held, one = found
    if Act.GIVE not in handover_access.may(ctx, held, ctx.person):
        return handover_card.as_it_is(ctx, held)
    return handover_ask.ask(ctx, held, one, what)


ACTIONS: dict[str, Action] = {
    "item": item,
    "next": following,
    "has": has,
    "instead": instead,
    "lacks": lacks,
    "anew": anew,
    "signed": signed,
    "why": why,
    "na": not_applicable,
    "say": say,
}
