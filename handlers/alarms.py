"""Trouble of the program itself: when the operators hear of it, and what.

`judge` decides from signs alone, so each case is a line of a table. The trap is the process that
has only just started: it has seen nothing yet, and must not take that for the end of a trouble.
So what is not known begins nothing and ends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from handlers.conversation.messages import Card
from handlers.people import bindings
from handlers.texts import N_, Texts
from storage.episodes import Episode

SILENT = timedelta(hours=1)
"""How long a platform may be out of reach before anybody is told."""
LATE = timedelta(minutes=10)
"""How old the oldest message may grow."""
CALM = timedelta(minutes=1)
"""Younger than that, messages are on time again."""
REFUSING = timedelta(minutes=5)
"""How long the store may refuse without a word about it afterwards."""
FAILING = timedelta(hours=1)
"""Failed messages are counted over so long, and told together."""
SETTLED = timedelta(minutes=10)
"""Longest pause between two tries: a process that has been up so long would have seen trouble."""
STALE = timedelta(days=1)
"""An end that could not be told for so long is told no more."""

UNREACHABLE = "unreachable"
CONFLICT = "conflict"
UNAUTHORIZED = "unauthorized"
ADDRESS = "address"
UNDELIVERED = "undelivered"
OUTBOX = "outbox"
ATTACHMENTS = "attachments"
FAILED = "failed"
STORE = "store"
POLICY = "policy"
AT_ONCE = (CONFLICT, UNAUTHORIZED, ADDRESS)
"""Troubles of the intake that do not pass by waiting."""


class Line(msgspec.Struct, frozen=True):
    """What this process knows of one channel."""

    channel: str
    failing_since: datetime | None = None
    """First try in vain since the platform last answered; None: the last one was answered."""
    answered_at: datetime | None = None
    """When the platform last took or refused a message; None: not since the start."""
    problem: str | None = ""
    """What the intake complains of: a code, "" for nothing; None: another process takes in."""
    problem_since: datetime | None = None
    waiting: int = 0
    """Messages that are due."""
    oldest: datetime | None = None
    """Since when the longest waiting one is owed."""


class Signs(msgspec.Struct, frozen=True):
    """What this process knows of itself."""

    up_since: datetime
    lines: tuple[Line, ...] = ()
    folder_refuses_since: datetime | None = None
    folder_kept_at: datetime | None = None
    """When a file was last kept; None: not since the start."""
    files_pending: int = 0
    failed_out: int = 0
    """Messages that platforms refused within the last hour, alarms left out."""
    failed_in: int = 0
    """Messages of people that could not be handled within the last hour."""
    failed_since: datetime | None = None
    """When the first of both failed."""
    policy_edited: bool = False
    """Whether a policy file says something else than the version that was activated."""
    refusals: tuple[tuple[datetime, datetime], ...] = ()
    """From when until when the store refused for long, once it takes again."""


class Verdict(msgspec.Struct, frozen=True):
    begun: dict[str, datetime] = msgspec.field(default_factory=dict)
    """By code: since when."""
    ended: frozenset[str] = frozenset()
    past: tuple[tuple[datetime, datetime], ...] = ()
    """From when until when the store refused: known only now that it is over."""

    def __bool__(self) -> bool:
        return bool(self.begun or self.ended or self.past)


_State = datetime | bool | None
"""Since when there is trouble; False: there is none; None: it is not known."""


def judge(signs: Signs, ongoing: Mapping[str, datetime], now: datetime) -> Verdict:
    """Return which episodes begin and which end; `ongoing`: by code, since when."""
    states: dict[str, _State] = {
        ATTACHMENTS: _attachments(signs, ongoing, now),
        FAILED: signs.failed_since or False,
        POLICY: signs.policy_edited and signs.up_since,
    }
    for line in signs.lines:
        for kind, look in _OF_CHANNEL.items():
            code = f"{kind}:{line.channel}"
            states[code] = look(line, signs, ongoing.get(code), now)
    known = {line.channel for line in signs.lines}
    switched_off = {code for code in ongoing if ":" in code and _channel(code) not in known}
    return Verdict(
        begun={
            code: since
            for code, since in states.items()
            if isinstance(since, datetime) and code not in ongoing
        },
        ended=frozenset(code for code in ongoing if states.get(code) is False) | switched_off,
        past=signs.refusals,
    )


def _attachments(signs: Signs, ongoing: Mapping[str, datetime], now: datetime) -> _State:
    if signs.folder_refuses_since is not None:
        return signs.folder_refuses_since
    began = ongoing.get(ATTACHMENTS)
    kept = signs.folder_kept_at
    if _settled(signs, now) or (began and kept and kept > began):
        return False
    return None


def _unreachable(line: Line, signs: Signs, began: datetime | None, now: datetime) -> _State:
    silent = [line.failing_since] if line.failing_since else []
    if line.problem and line.problem not in (*AT_ONCE, UNDELIVERED) and line.problem_since:
        silent.append(line.problem_since)
    if silent and now - min(silent) >= SILENT:
        return min(silent)
    if line.problem == UNREACHABLE:
        return None
    if began and line.answered_at and line.answered_at > began:
        return False
    return False if not silent and line.problem == "" and _settled(signs, now) else None


def _complaint(line: Line, kind: str, signs: Signs, now: datetime) -> _State:
    if line.problem == kind:
        return line.problem_since
    return False if line.problem is not None and _settled(signs, now) else None


def _conflict(line: Line, signs: Signs, _began: datetime | None, now: datetime) -> _State:
    return _complaint(line, CONFLICT, signs, now)


def _unauthorized(line: Line, signs: Signs, _began: datetime | None, now: datetime) -> _State:
    return _complaint(line, UNAUTHORIZED, signs, now)


def _address(line: Line, signs: Signs, _began: datetime | None, now: datetime) -> _State:
    return _complaint(line, ADDRESS, signs, now)


def _undelivered(line: Line, signs: Signs, _began: datetime | None, now: datetime) -> _State:
    since = _complaint(line, UNDELIVERED, signs, now)
    young = isinstance(since, datetime) and now - since < LATE
    return None if young else since  # a restart is noticed as well, and passes


def _outbox(line: Line, signs: Signs, _began: datetime | None, now: datetime) -> _State:
    if line.oldest is None or now - line.oldest < CALM:
        return False
    # what an outage of ours held up is on its way as soon as the program is up
    late = now - line.oldest >= LATE and now - signs.up_since >= CALM
    return line.oldest if late else None


_OF_CHANNEL = {
    UNREACHABLE: _unreachable,
    CONFLICT: _conflict,
    UNAUTHORIZED: _unauthorized,
    ADDRESS: _address,
    UNDELIVERED: _undelivered,
    OUTBOX: _outbox,
}


def _settled(signs: Signs, now: datetime) -> bool:
    return now - signs.up_since >= SETTLED


def _channel(code: str) -> str:
    return code.partition(":")[2]


def ways(lines: tuple[Line, ...], about: str) -> dict[str, int]:
    """Return the channels by which an operator can be told of trouble of `about`, ranked.

    One that fails, or does not accept our token, is none; one whose intake complains, or that
    the trouble is about, is a last resort. Lower ranks are better.
    """
    return {
        one.channel: bool(one.problem) + 2 * (one.channel == about)
        for one in lines
        if one.failing_since is None and one.problem not in (UNAUTHORIZED, ADDRESS)
    }


BEGUN = N_("Trouble: {what}")
OVER = N_("Over: {what}")
WHAT = {
    UNREACHABLE: N_("{channel} cannot be reached"),
    CONFLICT: N_("another program takes the messages of {channel}"),
    UNAUTHORIZED: N_("{channel} does not accept our token"),
    ADDRESS: N_("{channel} does not trust the address we call from"),
    UNDELIVERED: N_("{channel} cannot deliver to our address what people write"),
    OUTBOX: N_("messages on {channel} are late"),
    ATTACHMENTS: N_("files cannot be kept"),
    FAILED: N_("messages have failed for good"),
    STORE: N_("the database refused to write"),
    POLICY: N_("a policy file was edited and nobody's approval is recorded"),
}
SINCE = N_("Since {since}.")
LASTED = N_("It lasted {lasted}: from {since} to {until}.")
KEPT = {
    UNREACHABLE: N_("Nothing is lost. Waiting to be sent: {waiting}."),
    CONFLICT: N_("What the other program takes does not reach us; the rest is handled as usual."),
    UNAUTHORIZED: N_(
        "Waiting to be sent: {waiting}. What people write is kept by the messenger for a limited "
        "time, Telegram for a day."
    ),
    ADDRESS: N_("Nothing is lost. Waiting to be sent: {waiting}."),
    UNDELIVERED: N_(
        "What people write is kept by the messenger for a limited time, Telegram for a day; what "
        "we write reaches them."
    ),
    OUTBOX: N_("Nothing is lost. Waiting to be sent: {waiting}, the oldest since {oldest}."),
    ATTACHMENTS: N_("Texts are kept as usual. Files still to be fetched: {pending}."),
    FAILED: N_(
        "Within the last hour. Not taken by a messenger: {failed_out}. Of people, not handled but "
        "kept: {failed_in}."
    ),
    POLICY: N_("The program goes on with the version last activated."),
}
TO_DO = {
    UNREACHABLE: N_(
        "Check the connection of the machine, the proxy, and whether the messenger is down for "
        "others too. It goes on by itself."
    ),
    CONFLICT: N_(
        "Find the second program with the same token and stop it; if you know of none, have the "
        "token replaced."
    ),
    UNAUTHORIZED: N_("Put the present token into the settings and restart."),
    ADDRESS: N_(
        "`dossierbot check` names the address; enter it in the console of the messenger. It goes "
        "on by itself."
    ),
    UNDELIVERED: N_(
        "`dossierbot check` says what the messenger met. See that [http] public_url is reached "
        "from outside and that its certificate is valid. It goes on by itself."
    ),
    OUTBOX: N_("If this does not end within the hour, look into the log for not_delivered."),
    ATTACHMENTS: N_("Free space for the attachments folder, or give it back its rights."),
    FAILED: N_(
        "Look into the log for message_rejected and message_failed; `dossierbot inbox list` shows "
        "those of people, `dossierbot inbox retry` handles them again."
    ),
    POLICY: N_(
        "`dossierbot policy check` names the file. Undo the change, or record the approval with "
        "`dossierbot policy activate`; then restart."
    ),
}
CONFIRMED = N_(
    "Nothing was confirmed to anybody that was not kept. What people sent meanwhile is handled "
    "now."
)
HOURS = N_("{hours} h {minutes} min")
MINUTES = N_("{minutes} min")


def card(one: Episode, signs: Signs, texts: Texts) -> Card:
    """Return what an operator reads of an episode: that it began, or that it is over."""
    what = texts.t(WHAT[one.kind], **_named(one, texts))
    if one.ended_at is None:
        facts = _facts(one, signs, texts)
        lines = (
            texts.t(SINCE, since=texts.moment(one.started_at)),
            texts.t(KEPT[one.kind], **facts) if facts else texts.t(KEPT[one.kind]),
            texts.t(TO_DO[one.kind]),
        )
        return Card("\n".join(lines), title=texts.t(BEGUN, what=what))
    lasted = texts.t(
        LASTED,
        lasted=_lasted(one.ended_at - one.started_at, texts),
        since=texts.moment(one.started_at),
        until=texts.moment(one.ended_at),
    )
    more = f"\n{texts.t(CONFIRMED)}" if one.kind == STORE else ""
    return Card(lasted + more, title=texts.t(OVER, what=what))


def _named(one: Episode, texts: Texts) -> dict[str, str]:
    return {"channel": bindings.messenger(texts, one.channel)} if one.channel else {}


def _facts(one: Episode, signs: Signs, texts: Texts) -> dict[str, object]:
    line = next((each for each in signs.lines if each.channel == one.channel), Line(one.channel))
    every: dict[str, dict[str, object]] = {
        UNREACHABLE: {"waiting": line.waiting},
        UNAUTHORIZED: {"waiting": line.waiting},
        ADDRESS: {"waiting": line.waiting},
        OUTBOX: {
            "waiting": line.waiting,
            "oldest": texts.moment(line.oldest or one.started_at),
        },
        ATTACHMENTS: {"pending": signs.files_pending},
        FAILED: {"failed_out": signs.failed_out, "failed_in": signs.failed_in},
    }
    return every.get(one.kind, {})


def _lasted(span: timedelta, texts: Texts) -> str:
    hours, minutes = divmod(max(1, round(span.total_seconds() / 60)), 60)
    if hours:
        return texts.t(HOURS, hours=hours, minutes=minutes)
    return texts.t(MINUTES, minutes=minutes)
