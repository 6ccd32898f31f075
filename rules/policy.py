"""The company's policy: one TOML pack plus overlays, read strictly into frozen records.

Packs lie in the package; a company's own file goes through `parse_policy`. Every deadline and
every right in it names the rule it comes from, and an id that no clause has is refused.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, NewType
from zoneinfo import ZoneInfo

from rules import hours
from rules.calendar import WorkingCalendar
from rules.clauses import all_clauses, regulations
from rules.deadlines import Deadline, Roll, Term, TimeRules
from rules.errors import DomainError
from rules.fields import FieldSpec, combined, field_lists
from rules.hours import Clock, Window
from rules.reminders import Ladder, Step, StepKind
from rules.roles import ROLES
from rules.rungs import Anchor, Rung
from rules.schema import PolicyError, Reader, merge
from rules.secrecy import AccessLevel, Grade

__all__ = [
    "DossierPolicy",
    "Duty",
    "Policy",
    "PolicyError",
    "TimePolicy",
    "VisitPolicy",
    "available_overlays",
    "available_packs",
    "load_pack",
    "parse_policy",
]

RuleId = NewType("RuleId", str)
RoleCode = NewType("RoleCode", str)
Text = NewType("Text", str)

OVERLAY_KEY = "overlay"
SCHEMA = 1


class ClockSource(StrEnum):
    """Whose clock says when something was done."""

    PLATFORM = "platform_message_time"


class Consent(StrEnum):
    """For whom a dossier is opened only with recorded consent."""

    NONE = "none"
    NATURAL_PERSONS = "natural_persons"
    ALL = "all"


class Superiors(StrEnum):
    """How far above the keeper the right to read reaches."""

    NONE = "none"
    DIRECT = "direct"
    CHAIN = "chain"


@dataclass(frozen=True)
class TimePolicy:
    """`[time]`: how the company reckons time."""

    zone: ZoneInfo
    """Zone of every deadline, quiet hour and digest."""
    calendar: str
    """Which holidays: `cn`."""
    cutoff: Clock
    """When an office day ends for deadlines."""
    count_first_day: bool
    """Whether the day of the event is day 1."""
    roll: Roll
    """Where a calendar-day deadline goes that falls on a day off."""
    tolerance_seconds: int
    """Grace after a deadline, in seconds."""
    clock: ClockSource
    quiet_hours: Window
    """No message goes out in these hours; equal times switch it off."""
    office_hours: tuple[Window, ...]
    """Office hours of a working day, ascending."""
    digest: Clock
    """When the morning card goes out; also the time of rungs that name none."""
    rule: RuleId
    """Clause behind the general choices (C-07, C-54, C-58)."""

    def __post_init__(self) -> None:
        if self.calendar != "cn":
            raise DomainError("calendar = 'cn', the only one there is")
        if self.tolerance_seconds < 0:
            raise DomainError("tolerance_seconds of 0 or more")
        edges = [edge for window in self.office_hours for edge in (window.start, window.end)]
        if not edges or any(a >= b for a, b in pairwise(edges)):
            raise DomainError("office_hours ascending, each with its start before its end")
        if self.digest in self.quiet_hours:
            raise DomainError("a digest outside the quiet hours")

    @property
    def rules(self) -> TimeRules:
        """What deadlines need of it."""
        return TimeRules(
            self.zone, self.cutoff, self.count_first_day, self.roll, self.tolerance_seconds
        )

    def anchor(self, start: date, due: Deadline, calendar: WorkingCalendar) -> Anchor:
        """Return what a reminder ladder hangs on."""
        return Anchor(
            due=due.last_day,
            start=start,
            deadline=due.instant,
            time=self.rules,
            digest=self.digest,
            calendar=calendar,
            office_hours=self.office_hours,
        )

    def day_start(self, day: date) -> datetime:
        """Return the UTC instant at which an office day begins."""
        return hours.instant(day, Clock(0), self.zone)

    def office_day(self, at: datetime) -> date:
        """Return the office day on which an aware instant falls."""
        return hours.local_day(at, self.zone)


@dataclass(frozen=True)
class ReaderRule:
    """A role that reads without asking, and the clause that says so."""

    role: RoleCode
    rule: RuleId
    levels: tuple[AccessLevel, ...] = ()
    """Access levels it is limited to; empty: all."""


@dataclass(frozen=True)
class DossierPolicy:
    """`[dossier]`: what a dossier is and who sees it."""

    key: str
    """What there is one dossier for: `customer`, `vin`."""
    number: str
    """Pattern of dossier numbers with {year} and {seq}, such as `KH-{year}-{seq:04d}`."""
    default_grade: Grade
    levels: bool
    """Whether dossiers have access levels (S1-07)."""
    chat_ceiling: Mapping[str, Grade]
    """Highest grade whose content may appear in a chat, by channel."""
    fields: tuple[Text, ...]
    """Field lists by name, in the order asked."""
    consent: Consent
    superiors: Superiors
    """How far above the keeper the right to read reaches."""
    readers: tuple[ReaderRule, ...]
    rule: RuleId
    """Clause behind the closed default."""
    ceiling_approved: Text | None = None
    """Record of the general manager's approval of a higher ceiling for Telegram (C-01)."""

    def __post_init__(self) -> None:
        for name in self.fields:
            if name not in field_lists():
                raise DomainError(f"fields among {', '.join(field_lists())}")
        names = {part[1] for part in string.Formatter().parse(self.number) if part[1] is not None}
        if names != {"year", "seq"}:
            raise DomainError("number with {year} and {seq}, such as 'KH-{year}-{seq:04d}'")
        self.format_number(2026, 1)
        if Grade.TOP_SECRET in self.chat_ceiling.values():
            raise DomainError("chat_ceiling below top_secret: such content never enters a chat")
        if not {"telegram", "wecom"} <= self.chat_ceiling.keys():
            raise DomainError("chat_ceiling for telegram and for wecom")
        telegram = self.chat_ceiling.get("telegram", Grade.NONE)
        if telegram > Grade.CONFIDENTIAL and self.ceiling_approved is None:
            raise DomainError("ceiling_approved, the record of the approval to raise Telegram's")
        if not self.levels and any(reader.levels for reader in self.readers):
            raise DomainError("readers without levels where the policy has no levels")

    def format_number(self, year: int, seq: int) -> str:
        """Return the dossier number of a year and running number."""
        return self.number.format(year=year, seq=seq)

    @property
    def field_specs(self) -> tuple[FieldSpec, ...]:
        """All fields of the lists, each once."""
        return combined(tuple(self.fields))


@dataclass(frozen=True)
class Escalation:
    """One rung that tells somebody else."""

    after: Rung
    to: RoleCode


@dataclass(frozen=True)
class Duty:
    """Something to be done by a deadline, with its ladder; the shape every duty shares."""

    due: Term
    remind: tuple[Rung, ...] = ()
    escalate: tuple[Escalation, ...] = ()

    def __post_init__(self) -> None:
        try:
            _rule(self.due.rule)
        except ValueError:
            raise DomainError("due with a rule of the catalogue") from None

    def ladder(self, who: str) -> Ladder:
        """Return its rungs, those to `who` (a person of the case) first."""
        reminders = (Step(rung, who, StepKind.REMIND, self.due.rule) for rung in self.remind)
        escalations = (
            Step(one.after, one.to, StepKind.ESCALATE, self.due.rule) for one in self.escalate
        )
        return (*reminders, *escalations)


@dataclass(frozen=True)
class VisitPolicy:
    """`[visit]`: the visit note."""

    note: Duty
    """Until when the note is due, who is reminded and told."""
    fields: Text
    """Field list of the note."""
    readers: tuple[ReaderRule, ...]
    """Roles that read notes beside author, keeper and the author's superiors."""
    major_matter_to: tuple[RoleCode, ...]
    """Who hears of a major matter: the first of these that somebody holds."""
    major_matter_rule: RuleId

    def __post_init__(self) -> None:
        if self.fields not in field_lists():
            raise DomainError(f"fields, one of {', '.join(field_lists())}")
        if not self.major_matter_to:
            raise DomainError("major_matter_to with at least one role")
        if any(reader.levels for reader in self.readers):
            raise DomainError("readers of notes without levels")


@dataclass(frozen=True)
class LogPolicy:
    """`[log]`, of the overlay log: the append-only archive log."""

    keep_years: int
    """Years an entry is kept at least."""
    keep_rule: RuleId
    review: Duty
    """Until when an entry is reviewed."""


@dataclass(frozen=True)
class PrivacyPolicy:
    """`[privacy]`, of the overlay privacy: personal data of natural persons."""

    consent_rule: RuleId
    mask_personal: bool
    """Whether personal fields are masked for everybody but keeper and readers."""
    mask_rule: RuleId
    agreement_required: bool
    """Whether dossier roles need a signed confidentiality agreement."""
    agreement_rule: RuleId


@dataclass(frozen=True)
class Policy:
    """A whole policy, ready to be handed to the rules."""

    schema: int
    pack: str
    """Id of the pack."""
    name_zh: str
    name_en: str
    sources: tuple[str, ...]
    """Ids of the regulations, shown with every refusal."""
    effective_from: date
    """First office day on which it applies (C-32)."""
    approved_by: RoleCode
    custodian_unit: str
    """Department in charge of the archive; every company names its own (C-76)."""
    time: TimePolicy
    dossier: DossierPolicy
    visit: VisitPolicy
    log: LogPolicy | None = None
    privacy: PrivacyPolicy | None = None
    overlays: tuple[str, ...] = field(default=(), metadata={"given": True})
    """Names of the overlays laid over it, in order."""

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise DomainError(f"schema = {SCHEMA}")
        unknown = [source for source in self.sources if source not in regulations()]
        if unknown or not self.sources:
            raise DomainError("sources, ids of regulations such as 'S1-09'")

    @property
    def roles_named(self) -> frozenset[str]:
        """Every role the policy relies on; one that nobody holds deserves a warning."""
        duties = [self.visit.note] + ([self.log.review] if self.log else [])
        told = {one.to for duty in duties for one in duty.escalate}
        readers = {reader.role for reader in (*self.dossier.readers, *self.visit.readers)}
        return frozenset({self.approved_by, *told, *readers, *self.visit.major_matter_to})


def available_packs() -> tuple[str, ...]:
    """Return the names of the packs in the package, sorted, overlays not included."""
    return tuple(name for name, data in _files().items() if OVERLAY_KEY not in data)


def available_overlays() -> tuple[str, ...]:
    """Return the names of the overlays in the package, sorted."""
    return tuple(name for name, data in _files().items() if OVERLAY_KEY in data)


@lru_cache(maxsize=64)
def load_pack(name: str, overlays: tuple[str, ...] = ()) -> Policy:
    """Return a pack of the package with overlays laid over it in order.

    Raises:
        PolicyError: no such pack or overlay, or the pack is broken.
    """
    if name not in available_packs():
        raise PolicyError(f"{name}.toml", "pack", name, f"one of {', '.join(available_packs())}")
    for overlay in overlays:
        if overlay not in available_overlays():
            expected = f"one of {', '.join(available_overlays())}"
            raise PolicyError(f"{overlay}.toml", OVERLAY_KEY, overlay, expected)
    return parse_policy(_text(name), f"{name}.toml", overlays)


def parse_policy(text: str, file: str, overlays: Sequence[str] = ()) -> Policy:
    """Return the policy written in a TOML text, `file` naming it in errors.

    `overlays` are names of the package's overlays.

    Raises:
        PolicyError: not TOML, unknown or missing key, or a value of the wrong kind.
    """
    base = _toml(text, file)
    origins: dict[str, str] = {}
    for overlay in overlays:
        patch = _toml(_text(overlay), f"{overlay}.toml")
        for key in (OVERLAY_KEY, "schema"):
            patch.pop(key, None)
        merge(base, patch, f"{overlay}.toml", origins)
    policy = Reader(file, _PARSERS, origins).read(Policy, base)
    return replace(policy, overlays=tuple(overlays))


def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(file, "", str(error), "valid TOML") from error


@lru_cache(maxsize=1)
def _files() -> dict[str, dict[str, Any]]:
    folder = files("rules").joinpath("packs")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    stems = [name.removesuffix(".toml") for name in names if not name.startswith("_")]
    return {stem: _toml(_text(stem), f"{stem}.toml") for stem in stems}


def _text(name: str) -> str:
    return files("rules").joinpath("packs", f"{name}.toml").read_text("utf-8")


def _rule(value: Any) -> str:
    if value in all_clauses() or (isinstance(value, str) and re.fullmatch(r"C-\d\d", value)):
        return str(value)
    raise ValueError(value)


def _role(value: Any) -> str:
    if value in ROLES:
        return str(value)
    raise ValueError(value)


def _string(value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError(value)


def _window(value: Any) -> Window:
    start, end = value
    return Window.parse(start, end)


_CLOCK_WORDS = "a time such as '09:00'"
_PARSERS: dict[object, tuple[str, Any]] = {
    RuleId: ("a rule of the catalogue such as 'S1-07.2.3a' or 'C-26'", _rule),
    RoleCode: ("a role of the catalogue such as 'department_manager'", _role),
    Text: ("a text that is not empty", _string),
    ZoneInfo: ("a time zone such as 'Asia/Shanghai'", hours.zone),
    Clock: (_CLOCK_WORDS, Clock.parse),
    Window: ("a pair of times such as ['21:30', '08:00']", _window),
    Rung: ("a reminder such as '-1wd 09:00', '0d 18:00', 'every 1d until return'", Rung.parse),
}
