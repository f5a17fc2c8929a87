"""An outline written by hand, with numbers that occur nowhere else, and with hostile text."""

import plotly.graph_objects as go

from deepaid_core.figures import scores
from deepaid_core.figures.tables import Table
from deepaid_core.reports.blocks import (
    Facts,
    Items,
    Outline,
    Paragraph,
    Picture,
    Section,
    Source,
)

HOSTILE = (
    "</w:t><script>alert(1)</script> | `ticks` ``` $x_1$ **bold** [link](http://203.0.113.1) "
    "![i](http://203.0.113.1/x.png) &amp; =1+1 \\frac \u202etxt.exe\u2066 \x07\x00 \ufffe \ud800 "
    "名前 مرحبا"
)
NUMBERS = ("48.1517", "62,343", "0.0271828", "1,414,213")


def make_figure() -> go.Figure:
    return scores.score_strip(48.1517, 1.5, 0.7, ratio=32.1)


def make_outline(text: str = "plain words", *, rows: int = 3, tlp: str = "amber+strict") -> Outline:
    table = Table(
        f"Counts of {text}",
        ("Host", "Events", "Share"),
        tuple((f"host-{row} {text}", 62_343 + row, "0.0271828") for row in range(rows)),
        (1,),
    )
    picture = Picture(
        "score-0", f"A score of {text}", f"Score 48.1517 of {text}", make_figure(), note="Our note"
    )
    return Outline(
        title=f"Report on {text}",
        subtitle="Technical report on a finding",
        tlp=tlp,
        facts=Facts((("Report", "report-0123456789"), ("Filter used", text))),
        sections=(
            Section(
                "summary",
                "Summary",
                1,
                (
                    Paragraph(f"Bytes: 1,414,213.\nSecond line of {text}"),
                    Paragraph(f"An analyst wrote {text}", "quote"),
                    Paragraph("Careful", "warning"),
                    Paragraph("A limit", "limit"),
                    Items((f"first {text}", "second"), numbered=True),
                    Items(("dot",)),
                ),
            ),
            Section("F-1", f"Finding {text}", 2, (picture, table), new_page=True),
            Section("again", "How to get this", 3, (Source(f"deepaid report\n{text}"),)),
            Section("empty", "Nothing", 1, (Table("No rows", ("A",), ()),)),
        ),
    )
