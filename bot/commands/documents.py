"""`dossierbot documents`: the papers of the dossiers from a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

import typer
from sqlalchemy.exc import IntegrityError

from bot.commands.bars import with_bars
from bot.commands.options import ConfigOption
from bot.commands.shared import DEFAULT_CONFIG, Refused, settings_of
from bot.commands.sheets import (
    DryRunOption,
    SheetArgument,
    opened_sheet,
    report,
    rows,
    texts_of,
)
from bot.commands.trail import entry
from bot.offline import Store, opened
from handlers.sheets import document_sheet
from handlers.sheets.document_sheet import DOCUMENT_COLUMNS, DocumentList, Paper
from handlers.texts import N_, Texts
from storage import audit, documents
from storage.references import meant
from storage.unit import Unit

SLICE = 100
"""Rows of one unit of work; a running bot waits no longer than that."""

SUMMARY = N_("Papers: {taken} taken, {on_file} on record already; rows refused: {refused}.")
MEANWHILE = N_(
    "A dossier of this file was merged with another one meanwhile. What was written is kept; "
    "import the same file again for the rest."
)

commands = typer.Typer(no_args_is_help=True, help="The papers of the dossiers.")


@commands.callback()
def _() -> None:
    """Keep `import` a word of its own, though it is the only command."""


@commands.command("import")
def import_documents(
    file: SheetArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
) -> None:
    """Take papers from a spreadsheet; those on record already are left as they are.

    When it was cut off, run it again: it goes on with those that are missing.
    """
    settings = settings_of(config)
    texts = texts_of(settings)
    with opened_sheet(file, DOCUMENT_COLUMNS, texts) as sheet, opened(settings) as store:
        listed = DocumentList(sheet.lines)
        slices = partial(_slices, store, listed, texts, dry_run=dry_run)

        def survey(seen: Callable[[int], None]) -> int:
            return listed.survey(lambda words: store.read(partial(meant, words=words)), seen)

        with_bars(texts, survey, slices, dry_run=dry_run)
    told = listed.told
    summary = texts.t(SUMMARY, taken=told.taken, on_file=told.on_file, refused=rows(told.refused))
    report(file, texts, summary, told.refused, dry_run=dry_run)


def _slices(store: Store, listed: DocumentList, texts: Texts, *, dry_run: bool) -> Iterator[int]:
    fresh_ids = store.fresh_ids()
    with store.writer() as write:
        for count, good in listed.slices(SLICE):
            filed = store.read(partial(document_sheet.known, papers=good, vault=store.vault))
            new = listed.new(good, filed)
            if new and not dry_run:
                prepared = _prepared(store, new, fresh_ids)
                try:
                    listed.told.written(len(new), write(partial(_write, prepared)))
                except IntegrityError as error:
                    raise Refused(texts.t(MEANWHILE)) from error
            yield count
        pairs = iter(() if dry_run else listed.pairs.values())
        while some := list(islice(pairs, SLICE)):
            write(partial(document_sheet.apply_pairs, pairs=some))


def _write(prepared: Sequence[dict[str, Any]], unit: Unit) -> int:
    written = documents.add_new(unit, prepared)
    if written:
        done = entry(unit, "document.imported", f"import:{prepared[0]['id']}", count=written)
        audit.append(unit, [done])
    return written


def _prepared(
    store: Store, papers: Sequence[Paper], fresh_ids: Iterator[int]
) -> list[dict[str, Any]]:
    at, vault = store.clock.now(), store.vault
    return [
        documents.prepare(vault, next(fresh_ids), one.dossier_id, one.row, at) for one in papers
    ]
