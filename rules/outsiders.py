"""People from outside who come to read or borrow: whom a policy admits, and on which papers.

The trap is the row that names no readers: it is for the company's own people, and an outsider
who slipped in under it would be asked for no credential.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from rules.approvals import credential_missing
from rules.chains import Approval, Credential, route
from rules.deciders import Matter
from rules.errors import Denied, Reason
from rules.occasions import Action, Facts, ReaderKind
from rules.policy import Policy

KINDS = (ReaderKind.EXTERNAL, ReaderKind.SUBJECT, ReaderKind.PROXY)

LETTERS = frozenset({Credential.LETTER, Credential.SUPERIOR_LETTER})
"""Credentials that are good for one visit (C-05)."""


class Shown(msgspec.Struct, frozen=True):
    """What one visitor hands in."""

    credential: Credential | None
    """None: nothing."""
    valid_to: date | None
    """Last day on which it is valid; None without one."""
    used: bool = False
    """Whether a visit on it was granted, or made, already."""
    consent: bool = False
    """Whether the customer's own consent in writing is there as well (C-72)."""

    def counting(self, day: date) -> frozenset[Credential]:
        """Return the credential if it can be used on that office day."""
        if self.credential is None or self._reasons(day, ""):
            return frozenset()
        return frozenset({self.credential})

    def _reasons(self, day: date, rule: str) -> list[Reason]:
        expired = ends_before(self.valid_to, day, rule)
        reasons = [expired] if expired else []
        if self.used and self.credential in LETTERS:
            reasons.append(Reason.of("letter_used", rule="C-05", next_step="show_credential"))
        return reasons


def ends_before(valid_to: date | None, day: date, rule: str) -> Reason | None:
    """Return that a credential ends before the last day on which it is needed; None: it does not.

    Rule: S1-15.7.2, C-05.
    """
    if valid_to is None or valid_to >= day:
        return None
    return Reason.of("credential_expired", rule=rule, next_step="show_credential", until=valid_to)


def admitted(rows: Sequence[Approval], facts: Facts) -> Approval | None:
    """Return who decides for a reader from outside; None: the policy admits no such reader.

    Rule: S1-12.3.4, S1-14.3, S1-14.4, S1-15.7.2, S2-INFO.18.4.
    """
    row = route(rows, facts)
    return row if row is not None and facts.reader in row.when.readers else None


def kinds(policy: Policy, action: Action) -> tuple[ReaderKind, ...]:
    """Return the kinds of readers from outside that the policy has rows for."""
    named = {one for row in policy.approval if row.action is action for one in row.when.readers}
    return tuple(one for one in KINDS if one in named)


def consent_rule(policy: Policy, facts: Facts) -> str:
    """Return the clause that asks for the customer's own consent too; empty: none does.

    Rule: C-72, S3-PROTO.2.2.
    """
    privacy = policy.privacy
    # whose own file it is, or who acts for that person, brings the consent along
    stranger = facts.reader is ReaderKind.EXTERNAL and facts.natural_person
    if privacy is None or not (privacy.customer_authorises and stranger):
        return ""
    return privacy.customer_rule


def refusal(
    approval: Approval, matter: Matter, shown: Shown, day: date, consent: str = ""
) -> Denied | None:
    """Return why no request goes out on these papers, with every reason; None if it may.

    `matter.credentials` is `shown.counting(day)`; `day` the last office day on which the visitor
    wants to use them; `consent` the clause of `consent_rule`.

    Rule: S1-12.3.4, S1-14.3, S1-14.4, S1-15.7.2, S2-INFO.18.4, C-05, C-72.
    """
    reasons: list[Reason] = []
    if approval.credential:
        reasons = shown._reasons(day, approval.rule)
        missing = credential_missing(approval, matter)
        if missing and not reasons:
            reasons.append(missing)
    if consent and not shown.consent:
        reasons.append(Reason.of("no_customer_consent", rule=consent, next_step="show_credential"))
    return Denied(tuple(reasons)) if reasons else None
