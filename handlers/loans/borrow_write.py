"""What is written when papers are asked for: the loan with its lines, line by line as it is lent.

The trap is the photocopy that has to be made first: its original leaves the shelf as well, so it
is a loan of its own, with a return and a check of its own (S3-ENG.3.5).
"""

from __future__ import annotations

from msgspec.structs import replace

from handlers.context import Context
from handlers.conversation.forms import Answers
from handlers.loans import borrow_facts
from handlers.loans.borrow_facts import Wanted
from handlers.requests import outsiders
from rules.lending import Place
from rules.loans import LoanKind
from storage import loan_items, loans
from storage.documents import COPY, ORIGINAL, Document
from storage.loan_items import Line
from storage.loans import Loan, NewLoan


def keep(ctx: Context, wanted: Wanted, answers: Answers) -> Loan:
    """Keep what is asked for; a photocopy to be made, and the original it is made from, as two.

    Rule: S3-ENG.3.5.
    """
    new = NewLoan(
        wanted.kind.value,
        wanted.dossier.id,
        ctx.person.id,
        ctx.person.department,
        answers.text("purpose"),
        answers.text("reason"),
        wanted.place.value,
        wanted.policy.pack,
        wanted.grade.value,
        wanted.reader.value,
        outsider_id=outsiders.from_answers(ctx, answers) if outsiders.comes(answers) else None,
        long_term=wanted.long_term,
        wanted_until=wanted.until,
        carrier=_carrier(wanted, answers),
    )
    sources = [one for one in wanted.papers if one.form == ORIGINAL] if not wanted.whole else []
    to_copy = wanted.kind is LoanKind.COPY_LOAN and (wanted.whole or bool(sources))
    parent = None
    if to_copy:
        original = replace(
            new,
            kind=LoanKind.LOAN.value,
            place=Place.COMPANY_ONLY.value,
            wanted_until=None,
            long_term=False,
            carrier=None,
        )
        parent = _kept(ctx, original, _lines(wanted, sources))
        new = replace(new, parent_id=parent.id)
    held = _kept(ctx, new, _copied(wanted) if to_copy else _lines(wanted, wanted.papers))
    ctx.record("loan.asked", f"loan:{held.id}", wanted.policy.dossier.rule, kind=held.kind)
    return held


def _carrier(wanted: Wanted, answers: Answers) -> str | None:
    """Return who is named to carry the papers outside. Rule: S2-INFO.23.2."""
    named = answers.option("carrier")
    return named.key if named and borrow_facts.carrier_rule(wanted) else None


def _kept(ctx: Context, new: NewLoan, lines: list[Line]) -> Loan:
    held = loans.get(ctx.unit, loans.add(ctx.unit, new, ctx.at))
    assert held is not None  # noqa: S101 - written just now
    loan_items.add(ctx.unit, held, lines)
    return held


def _lines(wanted: Wanted, papers: tuple[Document, ...] | list[Document]) -> list[Line]:
    if wanted.whole:
        return [Line(None, wanted.dossier.number or "")]
    return [
        Line(one.id, one.title, one.form, one.pages * one.copies, one.copies) for one in papers
    ]


def _copied(wanted: Wanted) -> list[Line]:
    """Return the photocopies to be made, one of each original, and spare copies as they are."""
    if wanted.whole:
        return [Line(None, wanted.dossier.number or "", COPY, made=True)]
    return [
        Line(None, one.title, COPY, one.pages, made=True)
        if one.form == ORIGINAL
        else Line(one.id, one.title, COPY, one.pages * one.copies, one.copies)
        for one in wanted.papers
    ]
