"""`python -m bot` is the command `dossierbot`."""

from bot.cli import main

main()
