"""`dossierbot dossiers`: the customers from a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import typer
from sqlalchemy.exc import IntegrityError

from bot.commands import alike
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
from bot.policies import in_force
from handlers.sheets import customer_sheet
from handlers.sheets.customer_sheet import DOSSIER_COLUMNS, Customer, CustomerList
from handlers.texts import N_, Texts
from rules.policies import InForce
from rules.roles import OPERATOR
from storage import audit, dossiers, staff
from storage.unit import Unit

SLICE = 100
"""Rows of one unit of work; a running bot waits no longer than that."""

SUMMARY = N_("Customers: {taken} taken, {on_file} on file already; rows refused: {refused}.")
ALIKE = N_("Alike are {count} of them; `dossierbot dossiers duplicates` lists who is.")
MEANWHILE = N_(
    "A number of this file was given out meanwhile. What was written is kept; import the same "
    "file again for the rest."
)

commands = typer.Typer(no_args_is_help=True, help="The dossiers of the customers.")


commands.command("duplicates")(alike.list_duplicates)
commands.command("distinct")(alike.distinct)
commands.command("merge")(alike.merge)
commands.command("merged")(alike.merged)


@commands.command("import")
def import_dossiers(
    file: SheetArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
) -> None:
    """Take new customers from a spreadsheet; who is on file already is left as they are.

    When it was cut off, run it again: it goes on with those that are missing.
    """
    settings = settings_of(config)
    texts = texts_of(settings)
    with opened_sheet(file, DOSSIER_COLUMNS, texts) as sheet, opened(settings) as store:
        policies = store.read(partial(in_force, settings.company)).at(store.clock.now())
        customers = CustomerList(sheet.lines, store.read(staff.everybody), policies)
        Import(store, customers, policies, texts).run(dry_run=dry_run)
    told = customers.told
    summary = texts.t(SUMMARY, taken=told.taken, on_file=told.on_file, refused=rows(told.refused))
    if told.remarks:
        summary += "\n" + texts.t(ALIKE, count=rows(told.remarks))
    report(file, texts, summary, told.refused, remarks=told.remarks, dry_run=dry_run)


class Import:
    """Reads, checks and writes slice by slice; nothing but the writing keeps the bot waiting."""

    def __init__(
        self, store: Store, customers: CustomerList, policies: InForce, texts: Texts
    ) -> None:
        self._store = store
        self._customers = customers
        self._policies = policies
        self._texts = texts

    def run(self, *, dry_run: bool) -> None:
        """Take the whole list, with bars on the terminal; with `dry_run` only look at it."""
        slices = partial(self._slices, dry_run)
        with_bars(self._texts, self._customers.survey, slices, dry_run=dry_run)

    def _slices(self, dry_run: bool) -> Iterator[int]:
        store, customers = self._store, self._customers
        if not dry_run:
            numbers = customers.numbers
            store.run(lambda unit: customer_sheet.pass_over(unit, self._policies, numbers))
        fresh_ids = store.fresh_ids()
        with store.writer() as write:
            for count, good in customers.slices(SLICE, store.vault.index):
                filed = store.read(partial(customer_sheet.known, customers=good))
                new = customers.new(good, filed)
                if new and not dry_run:
                    prepared = self._prepared(new, fresh_ids)
                    work = partial(self._write, new, prepared)
                    try:
                        customers.told.written(len(new), write(work))
                    except IntegrityError as error:
                        raise Refused(self._texts.t(MEANWHILE)) from error
                yield count

    def _write(
        self, new: Sequence[Customer], prepared: Sequence[dossiers.Prepared], unit: Unit
    ) -> int:
        written = customer_sheet.write_new(new, prepared, self._policies, unit)
        if written:
            first = prepared[0].values["id"]
            done = entry(unit, "dossier.imported", f"import:{first}", count=written)
            audit.append(unit, [done])
        return written

    def _prepared(
        self, customers: Sequence[Customer], fresh_ids: Iterator[int]
    ) -> list[dossiers.Prepared]:
        at, vault = self._store.clock.now(), self._store.vault
        return [
            dossiers.prepare(vault, next(fresh_ids), one.row, by=OPERATOR, at=at)
            for one in customers
        ]
