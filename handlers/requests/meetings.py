"""涉密会议: a meeting on a graded matter is called, and who takes part is named one by one.

Its host limits the circle: names, takes off the list, moves it, calls it off; who is concerned
hears of it at once. Who may not know of a meeting learns nothing of it here either.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from handlers import identity, seeing
from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Form
from handlers.conversation.messages import Button, Card, Reply
from handlers.conversation.wording import LABEL_BYTES, shorten
from handlers.dossiers.secrecy import named
from handlers.feature import Feature
from handlers.pages import SIZE, beside, page_of, to_today
from handlers.requests import meeting_cards as cards
from handlers.requests import meeting_forms as forms
from handlers.requests.meeting_cards import NOT_THERE, ONE, TITLE
from handlers.texts import N_, Texts
from rules import meetings as rules
from rules.errors import Reason
from rules.meetings import RULE, Candidate
from rules.secrecy import Grade
from storage import dossiers, meetings, roster, staff
from storage.dossiers import Dossier
from storage.meetings import Meeting
from storage.staff import Person

WAITING = N_("Graded meetings today ({count})")
NOBODYS = N_("You are named for no graded meeting.")
PICK = N_("Only those named for a meeting know of it ({rule}).")
HOSTLESS = N_("Without a host ({count})")
HOST_LEFT = N_("Their hosts have left; in their place you may change them ({rule}).")
NOT_A_HOST = N_("Heads of departments call graded meetings ({rule}).")
NOT_YOURS = N_("Only who called the meeting changes it ({rule}).")
OVER = N_("This meeting is over or was called off; nothing is changed any more.")

CALLED = N_("Called; nobody is named yet. Please name one by one who takes part ({rule}).")
NAMED = N_("{name} was named and told.")
NAMED_ONLY = N_("{name} was named, but has no chat here: please tell them yourself.")
TO_THE_NAMED = N_("{name} named you for a graded meeting ({rule}). Only those named know of it.")
NOT_NAMED = N_("{name} was not named:")
NOT_HERE = N_("This colleague is not with the company any more.")
REASONS = {
    "not_active": NOT_HERE,
    "already_named": N_("They take part already."),
    "not_cleared": N_("They are not cleared for {grade} ({rule})."),
    "circle_full": N_("The circle is full: {most} people at most."),
}
WHOM = N_("Who or what is taken off the list?")
NOTHING_ON_IT = N_("Nobody but the host is on the list.")
REMOVED = N_("{name} was taken off the list.")
TO_THE_REMOVED = N_("{name} took you off the list of the graded meeting on {day}, {hour}.")
GONE = N_("That was off the list already.")
ADDED = N_("Added: {dossier}.")
LEFT_OUT = N_("The dossier was taken off the list.")
TOO_HIGH = N_("The dossier is graded higher than the meeting, or is not open to you.")
MOVED = N_("Moved; everybody named was told.")
TO_THE_MOVED = N_("{name} moved the meeting; until now it was on {day}, {hour}.")
SURE = N_("Call the meeting off? Everybody named is told.")
CALLED_OFF = N_("Called off; everybody named was told.")
NOT_SHOWN = N_("Graded {grade}: this chat must not hold the topic; please tell it in person.")

# -- the list ----------------------------------------------------------------------------------


def count(ctx: Context) -> int:
    """Return how many graded meetings the person has today."""
    grades = cards.grades(ctx.person)
    return meetings.count_on(ctx.session, ctx.person.id, grades, ctx.today) if grades else 0


def show(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """List the meetings that the person is named for, by page. Rule: S2-SECR.9.2."""
    page = page_of(arguments)
    me, grades = ctx.person, cards.grades(ctx.person)
    found = meetings.of_person(ctx.unit, me.id, grades, SIZE + 1, page * SIZE)
    left = _hostless(ctx)
    nav = beside(page, more=len(found) > SIZE, key="f.meeting.list", back=to_today(ctx.texts))
    if left:
        nav = (*nav, Button(ctx.t(HOSTLESS, count=len(left)), "f.meeting.left"))
    if _may_host(ctx):
        nav = (*nav, Button(ctx.t(N_("Call a meeting")), "f.meeting.new"))
    said = ctx.t(PICK, rule=RULE) if found else ctx.t(NOBODYS)
    return _list(ctx, said, found[:SIZE], nav)


def left(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    """List the meetings whose hosts have left and which the person may change."""
    back = Button(ctx.t(N_("Back")), "f.meeting.list", back=True)
    return _list(ctx, ctx.t(HOST_LEFT, rule=RULE), _hostless(ctx), (back,))


def _hostless(ctx: Context) -> list[Meeting]:
    """Return those of the person's departments, and of the people who were below them."""
    heads, grades = ctx.person.head_of, cards.grades(ctx.person)
    found = meetings.hostless(ctx.unit, heads, grades, ctx.today, SIZE) if heads else []
    if not grades:
        return found
    known = {one.id for one in found}
    for leaver in roster.leavers_below(ctx.session, ctx.person.id):
        hosted = meetings.hosted(ctx.unit, leaver.id, ctx.today)
        found += [
            one for one in hosted if one.id not in known and cards.leads(ctx, one, ctx.person)
        ]
    return found[:SIZE]


def _list(ctx: Context, said: str, found: list[Meeting], nav: tuple[Button, ...]) -> Reply:
    buttons = tuple(Button(cards.label(ctx, one), f"f.meeting.open.{one.id}") for one in found)
    return Reply.of(Card(said, title=ctx.t(TITLE), choices=buttons, nav=nav, protect=True))


def open_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    held = _of(ctx, arguments[0])
    return cards.show(ctx, held) if held else Reply(alert=ctx.t(NOT_THERE))


def _of(ctx: Context, words: str) -> Meeting | None:
    """Return a meeting that who acts may know of."""
    held = meetings.get(ctx.unit, int(words)) if words.isdecimal() else None
    return held if held is not None and cards.knows(ctx, held, ctx.person) else None


def _led(ctx: Context, words: str) -> Meeting | Reply:
    """Return a meeting that who acts may change now, locked; else what to answer."""
    held = _of(ctx, words)
    if held is None:
        return Reply(alert=ctx.t(NOT_THERE))
    if not cards.leads(ctx, held, ctx.person):
        return Reply(alert=ctx.t(NOT_YOURS, rule=RULE))
    held = meetings.get(ctx.unit, held.id, lock=True) or held
    return held if cards.ahead(ctx, held) else cards.show(ctx, held, ctx.t(OVER))


def _answered(refused: Reply) -> Reply:
    """Return a refusal as a form answers it, which no alert reaches."""
    return refused if refused.shows else Reply.of(Card(refused.alert))


# -- calling one -------------------------------------------------------------------------------


def _may_host(ctx: Context) -> bool:
    return rules.may_host(ctx.person.head_of, ctx.person.roles, ctx.policy)


def start(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    """Ask what the meeting is about. Rule: S2-SECR.9.2."""
    if not _may_host(ctx):
        return Reply(alert=ctx.t(NOT_A_HOST, rule=RULE))
    cleared = cards.grades(ctx.person)
    shown = [one for one in cleared if cards.readable(ctx, Grade(one), ctx.channel)]
    return runner.start(ctx, CALLING, Answers({forms.CLEARED: list(cleared), forms.SHOWN: shown}))


def review(ctx: Context, answers: Answers) -> str:
    """Say that a dossier is too high for the meeting, and what this chat must not hold."""
    grade = Grade(answers.text("grade"))
    lines = []
    if "dossier" in answers and _dossier(ctx, answers, grade) is None:
        lines.append(ctx.t(TOO_HIGH))
    if not cards.readable(ctx, grade, ctx.channel):
        lines.append(ctx.t(NOT_SHOWN, grade=named(grade, ctx.texts)))
    return "\n".join(lines)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Call the meeting; whoever takes part is named afterwards. Rule: S2-SECR.9.2."""
    if not _may_host(ctx):
        return Reply.of(Card(ctx.t(NOT_A_HOST, rule=RULE)))
    grade = Grade(answers.text("grade"))
    if grade.value not in cards.grades(ctx.person):
        return Reply.of(Card(ctx.t(forms.NOT_CLEARED)))
    about = _dossier(ctx, answers, grade)
    if "dossier" in answers and about is None:
        again = runner.start(ctx, CALLING, answers, at_review=True)
        return Reply.of(Card(ctx.t(TOO_HIGH))).plus(again)
    subject, said = identity.hidden(ctx, answers.text("subject"))
    day, hour, place = forms.when_and_where(answers)
    id_ = meetings.add(
        ctx.unit,
        host=ctx.person.id,
        department=ctx.person.department,
        grade=grade.value,
        subject=subject,
        place=place,
        passing=answers.text("passing"),
        day=day,
        hour=hour,
        at=ctx.at,
    )
    if about is not None:
        meetings.concern(ctx.unit, id_, about.id)
    ctx.record("meeting.called", f"meeting:{id_}", RULE, grade=grade.value)
    held = meetings.get(ctx.unit, id_)
    assert held is not None  # noqa: S101 - it was written just now
    return cards.show(ctx, held, ctx.t(CALLED, rule=RULE)).plus(said)


def _dossier(ctx: Context, answers: Answers, grade: Grade) -> Dossier | None:
    """Return the chosen dossier, if it is open to who acts and graded no higher."""
    option = answers.option("dossier")
    found = seeing.reachable(ctx, option.key) if option else None
    return found if found is not None and Grade(found.grade) <= grade else None


# -- what its host does ------------------------------------------------------------------------


def asking(form: Feature) -> Callable[[Context, tuple[str, ...]], Reply]:
    """Return what starts a form about one meeting."""

    def begin(ctx: Context, arguments: tuple[str, ...]) -> Reply:
        held = _led(ctx, arguments[0])
        if isinstance(held, Reply):
            return held
        return runner.start(ctx, form, Answers({"_meeting": str(held.id)}))

    return begin


def name(ctx: Context, answers: Answers) -> Reply:
    """Name somebody and tell them, unless they must not know of the matter. Rule: S2-SECR.9.2."""
    held = _led(ctx, answers.text("_meeting"))
    if isinstance(held, Reply):
        return _answered(held)
    option = answers.option("whom")
    person = staff.get(ctx.session, option.key) if option else None
    if person is None:
        return cards.show(ctx, held, ctx.t(NOT_HERE))
    circle = meetings.members(ctx.session, held.id)
    candidate = Candidate(person.active, Grade(person.clearance), person.id in circle)
    denied = rules.naming_refusal(Grade(held.grade), candidate, len(circle))
    if denied is not None:
        why = [ctx.t(NOT_NAMED, name=person.name), *(_why(ctx, one) for one in denied.reasons)]
        return cards.show(ctx, held, "\n".join(why))
    meetings.name(ctx.unit, held, person.id, ctx.at)
    ctx.record("meeting.named", f"meeting:{held.id}", RULE, who=person.id)
    cards.follow(ctx, held, circle)
    host = ctx.person.name
    told = cards.tell(
        ctx, held, person.id, lambda texts: texts.t(TO_THE_NAMED, name=host, rule=RULE)
    )
    return cards.show(ctx, held, ctx.t(NAMED if told else NAMED_ONLY, name=person.name))


def _why(ctx: Context, one: Reason) -> str:
    facts = dict(one.facts)
    if "grade" in facts:
        facts["grade"] = named(Grade(str(facts["grade"])), ctx.texts)
    return ctx.t(REASONS[one.code], rule=one.rule, **facts)


def add(ctx: Context, answers: Answers) -> Reply:
    """Put a dossier on the list."""
    held = _led(ctx, answers.text("_meeting"))
    if isinstance(held, Reply):
        return _answered(held)
    about = _dossier(ctx, answers, Grade(held.grade))
    if about is None:
        return cards.show(ctx, held, ctx.t(TOO_HIGH))
    if meetings.concern(ctx.unit, held.id, about.id):
        ctx.record("meeting.dossier_added", f"meeting:{held.id}", RULE, dossier=about.id)
        cards.follow(ctx, held, meetings.members(ctx.session, held.id))
    return cards.show(ctx, held, ctx.t(ADDED, dossier=cards.called(ctx, about, ctx.person)))


def whom(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask who or what is taken off the list, by page."""
    held = _led(ctx, arguments[0])
    if isinstance(held, Reply):
        return held
    page = page_of(arguments, 1)
    people = [one for one in meetings.members(ctx.session, held.id) if one != held.host]
    buttons = [
        Button(case_texts.name(ctx, one), f"f.meeting.remove.{held.id}.{one}") for one in people
    ]
    if cards.readable(ctx, Grade(held.grade), ctx.channel):
        for id_ in meetings.dossiers(ctx.session, held.id):
            about = dossiers.get(ctx.unit, id_)
            words = cards.called(ctx, about, ctx.person) if about else ""
            if words:
                key = f"f.meeting.leave.{held.id}.{id_}"
                buttons.append(Button(shorten(words, LABEL_BYTES), key))
    shown = tuple(buttons[page * SIZE : (page + 1) * SIZE])
    back = Button(ctx.t(N_("Back")), f"f.meeting.open.{held.id}", back=True)
    more = len(buttons) > (page + 1) * SIZE
    nav = beside(page, more=more, key=f"f.meeting.off.{held.id}", back=back)
    said = ctx.t(WHOM if buttons else NOTHING_ON_IT)
    return Reply.of(Card(said, title=ctx.t(ONE), choices=shown, nav=nav, protect=True))


def remove(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Take somebody off the list and tell them; the meeting is no longer theirs to see.

    Rule: S2-SECR.9.2.
    """
    held = _led(ctx, arguments[0])
    if isinstance(held, Reply):
        return held
    staff_id = ".".join(arguments[1:])
    if staff_id == held.host or not meetings.remove(ctx.unit, held.id, staff_id, ctx.at):
        return cards.show(ctx, held, ctx.t(GONE))
    ctx.record("meeting.removed", f"meeting:{held.id}", RULE, who=staff_id)
    cards.follow(ctx, held, (staff_id, *meetings.members(ctx.session, held.id)))
    host = ctx.person.name

    def card(texts: Texts) -> Card:
        said = texts.t(TO_THE_REMOVED, name=host, **cards.when(ctx, held, texts))
        return Card(said, title=texts.t(ONE), protect=True)

    ctx.tell(staff_id, card, f"meeting:{held.id}:off:{ctx.new_id()}")
    return cards.show(ctx, held, ctx.t(REMOVED, name=case_texts.name(ctx, staff_id)))


def leave_out(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Take a dossier off the list."""
    held = _led(ctx, arguments[0])
    if isinstance(held, Reply):
        return held
    words = arguments[1] if len(arguments) > 1 else ""
    if not (words.isdecimal() and meetings.leave_out(ctx.unit, held.id, int(words))):
        return cards.show(ctx, held, ctx.t(GONE))
    ctx.record("meeting.dossier_removed", f"meeting:{held.id}", RULE, dossier=int(words))
    cards.follow(ctx, held, meetings.members(ctx.session, held.id))
    return cards.show(ctx, held, ctx.t(LEFT_OUT))


def start_move(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for another day and hour; the place stays unless it is changed on the review card."""
    held = _led(ctx, arguments[0])
    if isinstance(held, Reply):
        return held
    given = Answers({"_meeting": str(held.id), "place": held.place})
    return runner.start(ctx, MOVING, given, at_review=False, prefilled=True)


def move(ctx: Context, answers: Answers) -> Reply:
    """Move the meeting and tell everybody named."""
    held = _led(ctx, answers.text("_meeting"))
    if isinstance(held, Reply):
        return _answered(held)
    day, hour, place = forms.when_and_where(answers)
    if (day, hour, place) == (held.day, held.hour, held.place):
        return cards.show(ctx, held)
    meetings.move(ctx.unit, held.id, day=day, hour=hour, place=place)
    ctx.record("meeting.moved", f"meeting:{held.id}", RULE, day=day.isoformat())
    host = ctx.person.name
    cards.tell_all(
        ctx,
        held,
        lambda texts: texts.t(TO_THE_MOVED, name=host, **cards.when(ctx, held, texts)),
    )
    return cards.show(ctx, held, ctx.t(MOVED))


def ask_cancel(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    held = _led(ctx, arguments[0])
    if isinstance(held, Reply):
        return held
    nav = (
        Button(ctx.t(N_("Back")), f"f.meeting.open.{held.id}", back=True),
        Button(ctx.t(N_("Call it off")), f"f.meeting.cancelled.{held.id}"),
    )
    return Reply.of(Card(ctx.t(SURE), title=ctx.t(ONE), nav=nav, protect=True))


def cancel(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Call the meeting off and tell everybody named."""
    held = _led(ctx, arguments[0])
    if isinstance(held, Reply):
        return held
    meetings.cancel(ctx.unit, held.id, by=ctx.person.id, at=ctx.at)
    ctx.record("meeting.cancelled", f"meeting:{held.id}", RULE)
    cards.tell_all(ctx, held, lambda _texts: "")
    return cards.show(ctx, held, ctx.t(CALLED_OFF))


def _audience(person: Person) -> bool:
    """Whether somebody could take part in any graded meeting."""
    return person.active and bool(cards.grades(person))


def _asked(form: Form, submit: Callable[[Context, Answers], Reply]) -> Feature:
    return Feature(form.key, form.title, audience=_audience, form=form, submit=submit)


CALLING = replace(_asked(forms.CALLING, submit), review=review)
NAMING = _asked(forms.NAMING, name)
ADDING = _asked(forms.ADDING, add)
MOVING = _asked(forms.MOVING, move)
FORMS = (CALLING, NAMING, ADDING, MOVING)
FEATURE = Feature(
    key="meeting",
    title=TITLE,
    command="meetings",
    words=("涉密会议",),
    audience=_audience,
    open=lambda ctx, _words: show(ctx, ("",)),
    actions={
        "list": show,
        "left": left,
        "open": open_one,
        "new": start,
        "name": asking(NAMING),
        "about": asking(ADDING),
        "off": whom,
        "remove": remove,
        "leave": leave_out,
        "move": start_move,
        "cancel": ask_cancel,
        "cancelled": cancel,
    },
)
