"""Draws a conversation's card from its state. Pure: the same state gives the same card.

The ways to go on stand in one order on every card: what finishes the step first, back and cancel
always last.
"""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from handlers.conversation import calendar_view
from handlers.conversation.answers import display
from handlers.conversation.choices import Choices, choices, page_line, paged
from handlers.conversation.forms import GATHERED, PICKERS, Field, Form, Kind, Moment
from handlers.conversation.messages import Button, Card
from handlers.conversation.pen import Key, Pen
from handlers.conversation.state import (
    ABOUT,
    GUARDED,
    IMPLIED,
    Pane,
    State,
    effective,
    entered,
    shown,
)
from handlers.conversation.wording import age, remark, shorten, summary
from handlers.texts import N_, Texts
from rules.calendar import CalendarGap

BACK, CANCEL, SKIP = N_("Back"), N_("Cancel"), N_("Skip")
SAVE_DRAFT, DONE, MORE, KEEP = N_("Save draft"), N_("Done"), N_("Add more"), N_("Keep")
REMOVE, REMOVE_ALL = N_("Remove"), N_("Remove all")
NEW_CUSTOMER = N_("New customer")
MONTH_BEFORE, MONTH_AFTER = N_("‹ Month before"), N_("Month after ›")
EARLIER = N_("Last draft ({age})")
FIRST_OF = N_("Use first {count}")
USE = N_("Use “{words}”")

PROGRESS = N_("{title} {number}/{total}")
WITHIN = N_("{title} · {label}")
CHECK = N_("Check")
NOW_IS = N_("So far: {value}")
NAME_AS_NEW = N_("“{words}” can be noted as a new customer.")
PAGE = N_("Page {page}")
RECEIVED = N_("Received: {value}")
WHICH_MORE = N_("What would you like to add?")
NOTHING_MORE = N_("Everything is filled in.")
CHANGE_ONE = N_("Choose an answer to change it.")
ANSWERED = N_("→ {value}")


def view(form: Form, state: State, texts: Texts, moment: Moment, key: Key, foot: str = "") -> Card:
    """Return the card to show for `state`; `foot` is said below the answers that are reviewed."""
    card = _Drawing(form, state, texts, moment, key).card(foot)
    return replace(card, protect=protected(form, state))


def filed_card(form: Form, state: State, texts: Texts, today: date) -> Card:
    """Return what remains of the card once its form was submitted."""
    words = summary(form, state, texts, today)
    return Card(words, title=texts.t(form.title), protect=protected(form, state))


def answered_card(form: Form, before: State, after: State, texts: Texts, moment: Moment) -> Card:
    """Return what remains of a question once the next card is below: the answer, no buttons."""
    drawing = _Drawing(form, before, texts, moment, lambda _verb, _argument: "")
    field = form.by_key.get(before.at)
    if field is None:
        words = summary(form, before, texts, moment.today)
        return Card(words, title=drawing.title(), protect=protected(form, before))
    value = after.answers.get(field.key)
    lines = [texts.t(field.prompt)]
    if value is not None and (value != before.answers.get(field.key) or after.at != before.at):
        lines.append(texts.t(ANSWERED, value=display(field, value, texts, moment.today)))
    return Card("\n".join(lines), title=drawing.title(), protect=protected(form, before))


def protected(form: Form, state: State) -> bool:
    """Whether what the form asks, offers or was answered tells what a dossier holds."""
    return form.protect or state.guarded or bool(state.answers.get(GUARDED))


class _Drawing(Pen):
    """One card while it is drawn."""

    def card(self, foot: str) -> Card:
        field = self.form.by_key.get(self.state.at)
        if field is not None:
            return self.question(field)
        return self.review(foot) if self.state.pane is Pane.REVIEW else self.further()

    def title(self) -> str:
        title = self.texts.t(self.form.title)
        field = self.form.by_key.get(self.state.at)
        if field is None:
            return self.texts.t(
                WITHIN,
                title=title,
                label=self.texts.t(CHECK if self.state.pane is Pane.REVIEW else MORE),
            )
        implied = self.state.answers.get(IMPLIED, ())
        in_turn = [
            one.key
            for one in shown(self.form, self.state)
            if not one.more and one.key not in implied
        ]
        if field.key not in in_turn or self.state.edit:
            return self.texts.t(WITHIN, title=title, label=self.texts.t(field.label))
        if len(in_turn) == 1:
            return title
        number = in_turn.index(field.key) + 1
        return self.texts.t(PROGRESS, title=title, number=number, total=len(in_turn))

    def text(self, *lines: str) -> str:
        said = "\n".join(remark(one, self.texts) for one in self.state.remarks)
        about = str(self.state.answers.get(ABOUT, ""))
        body = "\n".join(line for line in (about, *lines) if line)
        return f"{said}\n\n{body}" if said else body

    # -- review and further fields ---------------------------------------------------------

    def review(self, foot: str) -> Card:
        texts = self.texts
        answers = effective(self.form, self.state)
        fields = shown(self.form, self.state)
        listed_ = [one for one in fields if not one.more or one.key in answers]
        more = any(one.more and one.key not in answers for one in fields)
        picked = paged(self, [self.worded(one.label, "e", one.key) for one in listed_])
        nav = [self.worded(self.form.submit_label, "submit")]
        if more:
            nav.append(self.worded(MORE, "more"))
        return Card(
            self.text(
                summary(self.form, self.state, texts, self.moment.today),
                f"\n{foot}" if foot else "",
                f"\n{texts.t(CHANGE_ONE)}",
                page_line(self, len(listed_)),
            ),
            title=self.title(),
            choices=picked.buttons,
            columns=picked.columns,
            nav=(*nav, *picked.turning, *self.ways_out(back=True)),
        )

    def further(self) -> Card:
        answers = effective(self.form, self.state)
        fields = [
            one for one in shown(self.form, self.state) if one.more and one.key not in answers
        ]
        picked = paged(self, [self.worded(one.label, "e", one.key) for one in fields])
        line = self.texts.t(WHICH_MORE if fields else NOTHING_MORE)
        return Card(
            self.text(line, page_line(self, len(fields))),
            title=self.title(),
            choices=picked.buttons,
            columns=picked.columns,
            nav=(*picked.turning, *self.ways_out(back=True)),
        )

    # -- questions -------------------------------------------------------------------------

    def question(self, field: Field) -> Card:
        if self.state.pane is Pane.MONTH:
            return self.month(field)
        picked = choices(self, field)
        return Card(
            self.text(self.texts.t(field.prompt), *self.notes(field)),
            title=self.title(),
            choices=picked.buttons,
            columns=picked.columns,
            picks=field.kind not in (Kind.CHOICES, Kind.PAPERS),
            several=self.several(field, picked),
            nav=(
                *self.finishing(field),
                *picked.turning,
                *self.ways_out(back=self.can_go_back(field)),
            ),
        )

    def several(self, field: Field, picked: Choices) -> Button | None:
        """Return what takes all that is ticked at once, where all of it is on the card."""
        if field.kind is not Kind.CHOICES or picked.turning:
            return None
        return self.worded(DONE, "set")

    def month(self, field: Field) -> Card:
        month, calendar = self.state.month, self.moment.calendar
        try:
            grid = calendar_view.grid(month, calendar, self.texts, self.key)
            words = calendar_view.words(month, calendar, self.texts)
        except CalendarGap:
            grid, words = (), [month]
        nav = [
            self.worded(name, "m", other)
            for name, offset in ((MONTH_BEFORE, -1), (MONTH_AFTER, 1))
            if calendar_view.is_month(other := calendar_view.neighbour(month, offset))
        ]
        return Card(
            self.text(self.texts.t(field.prompt), *words),
            title=self.title(),
            grid=grid,
            nav=(*nav, *self.ways_out(back=True)),
        )

    def notes(self, field: Field) -> list[str]:
        """Return the lines between the question and its buttons."""
        state, texts = self.state, self.texts
        lines = []
        value = state.answers.get(field.key)
        if value is not None:
            message = RECEIVED if field.kind is Kind.FILES else NOW_IS
            lines.append(texts.t(message, value=display(field, value, texts, self.moment.today)))
        if field.unknown_ok and state.words:
            lines.append(texts.t(NAME_AS_NEW, words=state.words))
        if field.kind in PICKERS:
            if state.page or state.further:
                lines.append(texts.t(PAGE, page=state.page + 1))
        elif field.choices:
            lines.append(page_line(self, len(field.choices)))
        return lines

    def can_go_back(self, field: Field) -> bool:
        in_turn = [one for one in shown(self.form, self.state) if not one.more]
        return self.state.edit or field.more or (bool(in_turn) and in_turn[0] is not field)

    def finishing(self, field: Field) -> list[Button]:
        """Return the buttons that settle this question without picking from a list."""
        state = self.state
        answered = field.key in state.answers
        buttons = []
        if state.earlier and state.earlier_at is not None:
            since = age(self.texts, self.moment.now - state.earlier_at)
            buttons.append(self.worded(EARLIER, "earlier", state.earlier, age=since))
        if field.kind is Kind.CHOICES or (field.kind in GATHERED and answered):
            buttons.append(self.worded(DONE, "done"))
        elif answered:
            buttons.append(self.worded(KEEP, "keep"))
        if state.held:
            count = f"{field.max_length:,}"
            buttons.append(self.worded(FIRST_OF, "cut", count=count))
        if offered := state.offered.get(field.key):
            words = shorten(" ".join(offered.split()), 21)
            buttons.append(self.worded(USE, "offer", words=words))
        if field.kind in (Kind.TEXT, Kind.NUMBER, Kind.PLACE) and not answered:
            value = self.default(field)
            if value is not None:
                shown_ = display(field, value, self.texts, self.moment.today)
                buttons.append(self.button(shorten(" ".join(shown_.split()), 30), "def"))
        if field.kind is Kind.CUSTOMER and field.unknown_ok and state.words:
            buttons.append(self.worded(NEW_CUSTOMER, "new"))
        if field.kind in GATHERED and answered:
            buttons.append(self.worded(REMOVE_ALL, "clear"))
        elif field.optional:
            buttons.append(self.worded(REMOVE if answered else SKIP, "skip"))
        return buttons

    def ways_out(self, *, back: bool) -> list[Button]:
        buttons = []
        if entered(self.state):
            buttons.append(self.worded(SAVE_DRAFT, "draft"))
        if back:
            buttons.append(self.worded(BACK, "back"))
        buttons.append(self.worded(CANCEL, "cancel"))
        return buttons
