"""核对日志: who is in charge of the archive goes through its log and says that it is right.

What was checked is itself an entry, with the number of the last one it covers, so that nothing can
be put before it afterwards. The trap is the log that nobody reads: what is older than today and
unchecked stands under Today.
"""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation.messages import Button, Reply
from handlers.texts import N_
from rules.deadlines import add_months
from rules.hours import local_day
from storage import audit, staff
from storage.audit import Row, Wanted
from storage.staff import Person

SUBJECT = "log:checked"
IN_CHARGE = frozenset({"custodian", "archivist_full"})
"""Who checks it: those who manage the archive (S3-LOG.2.2a)."""

CHECK = N_("Checked, all is right")
CHECKED = N_("Checked up to no. {seq} by {name}, {moment} ({rule}); {count} entries since.")
NEVER = N_("Not checked yet ({rule}).")
KEPT = N_("Kept for {years} years at least ({rule}): nothing here may be destroyed before {day}.")
WAITING = N_("Archive log to be checked ({count})")
DONE = N_("Checked up to no. {seq}.")
BEFORE = N_("{name} has checked it up to no. {seq} already.")
NOT_YOURS = N_("The log is checked by who is in charge of the archive ({rule}).")
NO_SUCH = N_("There is no such entry.")


def in_charge(person: Person) -> bool:
    return person.active and bool(IN_CHARGE & person.roles)


def line(ctx: Context, newest: int) -> str:
    """Return up to where the log was checked; "": the policy wants no check."""
    if ctx.policy.log is None:
        return ""
    rule, last = ctx.policy.log.review.due.rule, _last(ctx)
    if last is None:
        return ctx.t(NEVER, rule=rule)
    return ctx.t(
        CHECKED,
        seq=_upto(last),
        name=_name(ctx, last),
        moment=ctx.texts.moment(last.entry.at),
        rule=rule,
        count=newest - _upto(last),
    )


def kept(ctx: Context) -> str:
    """Return until when the log is kept at least, counted from its first entry; "": no time set.

    Nothing ever deletes an entry by itself.

    Rule: S3-LOG.2.4a.
    """
    policy, first = ctx.policy.log, audit.written_at(ctx.session, 1)
    if policy is None or first is None:
        return ""
    begun = local_day(first, ctx.policy.time.zone)
    day = add_months(begun, 12 * policy.keep_years)
    said = ctx.texts.day(day, ctx.today)
    return ctx.t(KEPT, years=policy.keep_years, rule=policy.keep_rule, day=said)


def button(ctx: Context, newest: int) -> tuple[Button, ...]:
    """Return the way to check what is shown, and all before it."""
    if ctx.policy.log is None or not in_charge(ctx.person):
        return ()
    return (Button(ctx.t(CHECK), f"f.log.check.{newest}"),)


def check(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Say that the log is right up to an entry that was shown. Rule: S3-LOG.2.3b."""
    if ctx.policy.log is None:
        return Reply(alert=ctx.t(NO_SUCH))
    rule = ctx.policy.log.review.due.rule
    if not in_charge(ctx.person):
        return Reply(alert=ctx.t(NOT_YOURS, rule=rule))
    seq = int(arguments[0]) if arguments[0].isdecimal() else 0
    if audit.written_at(ctx.session, seq) is None:
        return Reply(alert=ctx.t(NO_SUCH))
    last = _last(ctx)
    if last is not None and _upto(last) >= seq:
        return Reply(alert=ctx.t(BEFORE, name=_name(ctx, last), seq=_upto(last)))
    ctx.record("log.checked", SUBJECT, rule, upto=seq)
    return Reply(alert=ctx.t(DONE, seq=seq))


def waiting(ctx: Context) -> int:
    """Return how many entries are to be checked by who acts; 0 while they are all of today.

    Rule: S3-LOG.2.3b.
    """
    if ctx.policy.log is None or not in_charge(ctx.person):
        return 0
    last = _last(ctx)
    first = _upto(last) + 1 if last is not None else 1
    at = audit.written_at(ctx.session, first)
    if at is None or local_day(at, ctx.policy.time.zone) >= ctx.today:
        return 0
    return audit.head(ctx.session).count - first + 1


def _last(ctx: Context) -> Row | None:
    found = audit.entries(ctx.session, Wanted(subject=SUBJECT), 1)
    return found[0] if found else None


def _upto(last: Row) -> int:
    return int(str(last.entry.facts["upto"]))


def _name(ctx: Context, last: Row) -> str:
    person = staff.get(ctx.session, last.entry.staff_id)
    return person.name if person else last.entry.staff_id
