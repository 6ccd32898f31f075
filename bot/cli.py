"""The command `dossierbot`: every refusal is one sentence and exit code 1, never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands import audit, documents, dossiers, inbox, policy, staff
from bot.commands import check as checking
from bot.commands import init as beginning
from bot.commands.options import ConfigOption
from bot.commands.refusals import refusing
from bot.commands.shared import DEFAULT_CONFIG
from bot.loading import loading

app = typer.Typer(
    name="dossierbot",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The customer-dossier regulation of a company, at work in its chats.",
)
app.add_typer(staff.commands, name="staff")
app.add_typer(dossiers.commands, name="dossiers")
app.add_typer(documents.commands, name="documents")
app.add_typer(policy.commands, name="policy")
app.add_typer(inbox.commands, name="inbox")
app.add_typer(audit.commands, name="audit")


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the page is served.")] = 8080,
    data: Annotated[
        Path | None,
        typer.Option(help="Keep the sample company here; without it, it is gone at the end."),
    ] = None,
    pack: Annotated[
        str, typer.Option("--policy", help="The policy pack of the sample company.")
    ] = "customer-service",
) -> None:
    """Open a sample company on a page of phones; no accounts needed."""
    with loading():  # the whole program: half a second that others need not wait
        from bot.commands import running

    raise typer.Exit(running.demo(port, data, pack))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to begin.")] = Path(),
    name: Annotated[str, typer.Option(help="The name of the company.")] = "我的公司",
    database: Annotated[
        str,
        typer.Option(metavar="URL", help="postgresql://user@host:5432/name in place of a file."),
    ] = "",
) -> None:
    """Write config.toml, key file and database, and print the operator's invite."""
    beginning.init(folder, name, database)


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Verify settings, database, key and policy, and say what to mend."""
    raise typer.Exit(checking.check(config))


@app.command()
def run(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Run the bot until SIGTERM."""
    with loading():  # as above
        from bot.commands import running

    raise typer.Exit(running.run(config))


def main() -> None:
    """Run the command line and end the process."""
    with refusing():
        app()
