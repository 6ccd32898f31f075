"""事故: loss, damage, theft, a leak is reported in half a minute; /leak goes straight to a leak.

One message of words, voice or photos is enough. Whoever is told confirms, adds what was done and
closes it with a report; a button that came too late is answered with what is true now.
"""

from __future__ import annotations

from handlers import seeing
from handlers.approvals import case_cards, case_texts
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers
from handlers.conversation.messages import FRESH, Button, Card, Mode, Reply, Show
from handlers.conversation.wording import LINE
from handlers.feature import Feature
from handlers.incidents import incident_cards as cards
from handlers.incidents import incident_forms, incidents
from handlers.incidents.incident_cards import Held
from handlers.incidents.incident_telling import CLOCKS, Gaps, reached
from handlers.notes.note import FILE, STATES
from handlers.pages import SIZE, beside, page_of, to_today
from handlers.texts import N_
from rules.access import StaffId
from rules.incidents import IncidentKind, LeakCase
from rules.loans import LoanState
from storage import attachments, loan_lists
from storage import incidents as stored
from storage.incidents import CHECK, KNOW
from storage.loans import Loan

NOT_THERE = N_("There is no such incident, or it is not open to you.")
EMPTY = N_("Nothing was said yet: one sentence, a voice message or a photo is enough.")
SENT = N_("Reported; everybody named below was told at once.")
SENT_TO_NOBODY = N_("Kept, but nobody could be told. Please tell your superior by phone.")
NO_DOSSIER = N_("That dossier is no longer open to you; the report does not name it.")
STILL_LENT = N_(
    "{number} is still lent to you and due as before. If it is these papers that are gone, open "
    "the loan and report it lost there."
)
GAP = N_("{role}: nobody could be told; {name} hears it instead.")
GAP_OPEN = N_("{role}: nobody could be told.")
CONFIRMED = N_("Confirmed. What was done, and that it is over, are entered here:")
ALREADY = N_("You have confirmed this already.")
NOT_TOLD = N_("It was you who reported it; the others confirm.")
OVER = N_("Closed by {name}, {moment}; nothing is to be done any more.")
LATE_WORDS = N_("{name} was quicker and closed it. What you wrote is kept with the measures.")
NOT_TO_CLOSE = N_("Those who were told close it.")
NO_COUNT = N_("No count is awaited from you.")
LIST = N_("Open incidents")
WAITING = N_("Incidents to confirm ({count})")
NONE_OPEN = N_("No incident is open.")
YOURS_TO_CONFIRM = N_("waits for you")
SEVERAL = N_("Tap one to see it whole.")

GONE = frozenset({IncidentKind.LOST, IncidentKind.THEFT, IncidentKind.FIRE})
"""Kinds after which lent papers may never come back."""

# -- reporting ---------------------------------------------------------------------------------


def read(_ctx: Context, _word: str, rest: str) -> Answers:
    """Read what follows the command as what happened."""
    return Answers({"words": rest} if rest else {})


def new(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    return runner.start(ctx, FEATURE)


def leak(ctx: Context, rest: str) -> Reply:
    """Start a report of a leak."""
    given = {"kind": IncidentKind.LEAKED.value, **read(ctx, "", rest.strip()).values}
    said = bool(rest.strip())
    return runner.start(ctx, FEATURE, Answers(given), at_review=said, prefilled=not said)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Keep the report and tell everybody at once; an empty one is asked again."""
    files = answers.files("files")
    if not answers.text("words") and not files:
        again = runner.start(ctx, FEATURE, answers, at_review=True)
        return Reply.of(Card(ctx.t(EMPTY))).plus(again)
    option = answers.option("dossier")
    dossier = seeing.reachable(ctx, option.key) if option else None
    kind = IncidentKind(answers.text("kind"))
    lent = _lent(ctx, dossier.id) if dossier else None
    incident, gaps = incidents.report(
        ctx,
        kind,
        words=answers.text("words"),
        dossier_id=dossier.id if dossier else None,
        loan_id=lent.id if lent else None,
        by=ctx.person.id,
        leak_case=LeakCase(answers.text("case")).value if "case" in answers else "",
        remedies=answers.many("remedies"),
        files=files,
    )
    one = cards.held(ctx, incident)
    others = (StaffId(row.staff_id) for row in one.told if row.staff_id != ctx.person.id)
    heard = any(reached(ctx, each) for each in others)
    lead = [ctx.t(SENT if heard else SENT_TO_NOBODY)]
    if option is not None and dossier is None:
        lead.append(ctx.t(NO_DOSSIER))
    if lent is not None and lent.state == LoanState.LENT and lent.borrower == ctx.person.id:
        lead += [ctx.t(STILL_LENT, number=lent.number or "-")] if kind in GONE else []
    lead += _gaps(ctx, gaps)
    card = cards.draw(ctx, one, case_cards.here(ctx), ctx.texts, lead="\n".join(lead))
    return Reply((Show(card, slot=cards.slot(incident.id)),))


def _lent(ctx: Context, dossier_id: int) -> Loan | None:
    """Return the loan that a report is about: the only one of the dossier that is out."""
    out = [one for one in loan_lists.open_on(ctx.unit, dossier_id) if one.out]
    return out[0] if len(out) == 1 else None


def _gaps(ctx: Context, gaps: Gaps) -> list[str]:
    lines = []
    for role, instead in gaps:
        words = GAP_OPEN if instead is None else GAP
        facts = {"role": cards.role_name(role, ctx.texts)}
        if instead is not None:
            facts["name"] = case_texts.name(ctx, instead)
        lines.append(ctx.t(words, **facts))
    return lines


# -- what is done with one ---------------------------------------------------------------------


def _refused(ctx: Context) -> Reply:
    return Reply(alert=ctx.t(NOT_THERE))


def _shown(ctx: Context, one: Held, *, lead: str = "", alert: str = "") -> Reply:
    """Show an incident as it is now: in place of the tapped card, else in a passing one."""
    now = cards.held(ctx, one.incident)
    card = cards.draw(ctx, now, case_cards.here(ctx), ctx.texts, lead=lead)
    slot = cards.slot(one.incident.id)
    if ctx.tapped == slot:
        return Reply((Show(card, Mode.REDRAW, slot),), alert=alert)
    return Reply((Show(card),), alert=alert)


def _over(ctx: Context, one: Held) -> str:
    """Return that it is closed, by whom and when."""
    assert one.incident.closed_at is not None  # noqa: S101 - asked of closed ones only
    name = case_texts.name(ctx, one.incident.closed_by or "")
    moment = case_texts.moment(ctx, one.incident.closed_at, ctx.texts)
    return ctx.t(OVER, name=name, moment=moment)


def open_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    one = incidents.of(ctx, arguments[0])
    if one is None:
        return _refused(ctx)
    ctx.record("incident.read", f"incident:{one.incident.id}")
    return _shown(ctx, one)


def seen(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Confirm that it was received."""
    one = incidents.of(ctx, arguments[0], lock=True)
    if one is None:
        return _refused(ctx)
    if not one.incident.open:
        return _shown(ctx, one, alert=_over(ctx, one))
    if incidents.confirm(ctx, one):
        return _shown(ctx, one, lead=ctx.t(CONFIRMED))
    told = one.row(ctx.person.id, KNOW) is not None
    return _shown(ctx, one, alert=ctx.t(ALREADY if told else NOT_TOLD))


def send_files(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Send what came with the report, as far as this chat may carry it."""
    one = incidents.of(ctx, arguments[0])
    if one is None or not cards.legible(ctx, one, case_cards.here(ctx)):
        return _refused(ctx)
    rows = attachments.of(ctx.unit, "incident", one.incident.id)
    kept = tuple(row.id for row in rows if row.state == "kept")
    ctx.record("incident.files_read", f"incident:{one.incident.id}")
    lines = [f"{one.incident.number} · {ctx.t(cards.FILES, count=len(rows))}"]
    lines.extend(
        ctx.t(LINE, label=row.name or ctx.t(FILE), value=ctx.t(STATES[row.state]))
        for row in rows
        if row.state != "kept"
    )
    return Reply((Show(Card("\n".join(lines), files=kept, protect=True), slot=FRESH),))


def start_measure(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    one = _open(ctx, arguments[0])
    return one if isinstance(one, Reply) else _start(ctx, MEASURING, one)


def start_count(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    one = _open(ctx, arguments[0])
    if isinstance(one, Reply):
        return one
    row = one.row(ctx.person.id, CHECK)
    if row is None or row.confirmed_at is not None:
        return _shown(ctx, one, alert=ctx.t(NO_COUNT))
    return _start(ctx, COUNTING, one)


def start_close(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    one = _open(ctx, arguments[0])
    if isinstance(one, Reply):
        return one
    if not one.may_close(ctx.person.id):
        return _shown(ctx, one, alert=ctx.t(NOT_TO_CLOSE))
    return _start(ctx, CLOSING, one)


def _open(ctx: Context, words: str) -> Held | Reply:
    """Return an open incident that concerns who acts, else the answer."""
    one = incidents.of(ctx, words)
    if one is None:
        return _refused(ctx)
    return one if one.incident.open else _shown(ctx, one, alert=_over(ctx, one))


def _start(ctx: Context, feature: Feature, one: Held) -> Reply:
    carried = {"_incident": str(one.incident.id), "_kind": one.incident.kind}
    return runner.start(ctx, feature, Answers(carried))


def _about(ctx: Context, answers: Answers) -> Held | None:
    return incidents.of(ctx, answers.text("_incident"), lock=True)


def submit_measure(ctx: Context, answers: Answers) -> Reply:
    one = _about(ctx, answers)
    if one is None:
        return Reply.of(Card(ctx.t(NOT_THERE)))
    incidents.add_measures(ctx, one, answers.many("remedies"), answers.text("words"))
    return _shown(ctx, one)


def submit_count(ctx: Context, answers: Answers) -> Reply:
    one = _about(ctx, answers)
    if one is None:
        return Reply.of(Card(ctx.t(NOT_THERE)))
    if incidents.count(ctx, one, answers.text("result"), answers.text("words")):
        return _shown(ctx, one)
    why = ctx.t(NO_COUNT) if one.incident.open else _over(ctx, one)
    return _too_late(ctx, one, answers, why)


def submit_close(ctx: Context, answers: Answers) -> Reply:
    """Close it; where somebody was quicker the words are kept all the same."""
    one = _about(ctx, answers)
    if one is None or not one.may_close(ctx.person.id):
        return Reply.of(Card(ctx.t(NOT_THERE)))
    if one.incident.open:
        incidents.close(ctx, one, answers.text("words"))
        return _shown(ctx, one)
    name = case_texts.name(ctx, one.incident.closed_by or "")
    return _too_late(ctx, one, answers, ctx.t(LATE_WORDS, name=name))


def _too_late(ctx: Context, one: Held, answers: Answers, said: str) -> Reply:
    """Keep what somebody wrote who was not the first, and say how it stands."""
    if words := answers.text("words"):
        incidents.add_measures(ctx, one, (), words)
    return _shown(ctx, one, lead=said)


# -- the list ----------------------------------------------------------------------------------


def show(ctx: Context, _words: str = "", page: int = 0) -> Reply:
    """List the open incidents that this person reported or was told of, the latest first."""
    ids = stored.open_of(ctx.session, ctx.person.id, SIZE + 1, page * SIZE)
    new = Button(ctx.t(N_("Report one")), "f.incident.new")
    nav = beside(page, more=len(ids) > SIZE, key="f.incident.list", back=new)
    return Reply.of(
        Card(
            ctx.t(SEVERAL if ids else NONE_OPEN),
            title=ctx.t(LIST),
            choices=tuple(_entry(ctx, one) for one in ids[:SIZE]),
            nav=(*nav, to_today(ctx.texts)),
        )
    )


def _entry(ctx: Context, incident_id: int) -> Button:
    incident = stored.get(ctx.unit, incident_id)
    assert incident is not None  # noqa: S101 - incidents are never deleted
    mine = [one for one in stored.told(ctx.session, incident_id) if one.staff_id == ctx.person.id]
    waits = any(one.confirmed_at is None for one in mine)
    parts = [incident.number, cards.kind(incident, ctx.texts)]
    parts += [ctx.t(YOURS_TO_CONFIRM)] if waits else []
    return Button(" ".join(parts), f"f.incident.open.{incident_id}")


FEATURE = Feature(
    key="incident",
    title=N_("Report an incident"),
    command="incident",
    words=("事故",),
    form=incident_forms.REPORT,
    submit=submit,
    one_line=read,
    actions={
        "new": new,
        "list": lambda ctx, arguments: show(ctx, page=page_of(arguments)),
        "open": open_one,
        "seen": seen,
        "files": send_files,
        "measure": start_measure,
        "count": start_count,
        "close": start_close,
    },
    clocks=CLOCKS,
)
LEAK = Feature(
    key="leak",
    title=N_("Report a leak"),
    command="leak",
    words=("泄密",),
    open=leak,
)
OPEN = Feature(key="incidents", title=LIST, words=("事故清单", "未结事故"), open=show)
MEASURING = Feature(
    "measure",
    incident_forms.MEASURES.title,
    form=incident_forms.MEASURES,
    submit=submit_measure,
)
COUNTING = Feature(
    "counting", incident_forms.COUNT.title, form=incident_forms.COUNT, submit=submit_count
)
CLOSING = Feature(
    "closing", incident_forms.CLOSING.title, form=incident_forms.CLOSING, submit=submit_close
)
