"""`python -m documents.default_template`: makes the Word template that ships, templates/default.docx. Its tags: docs/templates.md."""

from __future__ import annotations

import io
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Cm, Emu, Pt, RGBColor

from documents.docx import steady

TEMPLATE = Path(__file__).parent / "templates" / "default.docx"

INK = RGBColor(0x1C, 0x27, 0x33)
QUIET = RGBColor(0x4D, 0x59, 0x66)
RULE = "9AA5B1"
FONT = "Cambria"
TEXT_WIDTH = Cm(21 - 2.4 - 2.2)
# Wide enough for the longest label in Cambria, and in what stands for it where it is missing.
COLUMN = Cm(3.9)


def template() -> bytes:
    """The template as a file; the same bytes each time."""
    out = io.BytesIO()
    _build().save(out)
    return steady(out.getvalue())


def _build() -> Any:
    made = Document()
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin, section.top_margin, section.bottom_margin = Cm(2.4), Cm(2.2), Cm(2.7), Cm(2.4)
    section.different_first_page_header_footer = True
    _styles(made)
    _page_furniture(section)
    _body(made)
    _without_ballast(made)
    made.core_properties.author = ""
    made.core_properties.comments = ""
    # A fixed day: the file in the repository changes only when the template does.
    made.core_properties.created = made.core_properties.modified = datetime(2026, 1, 1)  # noqa: DTZ001  # OPC properties are naive UTC
    return made


def _without_ballast(made: Any) -> None:
    """Half a megabyte of table styles, effects and a thumbnail that python-docx's own template brings, read again for each document."""
    for style in [one for one in made.styles if one.type == WD_STYLE_TYPE.TABLE and one.name != "Normal Table"]:
        style.delete()
    for package_part in (made.part, made.part.package):
        for key, relation in list(package_part.rels.items()):
            if relation.reltype.endswith(("/stylesWithEffects", "/thumbnail", "/customXml")):
                del package_part.rels[key]


def _styles(made: Any) -> None:
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size, normal.font.color.rgb = FONT, Pt(11), INK
    normal.paragraph_format.space_before, normal.paragraph_format.space_after = Pt(0), Pt(6)
    normal.paragraph_format.line_spacing = 1.1
    for name, size, before, after in (("Heading 1", 23, 18, 4), ("Heading 2", 12.5, 18, 6)):
        style = made.styles[name]
        style.font.name, style.font.size, style.font.bold, style.font.color.rgb = FONT, Pt(size), True, INK
        fonts = style.element.rPr.rFonts
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        style.paragraph_format.keep_with_next = True
    _hang(made.styles["Heading 2"])
    made.styles["List Bullet"].paragraph_format.left_indent = COLUMN + Cm(0.5)
    made.styles["List Bullet"].paragraph_format.first_line_indent = -Cm(0.5)
    made.styles["List Bullet"].paragraph_format.space_after = Pt(6)
    _hang(_style(made, "Labelled", "Normal"))
    _style(made, "Labelled Text", "Normal").paragraph_format.left_indent = COLUMN
    _style(made, "Label Line", "Normal").font.bold = True
    made.styles["Label Line"].paragraph_format.space_after = Pt(2)
    made.styles["Label Line"].paragraph_format.keep_with_next = True
    _style(made, "Attachment", "Labelled").paragraph_format.keep_with_next = True
    made.styles["Attachment"].paragraph_format.space_after = Pt(2)
    _style(made, "Attachment Link", "Labelled Text").font.size = Pt(9.5)
    made.styles["Attachment Link"].font.color.rgb = QUIET
    made.styles.add_style("Label", WD_STYLE_TYPE.CHARACTER).font.bold = True
    made.styles.add_style("Quiet Label", WD_STYLE_TYPE.CHARACTER).font.color.rgb = QUIET
    _style(made, "Letterhead", "Normal").font.size = Pt(12)
    _rule(made.styles["Letterhead"], "bottom", 8, "1C2733")
    made.styles["Letterhead"].paragraph_format.tab_stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)
    status = _style(made, "Status", "Normal")
    status.font.italic, status.font.color.rgb = True, QUIET
    status.paragraph_format.space_after = Pt(12)
    approval = _style(made, "Approval", "Normal")
    approval.paragraph_format.space_before, approval.paragraph_format.left_indent = Pt(8), Cm(0.35)
    _rule(approval, "left", 14, "6B7F94")
    _style(made, "Cell", "Normal").font.size = Pt(9.5)
    made.styles["Cell"].paragraph_format.space_after = Pt(0)
    _style(made, "Cell Head", "Cell").font.bold = True
    # Word gives a table no room below it.
    _style(made, "Table End", "Normal").font.size = Pt(4)
    signature = _style(made, "Signature Line", "Normal")
    signature.paragraph_format.space_before, signature.paragraph_format.space_after = Pt(48), Pt(0)
    signature.paragraph_format.right_indent = TEXT_WIDTH - Cm(7.5)
    _rule(signature, "bottom", 6, "1C2733")
    _style(made, "Signature Name", "Normal").paragraph_format.space_before = Pt(4)
    made.styles["Signature Name"].paragraph_format.space_after = Pt(0)
    for name in ("Signature Line", "Signature Name"):
        made.styles[name].paragraph_format.keep_with_next = True
    _style(made, "Signature Role", "Normal").font.color.rgb = QUIET
    for name in ("Header", "Footer"):
        made.styles[name].font.size, made.styles[name].font.color.rgb = Pt(9), QUIET
        stops = made.styles[name].paragraph_format.tab_stops
        for stop in list(stops):
            stops._pPr.tabs.remove(stop._tab)  # python-docx has no way to take over a style's tab stops whole
        stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)


def _style(made: Any, name: str, base: str) -> Any:
    style = made.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = made.styles[base]
    style.quick_style = True
    return style


def _hang(style: Any) -> None:
    form = style.paragraph_format
    form.left_indent, form.first_line_indent = COLUMN, -COLUMN
    form.tab_stops.add_tab_stop(COLUMN)


def _rule(style: Any, side: str, eighths: int, colour: str) -> None:
    borders = OxmlElement("w:pBdr")
    border = OxmlElement(f"w:{side}")
    for key, value in (("val", "single"), ("sz", str(eighths)), ("space", "6"), ("color", colour)):
        border.set(qn(f"w:{key}"), value)
    borders.append(border)
    properties = style.element.get_or_add_pPr()
    properties.insert_element_before(borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:outlineLvl")


def _page_furniture(section: Any) -> None:
    header = section.header.paragraphs[0]
    header.add_run("{{ body }}\t{{ name }} {{ number }}")
    for footer in (section.footer.paragraphs[0], section.first_page_footer.paragraphs[0]):
        footer.add_run("{{ day }}\t")
        _field(footer, "PAGE")
        footer.add_run(" (")
        _field(footer, "NUMPAGES")
        footer.add_run(")")


def _field(paragraph: Any, instruction: str, text: str = "1") -> None:
    for kind, inner in (("begin", ""), ("", instruction), ("separate", ""), (None, text), ("end", "")):
        run = paragraph.add_run(inner if kind is None else "")
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)  # python-docx has no fields of its own
        elif kind == "":
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = f" {inner} "
            run._r.append(code)


def _body(made: Any) -> None:
    head = made.add_paragraph(style="Letterhead")
    head.add_run("{{ body }}", style="Label")
    head.add_run("\t{{ day }}")
    made.add_paragraph("{{ name }} {{ number }}", style="Heading 1")
    made.add_paragraph("{{ status }}", style="Status")
    tag = made.add_paragraph
    tag("{%p for block in blocks %}")
    _texts(made)
    _tables(made)
    _ending(made)
    tag("{%p endif %}")
    tag("{%p endfor %}")


def _texts(made: Any) -> None:
    tag = made.add_paragraph
    tag("{%p if block.kind == 'heading' %}")
    tag("{{ block.text }}", style="Heading 2")
    tag("{%p elif block.kind == 'section' %}")
    tag("{{ block.number }}\t{{ block.title }}", style="Heading 2")
    tag("{%p elif block.kind == 'labelled' %}")
    tag("{%p if block.first %}")
    _labelled(made, "{{ block.label }}", "{{ block.first }}", "Label")
    tag("{%p else %}")
    tag("{{ block.label }}", style="Label Line")
    tag("{%p endif %}")
    tag("{%p for part in block.rest %}")
    tag("{%p if part.kind == 'bullet' %}")
    tag("{{ part.text }}", style="List Bullet")
    tag("{%p else %}")
    tag("{{ part.text }}", style="Labelled Text")
    tag("{%p endif %}")
    tag("{%p endfor %}")
    tag("{%p elif block.kind == 'paragraph' %}")
    tag("{{ block.text }}", style="Labelled Text")
    tag("{%p elif block.kind == 'bullets' %}")
    tag("{%p for entry in block.entries %}")
    tag("{{ entry }}", style="List Bullet")
    tag("{%p endfor %}")


def _tables(made: Any) -> None:
    tag = made.add_paragraph
    tag("{%p elif block.kind == 'facts' %}")
    tag("{%p for fact in block.rows %}")
    _labelled(made, "{{ fact[0] }}", "{{ fact[1] }}", "Quiet Label")
    tag("{%p endfor %}")
    tag("{%p elif block.kind == 'attendance_table' %}")
    _attendance(made)
    tag("", style="Table End")
    tag("{%p elif block.kind == 'attachments' %}")
    tag("{%p for row in block.rows %}")
    _labelled(made, "{{ row.label }}", "{{ row.title }}", "Quiet Label", style="Attachment")
    tag("{%p if row.address %}")
    _field(tag("", style="Attachment Link"), 'HYPERLINK "{{ row.address }}"', "{{ row.link }}")
    tag("{%p elif row.link %}")
    tag("{{ row.link }}", style="Attachment Link")
    tag("{%p endif %}")
    tag("{%p endfor %}")


def _ending(made: Any) -> None:
    tag = made.add_paragraph
    tag("{%p elif block.kind == 'approval' %}")
    tag("{%p for text in block.paragraphs %}")
    tag("{{ text }}", style="Approval")
    tag("{%p endfor %}")
    tag("{%p elif block.kind == 'signatures' %}")
    tag("{%p for signer in block.signers %}")
    tag("", style="Signature Line")
    tag("{{ signer.name }}", style="Signature Name")
    tag("{{ signer.role }}", style="Signature Role")
    tag("{%p endfor %}")


def _labelled(made: Any, label: str, text: str, label_style: str, style: str = "Labelled") -> None:
    paragraph = made.add_paragraph(style=style)
    paragraph.add_run(label, style=label_style)
    paragraph.add_run(f"\t{text}")


def _attendance(made: Any) -> None:
    table = made.add_table(rows=4, cols=4)
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    table.autofit = False
    table.style = None
    keys = ("seat", "member", "deputy", "presence")
    widths = [Emu(int(TEXT_WIDTH * share)) for share in (0.27, 0.25, 0.23, 0.25)]
    texts = (
        [f"{{{{ block.columns.{key} }}}}" for key in keys],
        ["{%tr for row in block.rows %}", "", "", ""],
        [f"{{{{ row.{key} }}}}" for key in keys],
        ["{%tr endfor %}", "", "", ""],
    )
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row, row_texts in zip(table.rows, texts, strict=True):
        for cell, text, width in zip(row.cells, row_texts, widths, strict=True):
            cell.width = width
            cell.paragraphs[0].style = "Cell"
            cell.paragraphs[0].add_run(text)
        unsplit = OxmlElement("w:cantSplit")
        row._tr.get_or_add_trPr().append(unsplit)  # python-docx has no rows that keep together
    head = table.rows[0]
    head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # nor repeated header rows
    for cell in head.cells:
        cell.paragraphs[0].style = "Cell Head"
    _table_rules(table)


def _table_rules(table: Any) -> None:
    borders = OxmlElement("w:tblBorders")
    for side in ("bottom", "insideH"):
        border = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", RULE)):
            border.set(qn(f"w:{key}"), value)
        borders.append(border)
    margins = OxmlElement("w:tblCellMar")
    for side, width in (("top", "50"), ("left", "0"), ("bottom", "50"), ("right", "100")):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), width)
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    # Word reads these only in the order of the schema: borders before the layout, margins before the look.
    properties = table._tbl.tblPr  # python-docx has no borders
    properties.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")
    properties.insert_element_before(margins, "w:tblLook")


def main() -> int:
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(template())
    return 0


if __name__ == "__main__":
    sys.exit(main())
