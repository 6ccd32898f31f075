"""Papers from a spreadsheet (CONTRACT 6): read in slices, checked, and put on record.

A paper is the same one when dossier, title and form are: on record already it is left as it was,
so that a list can be imported again and one that was cut off is completed. The trap is the twin:
it may stand further down, so who belongs to whom is settled when all papers are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from handlers.conversation.messages import Problem
from handlers.sheets.long_sheet import Told, sliced
from handlers.sheets.sheet import GRADES, Header, Line, Refused, Row
from handlers.texts import N_
from rules.secrecy import Grade
from storage import documents
from storage.crypto import Vault
from storage.documents import COPY, MAX_TITLE, ORIGINAL, DocumentRow, folded
from storage.references import meant
from storage.session import Session
from storage.unit import Unit

DOCUMENT_COLUMNS = {
    "dossier": ("档案编号", "客户名称", "客户"),
    "title": ("资料名称", "名称"),
    "form": ("形式",),
    "pages": ("页数",),
    "copies": ("份数",),
    "location": ("存放位置",),
    "grade": ("密级",),
    "twin": ("对应资料",),
}
"""The columns, each with the other words that may head it."""

DOCUMENT_REQUIRED = ("dossier", "title", "form")

FORMS = {ORIGINAL: ("原件",), COPY: ("复印件", "影印件")}
"""Words for each form."""

UNKNOWN_DOSSIER = N_("No dossier has this number or customer name; import the dossiers first.")
SEVERAL_DOSSIERS = N_("Several customers have this name; write the number of the dossier.")
APART = N_("A top secret paper is filed apart from the others: say where it lies ({rule}).")
APART_RULE = "S2-DOSS.13"
SAME_PAPER = N_("This paper is in line {line} already: same dossier, title and form.")
NO_TWIN = N_(
    "Neither this file nor the dossier has such a counterpart: the title, or the line, of its "
    "original or its copy within the same dossier."
)

Key = tuple[int, str, str]
"""What a paper is known by in a file: dossier, title as it is compared, form."""

Meant = Callable[[list[str]], Mapping[str, tuple[int, ...]]]
"""Finds the dossiers that words can mean: `storage.references.meant`."""

_PART = 1000
"""Rows whose dossiers are looked up together."""


class Paper(msgspec.Struct, frozen=True):
    """One good row."""

    line: int
    dossier_id: int
    row: DocumentRow
    twin: str
    """What the row names as its counterpart; empty: nothing."""

    @property
    def key(self) -> Key:
        return self.dossier_id, folded(self.row.title), self.row.form


class Pair(msgspec.Struct, frozen=True):
    """A copy and the original it was made from."""

    copy: Key
    original: Key


class DocumentList:
    """A spreadsheet of papers; `survey` comes first."""

    def __init__(self, lines: Callable[[], Iterator[Line]]) -> None:
        self._lines = lines
        self._header = Header(())
        self._dossiers: dict[str, tuple[int, ...]] = {}
        self._first: dict[Key, int] = {}
        self._at: dict[int, Key] = {}
        self.told = Told()
        self.pairs: dict[Key, Pair] = {}
        """By the copy; what its own row says of it counts before what that of an original says."""

    def survey(self, meant: Meant, seen: Callable[[int], None] = lambda _count: None) -> int:
        """Read the file once for its header and its papers, and return how many rows it has.

        `seen` hears of every thousandth row. With a wrong header there are none.
        """
        header, faults = Header.read(self._lines(), DOCUMENT_COLUMNS, DOCUMENT_REQUIRED)
        self.told.refused += faults
        if faults:
            return 0
        self._header = header
        count = 0
        for size, rows in sliced(self._lines, header, _PART, []):
            words = {row.value("dossier") for row in rows} - self._dossiers.keys() - {""}
            self._dossiers.update(meant(sorted(words)) if words else {})
            for paper in filter(None, map(self._checked, rows)):
                self._first.setdefault(paper.key, paper.line)
                self._at[paper.line] = paper.key
            count += size
            seen(count)
        return count

    def slices(self, size: int) -> Iterator[tuple[int, list[Paper]]]:
        """Yield so many rows at a time: how many, and those with nothing wrong in themselves."""
        for count, rows in sliced(self._lines, self._header, size, self.told.refused):
            yield count, [paper for row in rows if (paper := self._checked(row))]

    def new(self, papers: Sequence[Paper], filed: frozenset[Key]) -> list[Paper]:
        """Return those who are not on record and in no line above; of others it is told why.

        `filed`: which papers, and which of the counterparts they name, are on record.
        """
        return [one for one in papers if self._is_new(one, filed)]

    def _checked(self, row: Row) -> Paper | None:
        document = _document_row(row)
        word = row.value("dossier")
        ids = self._dossiers.get(word, ())
        if word and not ids:
            row.refuse("dossier", UNKNOWN_DOSSIER)
        elif len(ids) > 1:
            row.refuse("dossier", SEVERAL_DOSSIERS)
        twin = row.text("twin", most=MAX_TITLE)
        return Paper(row.line, ids[0], document, twin) if row.good else None

    def _is_new(self, one: Paper, filed: frozenset[Key]) -> bool:
        first = self._first[one.key]
        if first != one.line:
            return self._refuse(one, "title", one.row.title, SAME_PAPER, line=str(first))
        twin = self._twin(one, filed)
        if one.twin and twin is None:
            return self._refuse(one, "twin", one.twin, NO_TWIN)
        if twin is not None and one.row.form == COPY:
            self.pairs[one.key] = Pair(one.key, twin)
        elif twin is not None:
            self.pairs.setdefault(twin, Pair(twin, one.key))
        if one.key in filed:
            self.told.on_file += 1
            return False
        self.told.taken += 1
        return True

    def _twin(self, one: Paper, filed: frozenset[Key]) -> Key | None:
        """Return the counterpart: by its title, or else by its line."""
        titled = counterpart(one)
        if titled in self._first or titled in filed:
            return titled
        numbered = self._at.get(int(one.twin)) if one.twin.isdecimal() else None
        fits = numbered is not None and (numbered[0], numbered[2]) == (titled[0], titled[2])
        return numbered if fits else None

    def _refuse(self, one: Paper, column: str, value: str, message: str, **facts: str) -> bool:
        self.told.refused.append(Refused(one.line, column, value, Problem(message, facts)))
        return False


def counterpart(one: Paper) -> Key:
    """Return the key of the paper of the other form that the row's `twin` names by title."""
    other = ORIGINAL if one.row.form == COPY else COPY
    return one.dossier_id, folded(one.twin), other


def known(session: Session, papers: Sequence[Paper], vault: Vault) -> frozenset[Key]:
    """Return which of these papers, and of the counterparts they name, are on record."""
    keys = {one.key for one in papers} | {counterpart(one) for one in papers if one.twin}
    return frozenset(_filed(session, keys, vault))


def apply_pairs(unit: Unit, pairs: Iterable[Pair]) -> None:
    """Say of each copy which original it was made from, as far as both are on record."""
    wanted = list(pairs)
    keys = {key for pair in wanted for key in (pair.copy, pair.original)}
    ids = _filed(unit.session, keys, unit.vault)
    for pair in wanted:
        if pair.copy in ids and pair.original in ids:
            documents.pair(unit, ids[pair.copy], ids[pair.original])


def take(unit: Unit, lines: Sequence[Line]) -> Told:
    """Put the papers of a short spreadsheet on record, all at once."""
    listed = DocumentList(lambda: iter(lines))
    rows = listed.survey(partial(meant, unit.session))
    for _, good in listed.slices(rows) if rows else ():
        for one in listed.new(good, known(unit.session, good, unit.vault)):
            documents.add(unit, one.dossier_id, one.row)
    apply_pairs(unit, listed.pairs.values())
    return listed.told


def _filed(session: Session, keys: Iterable[Key], vault: Vault) -> dict[Key, int]:
    by_index = {
        (dossier_id, vault.index(title), form): (dossier_id, title, form)
        for dossier_id, title, form in keys
    }
    found = documents.filed(session, {one[0] for one in by_index}, {one[1] for one in by_index})
    return {by_index[key]: id_ for key, id_ in found.items() if key in by_index}


def _document_row(row: Row) -> DocumentRow:
    """Return a row as a paper; a top secret one has a place of its own. Rule: S2-DOSS.13."""
    row.text("dossier", required=True, most=MAX_TITLE)
    form = row.choice("form", FORMS, "")
    if not row.value("form"):
        row.text("form", required=True)
    grade = row.choice("grade", GRADES, Grade.NONE.value)
    location = row.text("location")
    if grade == Grade.TOP_SECRET.value and not location:
        row.refuse("location", APART, rule=APART_RULE)
    return DocumentRow(
        title=row.text("title", required=True, most=MAX_TITLE),
        form=form,
        pages=row.number("pages", default=0),
        copies=row.number("copies", default=1, least=1),
        location=location,
        grade=grade,
    )
