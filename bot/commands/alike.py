"""`dossierbot dossiers duplicates`, `distinct`, `merge`, `merged`: one customer, two dossiers.

The program only says who is alike; that two are one, or are not, a person decides.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from bot import dispatch
from bot.commands.options import ConfigOption
from bot.commands.shared import DEFAULT_CONFIG, Refused, say, settings_of
from bot.commands.sheets import texts_of, unharmed
from bot.commands.trail import entry
from bot.offline import opened
from bot.policies import policies_of
from handlers import FEATURES
from handlers.texts import N_, Texts
from handlers.world import Registry, World
from rules.calendar import china
from rules.roles import OPERATOR
from rules.secrecy import Grade
from storage import audit, dossiers, duplicates, merging, staff
from storage.dossiers import Dossier
from storage.duplicates import Group
from storage.unit import Unit

WHY = {
    "name": N_("same name"),
    "phone": N_("same phone, another name"),
    "key": N_("same key, another name"),
}
NONE = N_("No dossiers are alike.")
KEPT_BY = N_("kept by {keeper}")
MORE = N_("There are more: `dossierbot dossiers duplicates --page {page}`.")
HOW_ON = N_(
    "One customer: `dossierbot dossiers merge KEEP GONE`. Two customers: `dossierbot dossiers "
    "distinct NUMBER NUMBER`."
)
WRITTEN = N_("{count} groups are in {file}.")
CANNOT_WRITE = N_("{file} cannot be written: {why}.")
COLUMNS = (N_("group"), N_("why"), N_("number"), N_("name"), N_("keeper"))
UNKNOWN = N_("There is no dossier {number}; nothing was changed.")
ITSELF = N_("{keep} and {gone} are one dossier already; nothing was changed.")
OTHER_TYPE = N_("{keep} and {gone} are of different types ({types}); nothing was changed.")
OTHER_KEY = N_(
    "{keep} and {gone} have different keys ({keys}), so they are two; nothing was changed."
)
DISTINCT = N_("{one} and {other} are different customers; they are not listed together again.")
FILLED = N_("{field}: {value} (was empty in {keep})")
DIFFERING = N_("{field}: {mine} stays; {theirs} of {gone} is kept with its old number")
STRICTER = N_("{field}: {theirs} of {gone} is the stricter one and holds from now on")
WOULD_MERGE = N_("Only tried: {gone} ({gone_name}) would go into {keep} ({keep_name}).")
MERGED = N_(
    "{gone} ({gone_name}) is now part of {keep} ({keep_name}): {notes} notes and {visits} visits "
    "moved. {gone} leads to {keep} from now on; `dossierbot dossiers merged {keep}` shows what it "
    "held."
)
NOTHING_MERGED = N_("Nothing was merged into {number}.")

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The number of a dossier.")]


def list_duplicates(
    config: ConfigOption = DEFAULT_CONFIG,
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    size: Annotated[int, typer.Option(min=1, max=1000, help="Groups on a page.")] = 50,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all of them to a .csv file.")
    ] = None,
) -> None:
    """List dossiers that may be one customer: same name, same phone or same key."""
    settings = settings_of(config)
    texts = texts_of(settings)
    with opened(settings) as store:
        if out is not None:
            count = store.read(lambda session: write(duplicates.groups(session), out, texts))
            say(texts.t(WRITTEN, count=count, file=str(out)))
            return
        first = (page - 1) * size
        found = store.read(
            lambda session: list(islice(duplicates.groups(session), first, first + size + 1))
        )
    for group in found[:size]:
        say(texts.t(WHY[group.why]))
        for one in group.members:
            say(f"  {one.number}  {one.name}  {texts.t(KEPT_BY, keeper=one.keeper)}")
    if not found:
        say(texts.t(NONE))
        return
    if len(found) > size:
        say(texts.t(MORE, page=page + 1))
    say(texts.t(HOW_ON))


def write(groups: Iterable[Group], out: Path, texts: Texts) -> int:
    """Write the groups, a line for each dossier, and return how many groups there were.

    Raises:
        Refused: the file cannot be written.
    """
    count = 0
    try:
        with out.open("w", encoding="utf-8-sig", newline="") as file:
            lines = csv.writer(file)
            lines.writerow([texts.t(one) for one in COLUMNS])
            for count, group in enumerate(groups, 1):
                why = texts.t(WHY[group.why])
                for one in group.members:
                    cells = (one.number, one.name, one.keeper)
                    lines.writerow([count, why, *map(unharmed, cells)])
    except OSError as error:
        why = error.strerror or str(error)
        raise Refused(texts.t(CANNOT_WRITE, file=str(out), why=why)) from error
    return count


def distinct(one: Number, other: Number, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Mark two dossiers as different customers, so that they are not listed again."""
    settings = settings_of(config)
    texts = texts_of(settings)

    def mark(unit: Unit) -> None:
        first, second = _dossier(unit, one, texts), _dossier(unit, other, texts)
        if first.id == second.id:
            raise Refused(texts.t(ITSELF, keep=one, gone=other))
        if duplicates.mark_distinct(unit, first.id, second.id, OPERATOR):
            done = entry(unit, "dossier.distinct", f"dossier:{first.id}", other=second.id)
            audit.append(unit, [done])

    with opened(settings) as store:
        store.run(mark)
    say(texts.t(DISTINCT, one=one, other=other))


def merge(
    keep: Annotated[str, typer.Argument(metavar="KEEP", help="The number that stays.")],
    gone: Annotated[str, typer.Argument(metavar="GONE", help="The number that leads to it.")],
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would become of them.")
    ] = False,
) -> None:
    """Make one dossier of two: notes and visits move, empty fields are filled, nothing is lost."""
    settings = settings_of(config)
    texts = texts_of(settings)
    world = World(policies_of(settings.company), china(), Registry(FEATURES))

    def work(unit: Unit) -> tuple[merging.Plan, merging.Moved]:
        plan = merging.plan(_dossier(unit, keep, texts), _dossier(unit, gone, texts))
        _refuse(plan, keep, gone, texts)
        moved = merging.merge(unit, plan, OPERATOR)
        _follow(unit, world, plan)
        done = entry(unit, "dossier.merged", f"dossier:{plan.keep.id}", gone=plan.gone.id)
        audit.append(unit, [done])
        return plan, moved

    with opened(settings) as store:
        plan, moved = store.run(work, keep=not dry_run)
    for line in _told(plan, keep, gone, texts):
        say(line)
    names = {"keep_name": plan.keep.name, "gone_name": plan.gone.name}
    if dry_run:
        say(texts.t(WOULD_MERGE, keep=keep, gone=gone, **names))
    else:
        counts = {"notes": moved.notes, "visits": moved.visits}
        say(texts.t(MERGED, keep=keep, gone=gone, **names, **counts))


def _follow(unit: Unit, world: World, agreed: merging.Plan) -> None:
    """Do what follows where one of the two has a higher grade now: loans are called back.

    Rule: C-56.
    """
    dossier = dossiers.get(unit, agreed.keep.id)
    keeper = staff.get(unit.session, dossier.keeper) if dossier is not None else None
    before = min(Grade(one.grade) for one in (agreed.keep, agreed.gone))
    if dossier is None or keeper is None or Grade(dossier.grade) == before:
        return
    ctx = world.context(unit, keeper, "", "", unit.now)
    for follow in world.registry.regraded:
        follow(ctx, dossier, before)
    dispatch.close(ctx, world)


def merged(number: Number, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show what the dossiers held that were merged into this one."""
    settings = settings_of(config)
    texts = texts_of(settings)
    with opened(settings) as store:
        found = store.run(
            lambda unit: merging.preserved(unit, _dossier(unit, number, texts).id), keep=False
        )
    if not found:
        say(texts.t(NOTHING_MERGED, number=number))
    for old, content in found:
        say(old)
        more = content.pop("fields")
        for name, value in (*content.items(), *more.items()):
            if value not in (None, ""):
                say(f"  {name}: {value}")


def _dossier(unit: Unit, number: str, texts: Texts) -> Dossier:
    found = dossiers.by_number(unit.session, number)
    dossier = None if found is None else dossiers.get(unit, found)
    if dossier is None:
        raise Refused(texts.t(UNKNOWN, number=number))
    return dossier


def _refuse(plan: merging.Plan, keep: str, gone: str, texts: Texts) -> None:
    both = (plan.keep, plan.gone)
    if "same" in plan.obstacles:
        raise Refused(texts.t(ITSELF, keep=keep, gone=gone))
    if "type" in plan.obstacles:
        types = ", ".join(one.type for one in both)
        raise Refused(texts.t(OTHER_TYPE, keep=keep, gone=gone, types=types))
    if "key" in plan.obstacles:
        keys = ", ".join(one.key for one in both)
        raise Refused(texts.t(OTHER_KEY, keep=keep, gone=gone, keys=keys))


def _told(plan: merging.Plan, keep: str, gone: str, texts: Texts) -> Iterable[str]:
    for field, value in plan.filled.items():
        yield texts.t(FILLED, field=field, value=value, keep=keep)
    for field, (mine, theirs) in plan.differing.items():
        taken = field in ("grade", "level") and getattr(plan.row, field) == theirs
        message = STRICTER if taken else DIFFERING
        yield texts.t(message, field=field, mine=mine, theirs=theirs, gone=gone)
