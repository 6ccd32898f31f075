"""One turn of a conversation: its state while an event is worked in, and where it goes next.

`taps`, `said` and `sent` say what each kind of event does with it. Nothing here or there raises,
whatever a person sends or forges: what does not fit the present card is answered with a remark,
and the question stays.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from handlers.conversation.forms import WHOLE, Field, Form, Kind, Moment
from handlers.conversation.messages import Option, Problem
from handlers.conversation.state import Pane, Part, Remark, State, change, effective, fits, shown
from handlers.texts import N_

NOT_HERE = N_("That is not possible here.")
EXAMPLE = N_("For example: {labels}")


class Then(StrEnum):
    """What the runner does next."""

    ASK = "ask"
    SUBMIT = "submit"
    CANCEL = "cancel"
    DRAFT = "draft"


class Turn:
    """One turn of a conversation: its state while the event is worked in."""

    def __init__(self, form: Form, state: State, moment: Moment, source: str = "") -> None:
        self.form = form
        self.state = state
        self.moment = moment
        self.source = source
        """Mark of the message that is worked in; empty for a tap."""
        self.corrected: list[str] = []
        """Keys of the fields whose answer a new wording changed."""
        self.then = Then.ASK
        self.burst = False

    # -- small steps -----------------------------------------------------------------------

    def put(self, **changes: Any) -> None:
        self.state = change(self.state, **changes)

    def say(self, message: str, *labels: str, **facts: str) -> None:
        self.put(remarks=(*self.state.remarks, Remark(message, facts, labels)))

    @property
    def field(self) -> Field | None:
        """The field that is asked."""
        return self.form.by_key.get(self.state.at)

    def answered(self, field: Field) -> bool:
        return field.key in self.state.answers

    def problem(self, field: Field, value: Any) -> Problem | None:
        if field.check is None:
            return None
        return field.check(value, effective(self.form, self.state), self.moment)

    def refuse(self, field: Field, problem: Problem) -> None:
        """Say what is wrong and show what would be right; the question stays."""
        self.say(problem.message, **problem.facts)
        if field.example:
            self.say(EXAMPLE, field.example)

    def part(self, words: str = "") -> Part:
        """Return the message that is worked in, as a part of an answer."""
        return self.source, len(words)

    def keep_answer(self, field: Field, value: Any, parts: tuple[Part, ...] | None = None) -> None:
        """Keep an answer and of which messages it was made; unless given, of the present one."""
        state = self.state
        made = (self.part(),) if parts is None else parts
        known = any(mark for mark, _ in made)
        others = {key: one for key, one in state.sources.items() if key != field.key}
        self.put(
            answers={**state.answers, field.key: value},
            sources={**others, field.key: made} if known else others,
            names={**state.names, field.key: field.label},
            skipped=tuple(key for key in state.skipped if key != field.key),
            offered={key: one for key, one in state.offered.items() if key != field.key},
        )

    def take(self, field: Field, value: Any, parts: tuple[Part, ...] | None = None) -> None:
        """Take an answer, or say why not."""
        problem = self.problem(field, value)
        if problem is not None:
            self.refuse(field, problem)
            return
        self.keep_answer(field, value, parts)
        self.onward()

    def pick(self, field: Field, option: Option) -> None:
        value = {"key": option.key, "label": option.label}
        if field.kind is Kind.PAPERS:
            self._toggle(field, value)
        else:
            self.take(field, value)

    def _toggle(self, field: Field, value: dict[str, str]) -> None:
        """Take one more, or let it go; the question stays until the person says done."""
        before = self.state.answers.get(field.key, [])
        if value["key"] == WHOLE:
            chosen = [] if value in before else [value]
        else:
            others = [one for one in before if one["key"] not in (WHOLE, value["key"])]
            known = any(one["key"] == value["key"] for one in before)
            chosen = others if known else [*others, value]
        if chosen:
            self.keep_answer(field, chosen)
        else:
            self.drop(field)
            self.put(skipped=tuple(key for key in self.state.skipped if key != field.key))

    def drop(self, field: Field) -> None:
        state = self.state
        self.put(
            answers={key: one for key, one in state.answers.items() if key != field.key},
            sources={key: one for key, one in state.sources.items() if key != field.key},
            skipped=(*(key for key in state.skipped if key != field.key), field.key),
        )

    # -- where to go -----------------------------------------------------------------------

    def open(self, pane: Pane, field: Field | None = None, *, edit: bool = False) -> None:
        """Turn to a card; what belonged to the former one is forgotten."""
        ticks: tuple[str, ...] = ()
        if field is not None and field.kind is Kind.CHOICES:
            ticked = self.state.answers.get(field.key)
            if ticked is None and field.default and field.key not in self.state.skipped:
                ticked = field.default(self.moment)
            ticks = tuple(ticked or ())
        self.put(
            pane=pane,
            at=field.key if field else "",
            edit=edit,
            page=0,
            words="",
            options=None,
            further=False,
            month="",
            ticks=ticks,
            held="",
            tried=(),
            odd_at=None,
        )

    def ask(self, field: Field, *, edit: bool = False) -> None:
        self.open(Pane.ASK, field, edit=edit)

    def onward(self) -> None:
        """Go to the first field that still needs an answer, else to the review card."""
        if self.state.reviewed:
            self.fill()
        gap = self.gap()
        if gap is None and not self.state.reviewed:
            self.put(reviewed=True)
            self.fill()
            gap = self.gap()
        if gap is not None:
            self.ask(gap)
            return
        self.open(Pane.REVIEW)
        if not self.form.review:
            self.then = Then.SUBMIT

    def gap(self) -> Field | None:
        reviewed, skipped = self.state.reviewed, self.state.skipped
        for field in shown(self.form, self.state):
            if self.answered(field) or (field.more and not reviewed):
                continue
            if not (field.optional and (reviewed or field.key in skipped)):
                return field
        return None

    def fill(self) -> None:
        """Give fields that were never asked their defaults, from now on kept as they are."""
        for field in self.form.fields:
            if field.default is None or self.answered(field) or field.key in self.state.skipped:
                continue
            if field not in shown(self.form, self.state):
                continue
            value = field.default(self.moment)
            if fits(field, value) and self.problem(field, value) is None:
                self.keep_answer(field, value, ())
