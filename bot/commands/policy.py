"""`dossierbot policy`: which regulations there are, what one says, whether ours is sound."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, Refused, say, settings_of
from bot.offline import opened
from bot.policies import policy_of, text_of, unheld_roles
from rules.policy import available_overlays, available_packs, load_pack
from rules.roles import ROLES

commands = typer.Typer(no_args_is_help=True, help="The regulations as policy packs.")


@commands.command("list")
def list_packs() -> None:
    """List the packs and the overlays that can lie over them."""
    for name in available_packs():
        policy = load_pack(name)
        say(f"{name:<20} {policy.name_zh} · {policy.name_en} ({', '.join(policy.sources)})")
    for name in available_overlays():
        say(f"{name:<20} overlay")


@commands.command()
def show(
    name: Annotated[str, typer.Argument(help="A pack or an overlay, as `policy list` names it.")],
) -> None:
    """Show what a pack says, with the rule behind every value."""
    names = (*available_packs(), *available_overlays())
    if name not in names:
        raise Refused(f"There is no policy pack {name!r}; there are {', '.join(names)}.")
    say(text_of(name).rstrip())


@commands.command()
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Check the company's packs against its staff: roles that nobody holds are named."""
    settings = settings_of(config)
    policy = policy_of(settings.company)
    with opened(settings) as store:
        open_roles = store.run(lambda unit: unheld_roles(policy, unit.session), keep=False)
    say(f"{policy.pack}: sound, {len(policy.overlays)} overlays.")
    for code in open_roles:
        say(
            f"Nobody holds the role {code} ({ROLES[code].zh}); "
            "what concerns it goes up to the next superior."
        )
