"""Workbooks for tests: as people make them, and as nobody should."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl

SHEET = "xl/worksheets/sheet1.xml"
STAFF_HEADER = ("id", "name", "department", "superior", "active")
BEGIN = (
    '<?xml version="1.0"?><worksheet '
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
)
END = "</sheetData></worksheet>"


def workbook(path: Path, rows: Iterable[Sequence[Any]], title: str = "名单") -> Path:
    """Write a workbook of one sheet and return its path."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    book.save(path)
    return path


def with_part(path: Path, name: str, content: bytes) -> Path:
    """Put another part into the workbook, in place of the one of that name."""
    with zipfile.ZipFile(path) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    parts[name] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, data in parts.items():
            archive.writestr(one, data)
    return path


def with_sheet(path: Path, rows: str) -> Path:
    """Give the workbook a sheet of these rows, as XML."""
    workbook(path, [("id",)])
    return with_part(path, SHEET, f"{BEGIN}{rows}{END}".encode())


def text_row(number: int, *cells: str) -> str:
    inline = (
        f'<c r="{chr(65 + at)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for at, cell in enumerate(cells)
    )
    return f'<row r="{number}">{"".join(inline)}</row>'
