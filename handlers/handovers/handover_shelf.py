"""入柜: papers that are signed into the archive get their number, their place, label and list.

The number is that of the dossier, by the pack's pattern; deeds bear the number of the file and lie
in the safe, apart from it. Where there is no dossier yet, who keeps the archive opens it now: that
is the check of what came in (S1-09.2.5). The trap is the paper that is nowhere: shelving makes
papers of the dossier of all of them, so that they can be lent.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from handlers import seeing
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.handovers import (
    handover_access,
    handover_card,
    handover_contents,
    handover_dossier,
    handover_ends,
    handover_findings,
    handover_given,
    handover_papers_in,
    handover_steps,
    handover_words,
)
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_card import shown
from handlers.handovers.shelving_form import (
    CLEARED,
    FORM,
    GRADE,
    HELD,
    IN_A_SAFE,
    LINES,
    NUMBER,
    PLACE,
    RULE,
    SAFES,
    YEAR,
    bound,
    filed_under,
    grade_of,
)
from handlers.texts import N_
from rules.filing_years import Matter, year_rule
from rules.safes import UPPER, fits, place_rule
from rules.secrecy import Grade
from rules.volumes import volume_rule
from storage import dossiers, staff
from storage.dossiers import Dossier
from storage.handovers import Handover, Leg

TITLE = N_("Shelve · {number}")
SHELVED = N_("Shelved ({rule}): {count} papers, number {number}, place {place}.")
SHELVED_TOLD = N_("Your papers are shelved under {number} ({rule}).")

FILED_UNDER = N_("Filed under {year} ({rule}).")
BOUND_APART = N_("Top-secret volume ({rule}): lines {lines}, in {place}.")
NOT_APART = N_("These papers lie apart ({rule}): something less secret stands at that place.")
NOT_CLEARED_FOR = N_(
    "These papers are kept by a colleague who may see them ({rule}); please name another."
)
MAY_BE_SECRET = N_("Top-secret papers are filed apart ({rule}): name their lines under “More”.")
SHOWN = 20
"""Lines on the review card."""


def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask where the papers lie, once they have a dossier that is open."""
    found = handover_steps.mine(ctx, arguments[:1], Act.SHELVE)
    if isinstance(found, Reply):
        return found
    held, _ = found
    if held.shelved_at is not None:
        return _is_shelved(ctx, held)
    dossier = dossiers.get(ctx.unit, held.dossier_id) if held.dossier_id is not None else None
    if dossier is None:
        return handover_dossier.whose(ctx, held)
    if dossier.state != "active":
        opened = handover_dossier.opened(ctx, held, dossier)
        if isinstance(opened, Reply):
            return opened
        dossier = opened
    row = handover_access.row_of(ctx, held)
    grade, safes = Grade(dossier.grade), safes_of(ctx, held)
    given: dict[str, Any] = {
        HELD: str(held.id),
        GRADE: grade.value,
        SAFES: list(safes),
        NUMBER: handover_words.number(ctx, held, here(ctx)),
        PLACE: row.place or "",
        RULE: row.place_rule or "",
    }
    if held.period_on is not None and _year_rule(ctx, held, Matter.ONE_YEAR):
        given[YEAR] = str(held.year)
    if _volume_rule(ctx, held) and grade is not Grade.TOP_SECRET:
        given[LINES] = [str(one.position) for one in handover_ends.papers(ctx, held)]
        given[CLEARED] = Grade(ctx.person.clearance) is Grade.TOP_SECRET
    most = Grade.TOP_SECRET if given.get(CLEARED) else grade
    if most in UPPER and Grade(ctx.person.clearance) >= most:
        given["kept_by"] = {"key": ctx.person.id, "label": ctx.person.name}
    seen = dossier.location if seeing.view(ctx, dossier).content else ""
    known = held.location or row.place or seen
    if not fits(known, grade, safes):
        known = "" if grade in UPPER else safes[0]
    return runner.start(ctx, FEATURE, Answers(given | ({"location": known} if known else {})))


def _is_shelved(ctx: Context, held: Handover) -> Reply:
    button = Button(ctx.t(handover_contents.TITLE), f"f.sign.contents.{held.id}")
    reply = shown(ctx, held, ctx.t(handover_card.AS_IT_IS))
    return reply.plus(
        Reply.of(
            Card(
                handover_contents.labels(ctx, held, ctx.texts),
                title=ctx.t(TITLE, number=held.number),
                choices=(button,),
                protect=True,
            )
        )
    )


def review(ctx: Context, answers: Answers) -> str:
    """Say how the label reads."""
    held = handover_access.known(ctx, answers.text(HELD))
    if held is None:
        return ctx.t(handover_card.NOT_THERE)
    label = handover_contents.label(
        ctx, _with_year(held, answers), ctx.texts, answers.text("location")
    )
    filed = filed_under(answers)
    rule = _year_rule(ctx, held, filed[0]) if filed else None
    said = ctx.t(FILED_UNDER, year=filed[1], rule=rule) if filed and rule else ""
    return "\n".join(filter(None, (label, said, *_volumes(ctx, held, answers))))


def _volumes(ctx: Context, held: Handover, answers: Answers) -> list[str]:
    """Return what is bound apart, or of which lines that can be said."""
    rule = _volume_rule(ctx, held)
    if not answers.many(LINES) or rule is None:
        return []
    *_, last = bound(answers)
    if last.grade is Grade.TOP_SECRET:
        place = answers.text("apart") or answers.text("location")
        return [ctx.t(BOUND_APART, rule=rule, lines="、".join(map(str, last.lines)), place=place)]
    there = [one for one in handover_given.lines(ctx, held) if _listed(one.item.position, answers)]
    lines = [handover_findings.numbered(one, ctx.texts) for one in there[:SHOWN]]
    return ["", ctx.t(MAY_BE_SECRET, rule=rule), *lines]


def _listed(position: int, answers: Answers) -> bool:
    return str(position) in answers.many(LINES)


def _volume_rule(ctx: Context, held: Handover) -> str | None:
    return volume_rule(handover_access.policy_of(ctx, held).sources)


def _year_rule(ctx: Context, held: Handover, matter: Matter) -> str | None:
    return year_rule(handover_access.policy_of(ctx, held).sources, matter)


def _with_year(held: Handover, answers: Answers) -> Handover:
    filed = filed_under(answers)
    return replace(held, filed_under=filed[1]) if filed else held


def submit(ctx: Context, answers: Answers) -> Reply:
    """Put the papers in their place; they are papers of the dossier from now on.

    The electronic dossier and the place of the paper one are there together, or it is not shelved.

    Rule: S1-09.2.1, S1-09.4.1, S2-DOSS.6, S2-DOSS.7, S2-DOSS.13, S2-DOSS.14.1, S2-DOSS.20,
    S4-LOAN.4.8, S4-LOAN.5.4, S4-LOAN.5.5, S5-2.23, S5-2.24.
    """
    found = handover_steps.mine(ctx, (answers.text(HELD),), Act.SHELVE)
    if isinstance(found, Reply):
        return handover_steps.opened(found)
    held, leg = found
    dossier = dossiers.get(ctx.unit, held.dossier_id) if held.dossier_id is not None else None
    if held.shelved_at is not None or dossier is None or dossier.number is None:
        return _is_shelved(ctx, held) if held.shelved_at else handover_dossier.whose(ctx, held)
    row, place = handover_access.row_of(ctx, held), answers.text("location")
    if (again := _unkept(ctx, held, dossier, answers)) is not None:
        return again
    fit = fits(dossier.location, Grade(dossier.grade), safes_of(ctx, held))
    if row.place is None and not (dossier.location and fit):
        dossiers.place(ctx.unit, dossier.id, place)
    filed, keeper = filed_under(answers), answers.option("kept_by")
    held = handover_steps.touched(
        ctx,
        held,
        location=place,
        kept_by=keeper.key if keeper else "",
        shelved_at=ctx.at,
        filed_under=filed[1] if filed else None,
    )
    volumes = bound(answers)
    count = handover_papers_in.file(ctx, held, volumes, answers.text("apart"))
    rule = row.place_rule or row.rule
    ctx.record(
        "handover.shelved", f"handover:{held.id}", rule, papers=count, volumes=len(volumes) or 1
    )
    return _told(ctx, held, leg, count, rule)


def _unkept(ctx: Context, held: Handover, dossier: Dossier, answers: Answers) -> Reply | None:
    """Ask anew where graded papers do not lie in a safe, or those of an upper grade not apart or
    with nobody who may see them; None: they are kept as they have to be.

    Rule: S2-SECR.8.1, S2-INFO.22, C-67.
    """
    own = Grade(dossier.grade)
    grade, keeper = max(own, grade_of(answers)), answers.option("kept_by")
    place, safes = answers.text("apart") or answers.text("location"), safes_of(ctx, held)
    lower = [one.value for one in Grade if one < grade]
    if not (fits(answers.text("location"), own, safes) and fits(place, grade, safes)):
        gone, why = "location", IN_A_SAFE
    elif grade not in UPPER:
        return None
    elif dossiers.beside(ctx.session, place, lower, dossier.id):
        gone, why = ("apart" if answers.text("apart") else "location"), NOT_APART
    else:
        person = staff.get(ctx.session, keeper.key) if keeper else None
        if person is not None and person.active and Grade(person.clearance) >= grade:
            return None
        gone, why = "kept_by", NOT_CLEARED_FOR
    given = {**answers.values, GRADE: own.value, SAFES: list(safes)}
    values = {key: value for key, value in given.items() if key != gone}
    words = ctx.t(why, rule=place_rule(grade), safe=safes[0])
    again = runner.start(ctx, FEATURE, Answers(values), at_review=True)
    return Reply.of(Card(words, title=ctx.t(FORM.title))).plus(again)


def safes_of(ctx: Context, held: Handover) -> tuple[str, ...]:
    return handover_access.policy_of(ctx, held).secrecy.safes


def _told(ctx: Context, held: Handover, leg: Leg, count: int, rule: str) -> Reply:
    people = {held.giver, leg.giver} - {ctx.person.id}
    for one in filter(None, (staff.get(ctx.session, who) for who in sorted(people))):
        number = handover_words.number(ctx, held, one)
        handover_card.tell(ctx, held, one.id, SHELVED_TOLD, "shelved", number=number, rule=rule)
    handover_card.redraw(ctx, held, but=people)
    number = handover_words.number(ctx, held, here(ctx))
    place = handover_words.place(ctx, held, ctx.texts)
    lead = ctx.t(SHELVED, count=count, place=place, number=number, rule=rule)
    contents = Card(
        handover_contents.labels(ctx, held, ctx.texts),
        title=ctx.t(TITLE, number=held.number),
        choices=(Button(ctx.t(handover_contents.TITLE), f"f.sign.contents.{held.id}"),),
        protect=True,
    )
    return shown(ctx, held, lead).plus(Reply.of(contents))


FEATURE = Feature(FORM.key, FORM.title, form=FORM, submit=submit, review=review)
ACTIONS = {
    "shelve": start,
    **handover_dossier.ACTIONS,
    "contents": handover_contents.ask,
}
