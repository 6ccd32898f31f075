"""One person as an operator sees them: chats, superior, and what can be done about access.

Whatever cuts access is asked again first. The last operator who can be reached cannot shut the
door behind himself: only the command line would be left to open it.
"""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.conversation.wording import LINE
from handlers.feature import Action
from handlers.people import bindings, leavers, reach
from handlers.sheets.staff_sheet import possible_roles
from handlers.texts import N_
from rules.roles import OPERATOR, ROLES
from storage import accounts, audit, staff, visits
from storage.staff import Person

KEY = "admin"

NOBODY = N_("There is nobody of that staff number.")
HAS_LEFT = N_("{name} has left; bring them back first.")
NO_CHATS = N_("Not bound to any chat.")
NEVER = N_("Nothing recorded yet.")
WAITING = N_("Planned visits waiting with the superior: {count}")
INVITE = N_(
    "Invite for {name}, for one use within 7 days. Earlier codes for them no longer work. The "
    "person sends this line to the bot:"
)
LINK = N_("Or opens this on the phone:")
REPLACES = N_("It replaces the {channel} chat bound on {day}, if it is used there.")
ASK_UNBIND = N_(
    "Unbind all chats of {name}? Access ends at once, on every phone, and open invites end too."
)
UNBOUND = N_("{name}: {count} chats unbound, {invites} open invites closed.")
NOT_BOUND = N_("{name} is not bound to any chat; {invites} open invites closed.")
ASK_LEAVE = N_(
    "{name} has left? Access ends with the next message. Planned visits wait with the superior, "
    "customers stay on file."
)
LEFT = N_("{name} has no access any more. The superior is told what waits.")
ASK_BACK = N_("Let {name} in again, with the chats and roles from before?")
BACK = N_("{name} is back; what nobody has taken over is theirs again.")
LAST = N_(
    "You are the only operator who can be reached. Make somebody else an operator and bind them "
    "first; or use the command line."
)


def is_operator(person: Person) -> bool:
    return person.active and OPERATOR in person.roles


def _named(ctx: Context, arguments: tuple[str, ...]) -> Person | None:
    """Return the person of a button; a staff number may hold dots, which part arguments."""
    return staff.get(ctx.session, ".".join(arguments))


def card(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    person = _named(ctx, arguments)
    if person is None:
        return Reply(alert=ctx.t(NOBODY))
    ctx.record("staff.looked_at", f"staff:{person.id}")
    return Reply.of(_card(ctx, person))


def _card(ctx: Context, person: Person, said: str = "") -> Card:
    bound = accounts.of_person(ctx.session, person.id)
    lines = [said] if said else []
    lines += [ctx.t(LINE, label=ctx.t(label), value=value) for label, value in _facts(ctx, person)]
    lines += [f"· {bindings.described(ctx, one)}" for one in bound] or [ctx.t(NO_CHATS)]
    if not person.active:
        count = visits.count_planned(ctx.session, [person.id])
        lines.append(ctx.t(WAITING, count=count))
    return Card(
        "\n".join(lines),
        title=f"{person.name} · {person.id}",
        choices=_acts(ctx, person, bound=bool(bound)),
        columns=2,
        nav=(Button(ctx.t(N_("Administration")), f"f.{KEY}.open", back=True),),
    )


def _facts(ctx: Context, person: Person) -> list[tuple[str, str]]:
    superior = staff.get(ctx.session, person.superior) if person.superior else None
    seen = audit.last_act(ctx.session, person.id)
    return [
        (N_("Department"), person.department or "-"),
        (N_("Roles"), "、".join(_role(ctx, one) for one in sorted(person.roles)) or "-"),
        (N_("Superior"), superior.name if superior else "-"),
        (N_("Access"), ctx.t(N_("yes")) if person.active else ctx.t(N_("none, has left"))),
        (N_("Last seen"), ctx.texts.moment(seen) if seen else ctx.t(NEVER)),
    ]


def _role(ctx: Context, code: str) -> str:
    chinese = ctx.texts.locale != "en"
    known = ROLES.get(code)
    return possible_roles().get(code, code) if chinese else known.en if known else code


def _acts(ctx: Context, person: Person, *, bound: bool) -> tuple[Button, ...]:
    if not person.active:
        back = Button(ctx.t(N_("Bring back")), f"f.{KEY}.askback.{person.id}")
        return (back, Button(ctx.t(leavers.LIST), f"f.left.list.{person.id}"))
    acts = [Button(ctx.t(N_("New invite")), f"f.{KEY}.invite.{person.id}")]
    if bound:
        acts.append(Button(ctx.t(N_("Unbind")), f"f.{KEY}.askcut.{person.id}"))
    return (*acts, Button(ctx.t(N_("Has left")), f"f.{KEY}.askleave.{person.id}"))


def invite(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Open an invite and show its code in a message of its own, once."""
    person = _named(ctx, arguments)
    if person is None:
        return Reply(alert=ctx.t(NOBODY))
    if not person.active:
        return Reply(alert=ctx.t(HAS_LEFT, name=person.name))
    code = accounts.derive_code(ctx.unit)
    accounts.invite(ctx.unit, person.id, code, ctx.now)
    ctx.record("account.invited", f"staff:{person.id}")
    lines = [ctx.t(INVITE, name=person.name), "", f"/start {code}", ""]
    link = accounts.invite_link(ctx.session, code)
    if link:
        lines += [ctx.t(LINK), link, ""]
    for one in accounts.of_person(ctx.session, person.id):
        day = ctx.texts.day(ctx.policy.time.office_day(one.bound_at), ctx.today)
        name = bindings.messenger(ctx.texts, one.channel)
        lines.append(ctx.t(REPLACES, channel=name, day=day))
    return Reply((Show(Card("\n".join(lines).strip(), protect=True), slot=FRESH),))


def ask_cut(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    return _ask(ctx, arguments, ASK_UNBIND, N_("Unbind"), "cut")


def ask_leave(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    return _ask(ctx, arguments, ASK_LEAVE, N_("Has left"), "leave")


def ask_back(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    return _ask(ctx, arguments, ASK_BACK, N_("Bring back"), "back")


def _ask(
    ctx: Context, arguments: tuple[str, ...], question: str, label: str, action: str
) -> Reply:
    person = _named(ctx, arguments)
    if person is None:
        return Reply(alert=ctx.t(NOBODY))
    nav = (
        Button(ctx.t(N_("Back")), f"f.{KEY}.person.{person.id}", back=True),
        Button(ctx.t(label), f"f.{KEY}.{action}.{person.id}"),
    )
    return Reply.of(Card(ctx.t(question, name=person.name), nav=nav))


def cut(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Unbind every chat of a person and close their open invites."""
    person = _named(ctx, arguments)
    if person is None:
        return Reply(alert=ctx.t(NOBODY))
    if _is_last(ctx, person):
        return Reply.of(_card(ctx, person, ctx.t(LAST)))
    bound = accounts.of_person(ctx.session, person.id)
    bindings.cut(ctx, bound)
    invites = accounts.close_invites(ctx.unit, person.id)
    ctx.record("account.invites_closed", f"staff:{person.id}", count=invites)
    words = UNBOUND if bound else NOT_BOUND
    said = ctx.t(words, name=person.name, count=len(bound), invites=invites)
    return Reply.of(_card(ctx, person, said))


def leave(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    person = _named(ctx, arguments)
    if person is None or not person.active:
        return Reply(alert=ctx.t(NOBODY))
    if _is_last(ctx, person):
        return Reply.of(_card(ctx, person, ctx.t(LAST)))
    staff.deactivate(ctx.unit, person.id)
    ctx.record("staff.deactivated", f"staff:{person.id}")
    return _turned(ctx, person, LEFT)


def back(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    person = _named(ctx, arguments)
    if person is None or person.active:
        return Reply(alert=ctx.t(NOBODY))
    staff.reactivate(ctx.unit, person.id)
    ctx.record("staff.reactivated", f"staff:{person.id}")
    return _turned(ctx, person, BACK)


def _turned(ctx: Context, person: Person, words: str) -> Reply:
    """Say that somebody left or is back; the scan does what follows within a minute."""
    now = staff.get(ctx.session, person.id) or person
    return Reply.of(_card(ctx, now, ctx.t(words, name=person.name)))


def _is_last(ctx: Context, person: Person) -> bool:
    others = [one for one in reach.operators(ctx) if one.id != person.id]
    return is_operator(person) and not others


ACTIONS: dict[str, Action] = {
    "person": card,
    "invite": invite,
    "askcut": ask_cut,
    "cut": cut,
    "askleave": ask_leave,
    "leave": leave,
    "askback": ask_back,
    "back": back,
}
