"""A table as a PDF to be printed and signed: on A4, the head on every page, pages numbered.

Chinese is set in a typeface that every PDF reader brings along, so that no font has to be here.
The trap is the name with markup in it: words are escaped before they are set.
"""

from __future__ import annotations

from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from handlers.sheets.made import MadeFile
from handlers.sheets.table_file import Cell, Table, file_name

MIME = "application/pdf"
FACE = "STSong-Light"
MARGIN_MM = 12
LONGEST = 600
"""Characters of one cell."""


def printed(table: Table, page: str, *, upright: bool = False, end: str = "") -> MadeFile:
    """Return the table as a PDF; `page` says how a page is numbered, with {page}.

    `upright`: A4 as it is bound, not across; `end`: what stands below the table.
    """
    pdfmetrics.registerFont(UnicodeCIDFont(FACE))
    small = ParagraphStyle("small", fontName=FACE, fontSize=8, leading=11, wordWrap="CJK")
    head = ParagraphStyle("head", parent=small, fontSize=8.5)
    title = ParagraphStyle("title", parent=small, fontSize=16, leading=22)
    size = A4 if upright else landscape(A4)
    margin = MARGIN_MM * mm
    room = size[0] - 2 * margin
    parts = sum(width for _, width in table.columns)
    widths = [room * width / parts for _, width in table.columns]
    rows = [[Paragraph(escape(words), head) for words, _ in table.columns]]
    rows += [[Paragraph(escape(_words(cell)), small) for cell in row] for row in table.rows]
    grid = LongTable(rows, colWidths=widths, repeatRows=1)
    look = TableStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#9aa5b1")),
            ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e8eef4")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    grid.setStyle(look)

    def number(canvas: Canvas, document: BaseDocTemplate) -> None:
        canvas.setFont(FACE, 8)
        canvas.drawRightString(size[0] - margin, 7 * mm, page.format(page=document.page))

    content = BytesIO()
    document = SimpleDocTemplate(
        content,
        pagesize=size,
        leftMargin=margin,
        rightMargin=margin,
        topMargin=margin,
        bottomMargin=margin,
        title=table.title,
        invariant=1,
    )
    story = [
        Paragraph(escape(table.title), title),
        Paragraph(escape(table.words), small),
        Spacer(1, 4 * mm),
        grid,
        Spacer(1, 4 * mm),
        Paragraph(escape(end), small),
    ]
    document.build(story, onFirstPage=number, onLaterPages=number)
    return MadeFile(file_name(table, "pdf"), MIME, content.getvalue())


def _words(cell: Cell) -> str:
    if cell is None:
        return ""
    words = f"{cell:%Y-%m-%d %H:%M}" if hasattr(cell, "hour") else str(cell)
    return words[:LONGEST]
