"""A paper as a Word file that can be edited and signed: A4, 仿宋, real tables, the word 草稿 in the header of every page."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from service.papers.fill import BLANK, Field, Paper, Part

BODY, TITLE, HEADING = "仿宋", "宋体", "黑体"
_SIZE, _SMALL = Pt(12), Pt(9)
_WIDTH = Cm(16.6)  # between the margins of an A4 page
_LABEL = Cm(2.9)
_LEGAL = "由程序按报警叙述预填, 空白处叙述未提及; 须由承办人核对、补全并依法签发, 不产生法律效力。"


def to_docx(paper: Paper, *, now: dt.datetime) -> bytes:
    """The file's bytes; the same paper and time are always the same document."""
    document = Document()
    _page(document, paper, now)
    _paragraph(document, paper.title, font=TITLE, size=Pt(18), bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
    if paper.number:
        _paragraph(document, paper.number, align=WD_ALIGN_PARAGRAPH.RIGHT)
    for part in paper.parts:
        _part(document, part)
    _paragraph(document, f"{paper.draft}: {_LEGAL}", size=_SMALL, grey=True)
    if paper.sources:
        _paragraph(document, f"依据: {paper.sources}", size=_SMALL, grey=True)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _page(document: Any, paper: Paper, now: dt.datetime) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin = section.bottom_margin = Cm(2.5)
    style = document.styles["Normal"]
    style.font.name, style.font.size = BODY, _SIZE
    style.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)
    header = section.header.paragraphs[0]
    header.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _run(header, f"{paper.draft} · 未经核对签发", font=HEADING, size=Pt(10.5), red=True)
    properties = document.core_properties
    properties.title, properties.author, properties.language = f"{paper.name[:200]}({paper.draft})", "", "zh-CN"
    properties.created = properties.modified = now
    properties.comments = ""


def _part(document: Any, part: Part) -> None:
    if part.kind == "heading":
        _paragraph(document, part.text, font=HEADING, bold=True, before=Pt(8))
    elif part.kind == "text":
        for line in part.text.split("\n"):
            _paragraph(document, line, indent=True)
    elif part.kind == "note":
        _paragraph(document, part.text, size=_SMALL, grey=True)
    elif part.kind == "fields":
        _fields(document, part.fields)
    elif part.kind == "checks":
        for says, hint, cite in part.rows:
            paragraph = _paragraph(document, f"☐ {says}")
            if hint or cite:
                _run(paragraph, (f" 〔{hint}〕" if hint else "") + (f" {cite}" if cite else ""), size=_SMALL, grey=True)
    elif part.kind == "grid":
        _grid(document, part)
    else:
        _signs(document, part.rows[0])


def _fields(document: Any, rows: tuple[tuple[Field, ...], ...]) -> None:
    """Two labelled cells to a row; a row with one cell spans the width."""
    table = _table(document, len(rows), 4)
    for row, fields in zip(table.rows, rows, strict=True):
        cells = row.cells
        for place, cell in enumerate(cells):
            cell.width = _LABEL if place % 2 == 0 else (_WIDTH - 2 * _LABEL) // 2
        if len(fields) == 1:
            cells[1].merge(cells[3])
        for place, field in enumerate(fields[:2]):
            _cell(row.cells[2 * place], field.label, font=HEADING)
            _cell(row.cells[2 * place + 1], field.value + "\n" * (field.tall - 1 - min(field.tall - 1, len(field.value) // 30)))


def _grid(document: Any, part: Part) -> None:
    rows = part.rows
    table = _table(document, len(rows), len(rows[0]))
    for number, (row, cells) in enumerate(zip(table.rows, rows, strict=True)):
        for cell, text, share in zip(row.cells, cells, part.widths, strict=True):
            _cell(cell, text, font=BODY if number else HEADING, size=Pt(10.5))
            cell.width = int(_WIDTH * share)
    for column, share in zip(table.columns, part.widths, strict=True):
        column.width = int(_WIDTH * share)
    header = table.rows[0]._tr.get_or_add_trPr()
    header.append(header.makeelement(qn("w:tblHeader"), {}))  # the heading is repeated on each page


def _signs(document: Any, labels: tuple[str, ...]) -> None:
    _paragraph(document, "")
    for start in range(0, len(labels), 2):
        _paragraph(document, "        ".join(f"{label}: {BLANK}" for label in labels[start : start + 2]), before=Pt(10))


def _table(document: Any, rows: int, columns: int) -> Any:
    table = document.add_table(rows=rows, cols=columns)
    table.style = "Table Grid"
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    return table


def _cell(cell: Any, text: str, *, font: str = BODY, size: Any = _SIZE) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    for number, line in enumerate(text.split("\n")):
        _run(paragraph if number == 0 else cell.add_paragraph(), line, font=font, size=size)


def _paragraph(document: Any, text: str, *, align: Any = None, indent: bool = False, before: Any = None, **look: Any) -> Any:
    paragraph = document.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(2)
    paragraph.paragraph_format.space_before = before
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(24)
    for number, line in enumerate(text.split("\n")):
        run = _run(paragraph, line, **look)
        if number < text.count("\n"):
            run.add_break()
    return paragraph


def _run(paragraph: Any, text: str, *, font: str = BODY, size: Any = _SIZE, bold: bool = False, grey: bool = False, red: bool = False) -> Any:
    run = paragraph.add_run(text)
    run.bold, run.font.size, run.font.name = bold, size, font
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if grey or red:
        run.font.color.rgb = RGBColor(0xC0, 0, 0) if red else RGBColor(0x55, 0x55, 0x55)
    return run
