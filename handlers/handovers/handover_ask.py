"""The form for what of a handover's papers cannot be tapped: pages, reasons, deeds, photos."""

from __future__ import annotations

from collections.abc import Callable

from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Reply
from handlers.handovers.handover_given import Line
from handlers.texts import N_
from storage.handovers import Handover

HELD, ITEM, ASK = "_handover", "_item", "_ask"

ASKS = ("pages", "reason", "deed", "files")
"""What can be asked about one line."""


def _asks(*what: str) -> Callable[[Answers], bool]:
    return lambda answers: answers.text(ASK) in what


FORM = Form(
    "handitem",
    1,
    N_("Papers list"),
    (
        Field(
            "files",
            Kind.FILES,
            N_("Photos"),
            N_("Send the photos or scans, several at once if you like; then say done."),
            when=_asks("files", "pile"),
        ),
        Field(
            "pages",
            Kind.NUMBER,
            N_("Pages"),
            N_("How many pages, covers and all sheets included?"),
            when=_asks("pages"),
            minimum=1,
            maximum=9999,
        ),
        Field(
            "reason",
            Kind.TEXT,
            N_("Reason"),
            N_("Why does it not apply?"),
            when=_asks("reason"),
            max_length=200,
            example=N_("客户自带配件, 无此单据"),
        ),
        Field(
            "name",
            Kind.TEXT,
            N_("Name on it"),
            N_("What name stands on the deed, and whose is it?"),
            when=_asks("deed"),
            max_length=100,
            example=N_("不动产权证 王建国"),
        ),
        Field(
            "certificate",
            Kind.TEXT,
            N_("Certificate no."),
            N_("Which certificate number?"),
            when=_asks("deed"),
            max_length=60,
            example=N_("粤(2026)深圳市不动产权第0001234号"),
        ),
        Field(
            "copies",
            Kind.NUMBER,
            N_("Quantity"),
            N_("How many of it?"),
            when=_asks("deed"),
            minimum=1,
            maximum=999,
        ),
        Field(
            "line",
            Kind.TEXT,
            N_("Paper"),
            N_("What is the further paper called?"),
            when=_asks("line"),
            max_length=100,
            example=N_("代办委托书"),
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text("_name"),
    review=False,
)


def ask(ctx: Context, held: Handover, one: Line | None, what: str) -> Reply:
    """Ask for something about a line, or about the whole list (None)."""
    given = {
        HELD: str(held.id),
        ITEM: str(one.item.id) if one else "",
        ASK: what,
        "_name": f"{held.number} {one.title(ctx.texts) if one else ''}".strip(),
    }
    return runner.start(ctx, ctx.registry.by_key[FORM.key], Answers(given))
