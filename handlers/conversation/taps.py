"""What each button does to a conversation, and the typed word or number that stands for it.

Keys may be forged: a verb that does not fit the card, or an argument that names nothing on it, is
answered with a remark, and the question stays.
"""

from __future__ import annotations

from handlers.conversation import calendar_view
from handlers.conversation.forms import GATHERED, Field, Kind
from handlers.conversation.said import SEND_FILES, say_text
from handlers.conversation.state import Pane, effective, fits, joined, shown
from handlers.conversation.turn import NOT_HERE, Then, Turn
from handlers.texts import N_

NEEDED = N_("{labels} is needed and cannot be skipped.")
FIRST = N_("This is the first question.")
AT_LEAST_ONE = N_("Please choose at least one.")
NOT_SENT = N_(
    "No choice has arrived yet: ticks on the card count once Done on it is pressed. You can also "
    "reply with numbers, as in 1 2."
)
NONE_APPLIES = N_("If none applies, reply Skip.")
TAP_SUBMIT = N_("Nothing is filed yet: submit when it is right.")


def tap(turn: Turn, verb: str, argument: str) -> None:
    """Work in a button."""
    field = turn.field
    match verb:
        case "cancel":
            turn.then = Then.CANCEL
        case "draft":
            turn.then = Then.DRAFT
        case "back":
            _back(turn)
        case "skip":
            _skip(turn)
        case "done":
            _done(turn)
        case "submit":
            _submit(turn)
        case "more" if turn.state.pane is Pane.REVIEW:
            turn.open(Pane.MORE)
        case "e":
            _edit(turn, argument)
        case "pg" if argument.isascii() and argument.isdigit() and len(argument) < 4:
            turn.put(page=int(argument), options=None)
        case "noop":
            pass
        case _ if field is not None:
            _tap_answer(turn, field, verb, argument)
        case _:
            turn.say(NOT_HERE)


def _tap_answer(turn: Turn, field: Field, verb: str, argument: str) -> None:
    """Work in a button that answers the field which is asked."""
    state = turn.state
    match verb, field.kind:
        case "keep", _ if turn.answered(field):
            turn.onward()
        case "def", _ if field.default is not None:
            value = field.default(turn.moment)
            if fits(field, value):
                turn.take(field, value)
        case "clear", Kind.FILES | Kind.PAPERS:
            turn.drop(field)
        case "o", Kind.CHOICES:
            _toggle(turn, field, argument)
        case "set", Kind.CHOICES:
            _set(turn, field, argument)
        case "o", Kind.CHOICE if (at := _index(argument, len(field.choices))) is not None:
            turn.take(field, field.choices[at].key)
        case "o", Kind.PAPERS:
            _pick_several(turn, field, argument)
        case "o", _ if (at := _index(argument, len(state.options or ()))) is not None:
            turn.pick(field, (state.options or ())[at])
        case "new", Kind.CUSTOMER if field.unknown_ok and state.words:
            turn.take(field, {"key": "", "label": state.words}, state.tried)
        case "v", Kind.CONFIRM if argument in ("0", "1"):
            turn.take(field, argument == "1")
        case "d", Kind.DATE if fits(field, argument):
            turn.take(field, argument)
        case "cal", Kind.DATE:
            day = state.answers.get(field.key) or turn.moment.today.isoformat()
            turn.put(pane=Pane.MONTH, month=day[:7])
        case "m", Kind.DATE if calendar_view.is_month(argument):
            turn.put(pane=Pane.MONTH, month=argument)
        case "cut", Kind.TEXT if state.held:
            turn.take(field, state.held[: field.max_length].rstrip(), state.tried)
        case "offer", Kind.TEXT if field.key in state.offered:
            words = state.offered[field.key]
            made = state.sources.get(field.key, (("", len(words)),))
            say_text(turn, field, words, made)
        case _:
            turn.say(NOT_HERE)


def _back(turn: Turn) -> None:
    state, field = turn.state, turn.field
    in_turn = [one for one in shown(turn.form, state) if not one.more]
    if field is None:
        if state.pane is Pane.MORE or not in_turn:
            turn.open(Pane.REVIEW)
        else:
            turn.ask(in_turn[-1])
    elif state.pane is Pane.MONTH:
        turn.ask(field, edit=state.edit)
    elif state.edit or field.more:
        unanswered = field.more and not turn.answered(field)
        turn.open(Pane.MORE if unanswered else Pane.REVIEW)
    else:
        at = in_turn.index(field) if field in in_turn else 0
        if at:
            turn.ask(in_turn[at - 1])
        else:
            turn.say(FIRST)


def _skip(turn: Turn) -> None:
    field = turn.field
    if field is None:
        turn.open(Pane.REVIEW)
    elif not field.optional:
        turn.say(NEEDED, field.label)
    else:
        turn.drop(field)
        turn.onward()


def _done(turn: Turn) -> None:
    """Finish what is asked; where there is nothing to finish, go to the review card."""
    field = turn.field
    if field is None:
        if turn.state.pane is Pane.REVIEW:
            turn.say(TAP_SUBMIT)
        else:
            turn.open(Pane.REVIEW)
    elif field.kind is Kind.CHOICES and turn.state.ticks:
        turn.take(field, list(turn.state.ticks), turn.state.tried)
    elif field.kind is Kind.CHOICES and turn.source:
        # some channels tell of what is ticked on a card only when its own button is pressed
        turn.say(NOT_SENT)
        if field.optional:
            turn.say(NONE_APPLIES)
    elif field.kind in GATHERED and turn.answered(field):
        turn.onward()
    elif field.kind in GATHERED | {Kind.CHOICES} and field.optional:
        turn.drop(field)
        turn.onward()
    elif field.kind in GATHERED | {Kind.CHOICES}:
        turn.say(SEND_FILES if field.kind is Kind.FILES else AT_LEAST_ONE)
    else:
        turn.put(reviewed=True)
        turn.onward()
        if turn.state.at == field.key:
            turn.say(NEEDED, field.label)


def _submit(turn: Turn) -> None:
    """File the answers, if each is still there and still right."""
    if turn.state.pane is not Pane.REVIEW:
        _done(turn)
        return
    turn.onward()
    if turn.field is not None:
        turn.say(NEEDED, turn.field.label)
        return
    answers = effective(turn.form, turn.state)
    for field in shown(turn.form, turn.state):
        value = answers.values.get(field.key)
        problem = turn.problem(field, value) if value is not None else None
        if problem is not None:
            turn.ask(field, edit=True)
            turn.refuse(field, problem)
            return
    turn.then = Then.SUBMIT


def _edit(turn: Turn, key: str) -> None:
    field = turn.form.by_key.get(key)
    if field is None or field not in shown(turn.form, turn.state) or turn.state.at:
        turn.say(NOT_HERE)
    else:
        turn.ask(field, edit=True)


def _toggle(turn: Turn, field: Field, argument: str) -> None:
    ticks = set(turn.state.ticks)
    for part in argument.split("-"):
        at = _index(part, len(field.choices))
        if at is not None:
            ticks ^= {field.choices[at].key}
    turn.put(
        ticks=tuple(one.key for one in field.choices if one.key in ticks),
        tried=joined(turn.state.tried, turn.part()),
    )


def _set(turn: Turn, field: Field, argument: str) -> None:
    """Take all that was ticked, and nothing else."""
    places = {_index(part, len(field.choices)) for part in argument.split("-")}
    ticks = tuple(one.key for at, one in enumerate(field.choices) if at in places)
    turn.put(ticks=ticks, tried=joined(turn.state.tried, turn.part()))
    _done(turn)


def _pick_several(turn: Turn, field: Field, argument: str) -> None:
    options = turn.state.options or ()
    for part in argument.split("-"):
        at = _index(part, len(options))
        if at is not None:
            turn.pick(field, options[at])


def _index(text: str, length: int) -> int | None:
    """Return `text` as an index below `length`; None: it is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        return None
    return int(text) if int(text) < length else None
