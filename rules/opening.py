"""When personal data may be kept at all, and what a new dossier needs before it is verified.

Guards against collecting first and asking afterwards: without consent on file nothing personal of
a natural person is taken (S3-PROTO.2.1b, C-52).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import msgspec

from rules.absences import Away, put_off
from rules.calendar import WorkingCalendar
from rules.chains import route
from rules.deadlines import Deadline, Unit, deadline
from rules.dossier_policy import Consent
from rules.errors import Denied, Reason
from rules.occasions import Action, Facts
from rules.policy import Policy

GIVEN, NOT_GIVEN, NOT_NEEDED = "given", "not_given", "not_needed"
"""What is on file about a customer's consent; "" while nobody asked."""


class Opening(msgspec.Struct, frozen=True):
    """A new customer as reported, when it goes to who verifies it."""

    filled: Collection[str]
    """Ids of the fields that hold something, or are marked as none."""
    consent: str
    evidence: bool
    """Whether a photo or file shows the consent."""
    important: bool
    """Whether it is an important new customer with future."""
    contacts: int
    """Contact persons on file."""


def consent_rule(policy: Policy) -> str:
    """Return the clause to name where consent is asked for."""
    return policy.privacy.consent_rule if policy.privacy else "C-52"


def consent_refusal(policy: Policy, consent: str) -> Denied | None:
    """Return why personal data of this customer may not be kept; None if they may.

    Rule: S3-PROTO.2.1b, C-52.
    """
    asked = policy.dossier.consent
    if asked is Consent.NONE or consent == GIVEN:
        return None
    if asked is Consent.NATURAL_PERSONS and consent == NOT_NEEDED:
        return None
    code = "consent_refused" if consent == NOT_GIVEN else "consent_missing"
    reason = Reason.of(code, rule=consent_rule(policy), next_step="record_consent")
    return Denied((reason,))


def open_rule(policy: Policy) -> str:
    """Return the clause under which a dossier is opened: that of who verifies it, if anybody."""
    row = route(policy.approval, Facts(Action.OPEN))
    return row.rule if row else policy.open.duty.due.rule


def refusal(opening: Opening, policy: Policy) -> Denied | None:
    """Return why a new customer cannot go to who verifies it, with every reason; None if it can.

    Rule: S3-PROTO.2.1b, S5-1.8.3, S1-04.4.2.
    """
    reasons: list[Reason] = []
    if denied := consent_refusal(policy, opening.consent):
        reasons.extend(denied.reasons)
    elif (
        policy.dossier.consent is not Consent.NONE
        and opening.consent == GIVEN
        and not opening.evidence
    ):
        rule = consent_rule(policy)
        reasons.append(Reason.of("evidence_missing", rule=rule, next_step="record_consent"))
    needed = policy.open.contact_persons
    if policy.open.contact_persons_rule and opening.important and opening.contacts < needed:
        rule = policy.open.contact_persons_rule
        reasons.append(
            Reason.of("contacts_missing", rule=rule, next_step="add_contact", needed=needed)
        )
    if policy.open.required_rule:
        reasons += [
            Reason.of(
                "field_missing",
                rule=policy.open.required_rule,
                next_step="fill_in",
                field=field,
            )
            for field in policy.open.required
            if field not in opening.filled
        ]
    return Denied(tuple(reasons)) if reasons else None


def open_deadline(
    start: date, away: Collection[Away], policy: Policy, calendar: WorkingCalendar
) -> Deadline:
    """Return until when a new customer is reported on time; absences put it off.

    `start`: office day of the first contact, or on which it was sent back.

    Raises:
        CalendarGap: the day can be neither looked up nor computed.

    Rule: S1-05.1, S1-07.2.3a.
    """
    term, time = policy.open.duty.due, policy.time.rules
    return put_off(deadline(start, term, time, calendar), term, away, time, calendar)


def draft_meets(policy: Policy) -> bool:
    """Return whether a draft keeps the deadline already.

    So where the dossier is due on the very day, and somebody verifies it first: number and
    visibility come later by no fault of who met the customer.

    Rule: C-69.
    """
    verified = route(policy.approval, Facts(Action.OPEN)) is not None
    return verified and policy.open.duty.due.unit is Unit.SAME_DAY
