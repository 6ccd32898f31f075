"""What has to be reported of a loan at once: papers missing, damaged, or staying away."""

from __future__ import annotations

from handlers.context import Context
from handlers.incidents import incident_cards, incidents
from handlers.texts import N_
from rules.incidents import IncidentKind
from storage import incidents as stored
from storage.incidents import Incident
from storage.loans import Loan

BACK = N_("The papers of {number} are all back and were counted by both sides.")
REPAIRED = N_("The papers of {number} are back and repaired.")


def over(ctx: Context, held: Loan, words: str) -> None:
    """Tell all who heard of an incident with a loan that its papers are there; `words`: how.

    Rule: S1-15.7.6, S1-14.7.
    """
    for one in stored.all_of_loan(ctx.unit, held.id):
        if one.open:
            incidents.mended(ctx, incident_cards.held(ctx, one), words, held.number or "-")


def report(ctx: Context, held: Loan, kind: IncidentKind, words: str) -> Incident:
    """Report an incident with a loan to everybody whom the policy names, the borrower's superior
    where it names one.

    `words`: what was found, as a person wrote it or the program counted it.

    Rule: S1-15.7.6, S1-14.7, S2-DOSS.23b.
    """
    return incidents.open(
        ctx,
        kind,
        words=words,
        dossier_id=held.dossier_id,
        loan_id=held.id,
        about=held.borrower,
    )
