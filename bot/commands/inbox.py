"""`dossierbot inbox`: messages that could not be handled, and handling them again."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.options import ConfigOption
from bot.commands.shared import DEFAULT_CONFIG, Refused, say, settings_of
from bot.commands.trail import entry
from bot.offline import opened
from storage import audit, inbox
from storage.unit import Unit

commands = typer.Typer(no_args_is_help=True, help="Messages that could not be handled.")


@commands.command("list")
def list_failed(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """List what failed: the reference that person and log were told, channel and time."""
    with opened(settings_of(config)) as store:
        failed = store.run(lambda unit: inbox.failed(unit.session), keep=False)
    for one in failed:
        say(f"{one.reference}  {one.channel:<10} {one.at:%Y-%m-%d %H:%M} UTC  {one.key}")
    if not failed:
        say("No message failed.")


@commands.command()
def retry(
    reference: Annotated[
        str | None, typer.Argument(help="As `inbox list` shows it; without it, all of them.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Have failed messages handled again by the running bot, or at its next start."""
    with opened(settings_of(config)) as store:
        count = store.run(lambda unit: _requeue(unit, reference))
    say(f"{count} to be handled again.")


def _requeue(unit: Unit, reference: str | None) -> int:
    known = [one.reference for one in inbox.failed(unit.session)]
    if reference is not None and reference not in known:
        raise Refused(f"No failed message has the reference {reference}; see `inbox list`.")
    again = [one for one in known if reference in (None, one) and inbox.requeue(unit, one)]
    audit.append(unit, [entry(unit, "inbox.requeued", f"inbox:{one}") for one in again])
    return len(again)
