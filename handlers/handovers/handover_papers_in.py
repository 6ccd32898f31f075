"""Papers that came in by a handover become papers of the dossier, so that they can be lent.

Each line once: what was supplied later joins the others under the same place. The trap is the
paper of that name that lies there already, of another visit: it is told apart by its day.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from handlers.approvals import deciding
from handlers.context import Context
from handlers.handovers import handover_contents, handover_ends, handover_given
from handlers.handovers.handover_given import Line
from handlers.texts import LOCALES
from rules.checklists import Form
from rules.occasions import Material
from rules.secrecy import Grade
from rules.volumes import Volume
from storage import documents, dossiers, handover_items
from storage.documents import COPY, MAX_TITLE, ORIGINAL, DocumentRow
from storage.dossiers import Dossier
from storage.handovers import Handover

OF_DAY = "{title}（{day:%Y-%m-%d}）"


def file(ctx: Context, held: Handover, volumes: Iterable[Volume] = (), apart: str = "") -> int:
    """Put on record what has come in and was not yet; return how many papers.

    Each is as secret as the volume that it is bound into; `apart`: where the top-secret one lies.

    Rule: S1-09.4.1, S2-DOSS.6, S2-DOSS.13, S4-LOAN.4.8, S4-LOAN.5.2b, C-60.
    """
    dossier = dossiers.get(ctx.unit, held.dossier_id) if held.dossier_id is not None else None
    if dossier is None:
        return 0
    there = {one.id for one in handover_ends.papers(ctx, held) if one.document_id is None}
    filed, lines = 0, handover_given.lines(ctx, held)
    grades = {line: one.grade for one in volumes for line in one.lines}
    contracts = handover_contents.contract_numbers(dossier.number or "", lines)
    for line in lines:
        if line.item.id in there:
            row = _row(ctx, held, dossier, line, contracts.get(line.item.id, ""))
            grade = grades.get(line.item.position, Grade.NONE)
            if grade is Grade.TOP_SECRET:
                row = replace(row, grade=grade.value, location=apart or row.location)
            id_ = documents.add(ctx.unit, dossier.id, row)
            handover_items.put(ctx.unit, line.item.id, document_id=id_)
            _pair(ctx, dossier.id, id_, row)
            filed += 1
    return filed


def _pair(ctx: Context, dossier_id: int, id_: int, row: DocumentRow) -> None:
    """Say of a paper that lies there in both forms which is the original of the copy.

    Rule: S2-DOSS.12, S3-ENG.3.3b.
    """
    other = ORIGINAL if row.form == COPY else COPY
    index = documents.index_of(ctx.unit.vault, row.title)
    twin = documents.filed(ctx.session, (dossier_id,), (index,)).get((dossier_id, index, other))
    if twin is not None:
        copy, original = (id_, twin) if row.form == COPY else (twin, id_)
        documents.pair(ctx.unit, copy, original)


def _row(ctx: Context, held: Handover, dossier: Dossier, line: Line, contract: str) -> DocumentRow:
    item, paper = line.item, line.there
    deed = paper is not None and paper.certificate
    form = _form(item.form or (paper.form.value if paper is not None else ""))
    return DocumentRow(
        title=_title(ctx, held, dossier, line, form, contract),
        form=form,
        pages=item.pages,
        copies=max(item.copies, 1),
        location=held.location if held.location != dossier.location else "",
        material=(Material.DEED if deed else deciding.material(dossier)).value,
    )


def _form(form: str) -> str:
    """Return whether it is a copy; a photo is the only one of itself."""
    return COPY if form == Form.COPY else ORIGINAL


def _title(
    ctx: Context, held: Handover, dossier: Dossier, line: Line, form: str, contract: str
) -> str:
    title = line.title(ctx.languages[LOCALES[0]])
    if line.there is not None:  # whose deed it is, and its number
        title = " ".join(filter(None, (title, line.item.title, line.item.certificate)))
    title = f"{title[: MAX_TITLE - len(contract) - 1]} {contract}" if contract else title
    index = documents.index_of(ctx.unit.vault, title[:MAX_TITLE])
    if documents.filed(ctx.session, (dossier.id,), (index,)).get((dossier.id, index, form)):
        title = OF_DAY.format(title=title, day=held.started_on)
    return title[:MAX_TITLE]
