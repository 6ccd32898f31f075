"""What has to be reported of a loan at once: papers missing, damaged, or staying away."""

from __future__ import annotations

from handlers.context import Context
from handlers.incidents import incidents
from rules.incidents import IncidentKind
from storage.incidents import Incident
from storage.loans import Loan


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
