"""The course of an incident: reported, confirmed person by person, measures added, closed once.

Whoever counts papers, follows loans or looks after the archive opens one with `open`. Every act
is audited, and every copy of the card that is out follows it, on whichever messenger.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from handlers.approvals.approvals import FORGED
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.incidents import incident_cards as cards
from handlers.incidents import incident_telling as telling
from handlers.incidents.incident_cards import Held
from handlers.incidents.incident_telling import Gaps
from handlers.texts import LOCALES, N_, Texts
from rules import incidents as rules
from rules.incidents import IncidentKind
from storage import attachments
from storage import incidents as stored
from storage.incidents import CHECK, KNOW, Incident

CLOSED = N_("Closed by {name}. {words}")
CLOSED_BARE = N_("Closed by {name}.")
TO_CLOSE = N_("{said} What is left is the closing report.")
DIFFERS = N_("The count found differences ({rule}).")


def open(
    ctx: Context,
    kind: IncidentKind,
    *,
    words: str = "",
    dossier_id: int | None = None,
    loan_id: int | None = None,
    by: str | None = None,
    about: str | None = None,
) -> Incident:
    """Open an incident and tell everybody whom the policy names, at once.

    `by`: staff number of who reports it, who gets a card as well and is told of every
    confirmation; None: the program found it. `about`: staff number of whose superior hears it
    where the policy names one, such as the borrower; None: who reports.

    Rule: C-06, S1-14.7, S1-15.7.6, S2-DOSS.23b.
    """
    incident, _ = report(
        ctx, kind, words=words, dossier_id=dossier_id, loan_id=loan_id, by=by, about=about
    )
    if by is not None:
        telling.send(ctx, incident, by)
    return incident


def report(
    ctx: Context,
    kind: IncidentKind,
    *,
    words: str,
    dossier_id: int | None = None,
    loan_id: int | None = None,
    by: str | None = None,
    about: str | None = None,
    leak_case: str = "",
    remedies: Iterable[str] = (),
    files: Iterable[int] = (),
) -> tuple[Incident, Gaps]:
    """Keep a report and tell everybody; return it and the posts that have nobody.

    `remedies`: codes of `incident_cards.REMEDIES` that were taken already.
    """
    incident = stored.report(
        ctx.unit,
        kind=kind.value,
        year=ctx.policy.time.office_day(ctx.at).year,
        words=words,
        at=ctx.at,
        reported_by=by,
        leak_case=leak_case,
        dossier_id=dossier_id,
        loan_id=loan_id,
    )
    attachments.attach(ctx.unit, files, "incident", incident.id)
    for code in remedies:
        stored.measure(ctx.unit, incident.id, staff_id=by or "", at=ctx.at, code=code)
    rule = _rule(ctx, cards.held(ctx, incident))
    facts: dict[str, str | int] = {"kind": kind.value}
    if dossier_id is not None:
        facts["dossier"] = dossier_id
    ctx.record("incident.reported", _subject(incident), rule, **facts)
    return incident, telling.tell_all(ctx, incident, about)


def of(ctx: Context, words: str, *, lock: bool = False) -> Held | None:
    """Return the incident of that id if it concerns who acts; a strange press is logged."""
    incident = stored.get(ctx.unit, int(words), lock=lock) if words.isdecimal() else None
    if incident is None:
        return None
    one = cards.held(ctx, incident)
    if one.concerns(ctx.person.id):
        if one.dossier is not None:
            ctx.about.add(one.dossier.id)
        return one
    ctx.record("incident.press_refused", _subject(incident), FORGED)
    return None


def confirm(ctx: Context, one: Held) -> bool:
    """Note that who acts has received it; False: nothing was to be confirmed. Rule: C-06."""
    row = one.row(ctx.person.id, KNOW)
    if row is None or not one.incident.open or not stored.confirm(ctx.unit, row.id, ctx.at):
        return False
    telling.stop(ctx, row)
    ctx.record("incident.confirmed", _subject(one.incident), "C-06")
    telling.redraw(ctx, one)
    return True


def count(ctx: Context, one: Held, result: str, words: str) -> bool:
    """Note what the count after an incident found; False: none was awaited from who acts.

    Whoever counts has received it as well. Rule: S2-DOSS.23b.
    """
    row = one.row(ctx.person.id, CHECK)
    if row is None or not one.incident.open or not stored.confirm(ctx.unit, row.id, ctx.at):
        return False
    telling.stop(ctx, row)
    rule = cards.policy_of(ctx, one.incident, one.dossier).incident.check_rule
    ctx.record("incident.counted", _subject(one.incident), rule, result=result)
    _add(ctx, one, result, words)
    confirm(ctx, one)
    if result == "differs":
        _tell(ctx, one, partial(_differs, rule, words), f"differs:{row.id}", at_once=True)
    telling.redraw(ctx, one)
    return True


def add_measures(ctx: Context, one: Held, codes: Iterable[str], words: str) -> None:
    """Note what who acts did about it. Rule: S2-INFO.27."""
    for code in codes:
        _add(ctx, one, code, "")
    if words:
        _add(ctx, one, "", words)
    ctx.record("incident.measure", _subject(one.incident), _rule(ctx, one))
    telling.redraw(ctx, one)


def mended(ctx: Context, one: Held, words: str, number: str) -> None:
    """Note that nothing of a loan is amiss any more; who reported it and all told hear of it.

    `words` (N_): what became of the loan `number`. It stays open for the closing report.

    Rule: S1-15.7.6, S1-14.7.
    """
    said = ctx.languages[LOCALES[0]].t(words, number=number)
    _add(ctx, one, "", said)
    ctx.record("incident.measure", _subject(one.incident), _rule(ctx, one))
    _tell(ctx, one, partial(_mended, words, number), f"mended:{ctx.new_id()}")
    telling.redraw(ctx, one)


def close(ctx: Context, one: Held, words: str) -> None:
    """Close it with what was done; who reported it and all who were told hear of it.

    Raises:
        Conflict: it is closed already; nothing was written.
    """
    stored.close(ctx.unit, one.incident.id, by=ctx.person.id, words=words, at=ctx.at)
    for row in one.told:
        if row.staff_id == ctx.person.id:
            stored.confirm(ctx.unit, row.id, ctx.at)
        telling.stop(ctx, row)
    ctx.record("incident.closed", _subject(one.incident), _rule(ctx, one))
    _tell(ctx, one, partial(_closed, ctx.person.name, words), "closed")
    telling.redraw(ctx, one)


def _add(ctx: Context, one: Held, code: str, words: str) -> None:
    stored.measure(
        ctx.unit, one.incident.id, staff_id=ctx.person.id, at=ctx.at, code=code, words=words
    )


def _tell(
    ctx: Context,
    one: Held,
    said: partial[str],
    what: str,
    *,
    at_once: bool = False,
) -> None:
    """Send everybody else a message about it; `said`: takes whether words may be shown, texts."""
    for person in telling.people(ctx, one):
        if person.id == ctx.person.id or not person.home_channel:
            continue
        readable = cards.legible(ctx, one, person)

        def card(texts: Texts, readable: bool = readable) -> Card:
            look = Button(texts.t(N_("View")), f"f.incident.open.{one.incident.id}")
            title = cards.title(one.incident, texts)
            return Card(said(readable, texts), title=title, choices=(look,), protect=True)

        ctx.tell(
            person.id,
            card,
            f"incident:{one.incident.id}:{what}:{person.id}",
            to=(person.home_channel, person.home_account) if at_once else None,
        )


def _closed(name: str, words: str, readable: bool, texts: Texts) -> str:
    if readable:
        return texts.t(CLOSED, name=name, words=words)
    return texts.t(CLOSED_BARE, name=name)


def _mended(words: str, number: str, _readable: bool, texts: Texts) -> str:
    return texts.t(TO_CLOSE, said=texts.t(words, number=number))


def _differs(rule: str, words: str, readable: bool, texts: Texts) -> str:
    said = texts.t(DIFFERS, rule=rule)
    return f"{said}\n{words}" if words and readable else said


def _rule(ctx: Context, one: Held) -> str:
    """Return the clause under which people hear of it."""
    policy = cards.policy_of(ctx, one.incident, one.dossier)
    return rules.told_of(policy, IncidentKind(one.incident.kind)).rule


def _subject(incident: Incident) -> str:
    return f"incident:{incident.id}"
