"""`dossierbot audit`: whether the audit trail is whole, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.commands.options import ConfigOption
from bot.commands.shared import DEFAULT_CONFIG, Refused, say, settings_of
from bot.commands.sheets import texts_of
from bot.offline import Store, opened
from bot.policies import policies_of
from handlers import log
from handlers.texts import N_, Texts
from rules import hours
from rules.hours import MIDNIGHT, Clock
from storage import audit, heads, occurrences, staff
from storage.audit import Break, Entry, Fault, Verdict, Wanted
from storage.heads import Heads
from storage.unit import Unit

WALKING = N_("Checking the audit trail")
WHOLE = N_("The audit trail is whole: {count} entries.")
COVERED = N_("The head kept on {day} covers entries 1 to {covered}; {since} came after it.")
NO_HEAD = N_(
    "No head has been kept in {file} yet, so entries cut off the end would not show. The running "
    "bot keeps one each day."
)
FAULTS = {
    Fault.CHANGED: N_("Entry {first} is not what was written there: edited, put in, or moved."),
    Fault.MISSING: N_("Entries {first} to {last} are missing."),
    Fault.REPLACED: N_("Entry {first} is not the one whose head was kept on {day}."),
    Fault.CUT: N_(
        "Entries {first} to {last} are missing from the end: the head kept on {day} covers more."
    ),
}
MORE = N_("There may be more; only the first {count} places are named.")
HOLDS = N_("Entries 1 to {count} fit each other; the head kept on {day} still covers {covered}.")
HOLDS_ALONE = N_("Entries 1 to {count} fit each other.")
LINE_DAMAGED = N_("{file}:{line}  this line was changed, or lines before it were taken out.")
LINE_MISSING = N_("{file}: the head of {day} is not in it, though the bot kept one that day.")
FILE_MISSING = N_("{file} is missing, though the bot kept a head in it on {day}.")
MEND = N_(
    "Leave database and heads as they are, copy both aside, and look into who could write to "
    "them. Compare with a backup from before: `dossierbot audit verify --heads COPY` checks "
    "against heads kept elsewhere. If the database was restored from a backup, the entries after "
    "it are gone: keep the file of heads with the record of the restore and move it away; the "
    "bot begins a new one."
)

COUNTED = N_("{count} entries, newest first.")
NO_SUCH = N_("There is no {what} “{words}”.")
COLLEAGUE, SUBJECT = N_("colleague"), N_("subject")

HeadsOption = Annotated[
    Path | None,
    typer.Option("--heads", metavar="FILE", help="Check against a copy of the heads instead."),
]

commands = typer.Typer(no_args_is_help=True, help="The audit trail: who did and saw what.")


@commands.command()
def verify(config: ConfigOption = DEFAULT_CONFIG, file: HeadsOption = None) -> None:
    """Walk the audit trail and compare it with every head that was kept; 1: it is not whole."""
    settings = settings_of(config)
    texts = texts_of(settings)
    path = file or heads.place(settings.storage.attachments)
    if file is not None and not file.exists():
        raise Refused(f"There is no file {file}.")
    with opened(settings) as store:
        kept = heads.read(path, store.vault)
        newest = store.read(lambda session: occurrences.latest(session, heads.JOB))
        verdict = _walk(store, kept, texts)
    told = [*_broken(verdict, kept, texts), *_file(kept, path, newest, texts)]
    for line in told:
        say(line)
    if told:
        say(texts.t(MEND))
        raise typer.Exit(1)
    say(texts.t(WHOLE, count=verdict.count))
    say(_covered(verdict, kept, path, texts))


def _walk(store: Store, kept: Heads | None, texts: Texts) -> Verdict:
    with _bar(texts) as (total, seen):
        total(store.read(audit.head).count)
        return store.read(
            lambda session: audit.verify(session, store.vault, kept.kept if kept else (), seen)
        )


@contextmanager
def _bar(texts: Texts) -> Iterator[tuple[Callable[[int], None], Callable[[int], None]]]:
    """Show how far the walk is; gives what sets the number of entries, and of those seen."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with bars:
        bar = bars.add_task(texts.t(WALKING), total=None)
        yield (
            lambda count: bars.update(bar, total=count),
            lambda count: bars.update(bar, completed=count),
        )


def _broken(verdict: Verdict, kept: Heads | None, texts: Texts) -> Iterator[str]:
    """Yield what does not fit, and up to where everything does."""
    for one in verdict.breaks:
        yield _place(one, texts)
    if len(verdict.breaks) == audit.MOST_BREAKS:
        yield texts.t(MORE, count=audit.MOST_BREAKS)
    if not verdict.breaks:
        return
    count = verdict.head.count
    below = [one for one in (kept.kept if kept else ()) if one.head.count <= count]
    if below:
        last = max(below, key=lambda one: one.head.count)
        yield texts.t(HOLDS, count=count, day=last.day.isoformat(), covered=last.head.count)
    elif count:
        yield texts.t(HOLDS_ALONE, count=count)


def _place(one: Break, texts: Texts) -> str:
    facts: dict[str, object] = {"first": one.first, "last": one.last}
    if one.day is not None:
        facts["day"] = one.day.isoformat()
    return texts.t(FAULTS[one.fault], **facts)


def _file(kept: Heads | None, path: Path, newest: str | None, texts: Texts) -> Iterator[str]:
    """Yield what is wrong with the file of the heads itself; `newest`: day of the last one."""
    if kept is None:
        if newest is not None:
            yield texts.t(FILE_MISSING, file=str(path), day=newest)
        return
    for line in kept.damaged:
        yield texts.t(LINE_DAMAGED, file=str(path), line=line)
    days = [one.day.isoformat() for one in kept.kept]
    if newest is not None and newest > max(days, default=""):
        yield texts.t(LINE_MISSING, file=str(path), day=newest)


def _covered(verdict: Verdict, kept: Heads | None, path: Path, texts: Texts) -> str:
    if kept is None or not kept.kept:
        return texts.t(NO_HEAD, file=str(path))
    last = max(kept.kept, key=lambda one: one.head.count)
    covered = last.head.count
    since = verdict.count - covered
    return texts.t(COVERED, day=last.day.isoformat(), covered=covered, since=since)


@commands.command()
def show(
    config: ConfigOption = DEFAULT_CONFIG,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this office day on.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to this office day.")
    ] = None,
    person: Annotated[
        str, typer.Option("--staff", metavar="ID", help="What this person did and saw.")
    ] = "",
    subject: Annotated[
        str,
        typer.Option(
            metavar="WHAT", help="A number of a dossier or a note, or such as `staff:CY015`."
        ),
    ] = "",
    action: Annotated[str, typer.Option(help="Such as `visit_note.read`.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
) -> None:
    """List entries of the audit trail, newest first; that somebody asked is in it as well."""
    settings = settings_of(config)
    texts, zone = texts_of(settings), policies_of(settings.company).zone
    asked = Wanted(
        staff_id=person,
        action=action,
        since=hours.instant(since.date(), Clock(0), zone) if since else None,
        until=hours.instant(until.date(), MIDNIGHT, zone) if until else None,
    )
    with opened(settings) as store:
        lines = store.run(lambda unit: _entries(unit, asked, subject, limit, texts))
    for line in lines:
        say(line)
    say(texts.t(COUNTED, count=len(lines)))


def _entries(unit: Unit, asked: Wanted, subject: str, limit: int, texts: Texts) -> list[str]:
    """Return the entries in words, and put the query into the trail. Rule: S3-LOG.2.4b."""
    if asked.staff_id and staff.get(unit.session, asked.staff_id) is None:
        raise Refused(texts.t(NO_SUCH, what=texts.t(COLLEAGUE), words=asked.staff_id))
    if subject:
        found = Wanted(subject=subject) if ":" in subject else log.wanted(unit, subject)
        if found is None or not found.subject:
            raise Refused(texts.t(NO_SUCH, what=texts.t(SUBJECT), words=subject))
        asked = replace(asked, subject=found.subject)
    lines = [log.line(unit, row, texts) for row in audit.entries(unit.session, asked, limit)]
    named = {"of": asked.subject, "by": asked.staff_id, "action": asked.action}
    facts = {key: one for key, one in named.items() if one}
    query = Entry(unit.now, "", "log.queried", "log:all", "cli", log.RULE, facts)
    audit.append(unit, [query])
    return lines
