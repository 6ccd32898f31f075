"""`dossierbot policy`: which regulations there are, what one says, whether ours is sound."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.activation import activate as activated
from bot.commands.options import ConfigOption
from bot.commands.shared import DEFAULT_CONFIG, Refused, say, settings_of
from bot.offline import Store, opened
from bot.policies import (
    FILE_ENDING,
    Listed,
    as_listed,
    edited,
    in_force,
    listed,
    said,
    today_of,
    unconfirmed,
    unheld,
)
from bot.settings import Settings
from rules.policy import (
    Policy,
    available_overlays,
    available_packs,
    load_pack,
    parse_policy,
)
from rules.written import BASE, text_of, toml
from storage.policy_versions import Activated, every
from storage.unit import Unit

commands = typer.Typer(no_args_is_help=True, help="The regulations as policy packs.")


@commands.command("list")
def list_packs(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """List the packs, the overlays that can lie over them, and which are in force here."""
    ours = _in_force(settings_of(config)) if config.exists() else {}
    for name in available_packs():
        policy = load_pack(name)
        say(f"{name:<20} {policy.name_zh} · {policy.name_en} ({', '.join(policy.sources)})")
        say_all(ours.pop(name, []))
    for name in available_overlays():
        sources = toml(text_of(name), f"{name}{FILE_ENDING}")["sources"]
        say(f"{name:<20} overlay ({', '.join(sources)})")
    for name, lines in ours.items():
        say(f"{name:<20} file of the company")
        say_all(lines)


@commands.command()
def show(
    name: Annotated[str, typer.Argument(help="A pack or an overlay, as `policy list` names it.")],
) -> None:
    """Show what a pack says, with the rule behind every value, and the base it lies over."""
    names = (*available_packs(), *available_overlays())
    if name not in names:
        raise Refused(f"There is no policy pack {name!r}; there are {', '.join(names)}.")
    say(text_of(name).rstrip())
    if name in available_packs():
        say(f"\n# ---- {BASE}{FILE_ENDING}: holds where {name} says nothing else ----\n")
        say(text_of(BASE).rstrip())
        _say_papers(load_pack(name))


@commands.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(help="A policy file to look at in place of the company's.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Check the company's packs, or a file: what is wrong, and roles that nobody holds."""
    if file is not None and not config.exists():
        policy = _parsed(file)
        say(f"{file}: sound, {policy.pack}; without {config} nobody knows who holds its roles.")
        say_all(unconfirmed(policy))
        return
    settings = settings_of(config)
    with opened(settings) as store:
        if file is not None:
            policy = _parsed(file)
            say(f"{file}: sound, {policy.pack}.")
            uses = store.read(lambda session: unheld(policy, session))
            say_all([*unconfirmed(policy), *(said(file.name, use) for use in uses)])
            return
        store.read(lambda session: in_force(settings.company, session))
        changed = store.read(lambda session: edited(settings.company, session))
        approved = {version.pack for version in store.read(every)}
        for one in listed(settings.company):
            say(f"{one.policy.pack}: sound, {len(one.policy.overlays)} overlays.")
            if one in changed:
                say(f"  {_not_in_force(one)}")
            if one.policy.pack not in approved:
                say_all(unconfirmed(one.policy))
            _say_unheld(store, one)


@commands.command()
def activate(
    name: Annotated[str, typer.Argument(help="A pack that config.toml lists, or its file.")],
    approved_by: Annotated[
        str, typer.Option("--approved-by", metavar="STAFF_ID", help="Who approved it.")
    ],
    approved_on: Annotated[
        datetime | None,
        typer.Option("--approved-on", formats=["%Y-%m-%d"], help="When; today if left out."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Record that what a pack says now is approved, and from its effective date in force."""
    settings = settings_of(config)
    one = as_listed(settings.company, name)
    if one is None:
        ours = ", ".join(each.policy.pack for each in listed(settings.company))
        raise Refused(f"{config} lists no pack {name!r}; it lists {ours}.")
    day = approved_on.date() if approved_on else None

    def record(unit: Unit) -> Activated:
        return activated(unit, settings.company, one, approved_by=approved_by, approved_on=day)

    with opened(settings) as store:
        kept = store.run(record)
        _say_unheld(store, one)
    say(
        f"{kept.pack}: version {kept.version}, approved by {kept.approved_by} on "
        f"{kept.approved_on}, applies from {kept.effective_from}."
    )
    say("Cases that began before keep their dates. A running bot takes it up when started again.")


def say_all(lines: Iterable[str]) -> None:
    for line in lines:
        say(f"  {line}")


def _parsed(file: Path) -> Policy:
    try:
        return parse_policy(file.read_text(encoding="utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Refused(f"{file} cannot be read: {why}.") from error


def _say_papers(policy: Policy) -> None:
    if policy.handover:
        say(f"\n# ---- the papers of what {policy.pack} has handed over ----")
    for one in policy.handover:
        say(f"\n# {one.id}: {one.zh} · {one.en}")
        say_all(f"{item.id:<24} {item.zh} ({item.rule})" for item in one.papers.item)


def _say_unheld(store: Store, one: Listed) -> None:
    uses = store.read(lambda session: unheld(one.policy, session))
    say_all([f"{said(one.written.file, use)}; until then it goes up" for use in uses])


def _not_in_force(one: Listed) -> str:
    return (
        f"{one.written.file} says something else than what was activated; the program goes on "
        f"with that. `dossierbot policy activate {one.policy.pack} --approved-by STAFF_ID` "
        "records the approval."
    )


def _in_force(settings: Settings) -> dict[str, list[str]]:
    """Return by pack what is to be said of those that the company lists."""
    company = settings.company
    with opened(settings) as store:
        policies = store.read(lambda session: in_force(company, session))
        day = policies.at(store.clock.now()).day
        versions = store.read(lambda session: today_of(policies, session, day))
        changed = store.read(lambda session: edited(company, session))
    lines = {}
    for one, version in zip(listed(company), versions, strict=True):
        lines[one.policy.pack] = [_state(one, version), *_scope(one)]
        if one in changed:
            lines[one.policy.pack].append(_not_in_force(one))
    return lines


def _state(one: Listed, version: Activated | None) -> str:
    over = f", overlays {', '.join(one.policy.overlays)}" if one.policy.overlays else ""
    if version is None:
        return f"in force as it ships, no approval recorded{over}"
    return (
        f"in force: version {version.version} from {version.effective_from}, approved by "
        f"{version.approved_by} on {version.approved_on}{over}"
    )


def _scope(one: Listed) -> list[str]:
    parts = [
        f"{what}: {', '.join(names)}"
        for what, names in (
            ("departments", one.entry.departments),
            ("dossier types", one.entry.dossier_types),
        )
        if names
    ]
    return ["; ".join(parts)] if parts else []
