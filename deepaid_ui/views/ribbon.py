"""Lines of a log session in the browser, drawn from data: no text of a log can become markup."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import streamlit as st

from deepaid_core.figures.numbers import format_duration, format_time_utc
from deepaid_core.figures.ribbon import LineKind, RibbonRow
from deepaid_core.figures.sequence import offset_words
from deepaid_core.figures.text import shorten
from deepaid_core.figures.theme import BLUE, VERMILLION
from deepaid_ui.text import one_line

__all__ = ["ribbon_data", "show_ribbon"]

_LONGEST = 600
_BEFORE = 190  # pixels of earlier lines that stand above the flagged one
_HTML = '<div class="ribbon" role="list" tabindex="0"></div>'
_CSS = """
.ribbon { overflow-y: auto; border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius); font-family: var(--st-font); font-size: 14px;
  line-height: 1.35; color: var(--st-text-color); background: var(--st-background-color); }
.row { display: grid; grid-template-columns: 104px 1fr; gap: 0 10px; padding: 4px 10px;
  border-left: 4px solid transparent; unicode-bidi: isolate; }
.narrow .row { grid-template-columns: 1fr; }
.row + .row { border-top: 1px solid var(--st-border-color); }
.row.outside { border-left-style: dotted; opacity: .92; }
.row.window, .row.changed, .row.flagged { border-left-color: var(--st-border-color); }
.row.changed { border-left-color: BLUE; background: var(--st-secondary-background-color); }
.row.flagged { border-left-color: RED; background: var(--st-secondary-background-color); }
.place { font-size: 12px; opacity: .9; }
.mark { font-weight: 700; font-size: 12px; }
.flagged .side .mark, .also .side .mark { color: var(--st-orange-text-color, RED); }
.changed .side .mark, .reference .mark { color: var(--st-blue-text-color, BLUE); }
.text { min-width: 0; overflow-wrap: anywhere; }
.template { font-weight: 600; }
.outside .template { font-weight: 400; }
.line { font-family: var(--st-code-font, monospace); font-size: 12.5px; white-space: pre-wrap;
  opacity: .96; margin-top: 1px; }
.line b { font-weight: 700; text-decoration: underline; text-decoration-style: dotted;
  text-underline-offset: 3px; }
.reference { margin-top: 3px; padding-left: 8px; border-left: 2px dashed BLUE; }
.prefix { opacity: .8; }
.more { font-size: 12px; opacity: .85; margin-top: 1px; }
""".replace("RED", VERMILLION).replace("BLUE", BLUE)
_JS = """
const shown = new WeakMap();
const make = (parent, tag, name, text) => {
  const one = document.createElement(tag);
  if (name) one.className = name;
  if (text) one.textContent = text;
  parent.appendChild(one);
  return one;
};
export default function({data, parentElement}) {
  const root = parentElement.querySelector('.ribbon');
  const mark = JSON.stringify(data);
  if (shown.get(root) === mark) return;
  shown.set(root, mark);
  root.replaceChildren();
  root.classList.toggle('narrow', data.narrow);
  root.style.maxHeight = data.height + 'px';
  root.setAttribute('aria-label', data.alt);
  let flagged = null;
  for (const row of data.rows) {
    const box = make(root, 'div', 'row ' + row.kind);
    box.setAttribute('role', 'listitem');
    const side = make(box, 'div', 'side');
    if (row.mark) make(side, 'div', 'mark', row.mark);
    if (row.place) make(side, 'div', 'place', row.place);
    if (row.when) make(side, 'div', 'place', row.when);
    const text = make(box, 'div', 'text');
    make(text, 'div', 'template', row.template);
    if (row.parts.length) {
      const line = make(text, 'div', 'line');
      if (row.prefix) make(line, 'span', 'prefix', row.prefix);
      for (const [piece, parameter] of row.parts) make(line, parameter ? 'b' : 'span', '', piece);
    }
    if (row.more) make(text, 'div', 'more', row.more);
    if (row.reference) {
      const wanted = make(text, 'div', 'reference');
      make(wanted, 'span', 'mark', '○ closest normal: ');
      make(wanted, 'span', '', row.reference);
    }
    if (row.kind === 'flagged') flagged = box;
  }
  // The flagged line with what came before it; whoever wants to see more scrolls.
  if (flagged) root.scrollTop = Math.max(
    0, flagged.offsetTop - root.offsetTop - data.before);
}
"""
_CLASSES: Mapping[LineKind, str] = {
    LineKind.FLAGGED: "flagged",
    LineKind.CHANGED: "changed",
    LineKind.ALSO: "also",
    LineKind.WINDOW: "window",
    LineKind.OUTSIDE: "outside",
}
_MARKS: Mapping[LineKind, str] = {
    LineKind.FLAGGED: "▶ flagged",
    LineKind.CHANGED: "◆ would differ",
    LineKind.ALSO: "● flagged too",
    LineKind.WINDOW: "",
    LineKind.OUTSIDE: "",
}


@cache
def _component() -> Any:
    return st.components.v2.component("deepaid_ribbon", html=_HTML, css=_CSS, js=_JS)


def _clean(text: str) -> str:
    return one_line(shorten(text, _LONGEST))


def _place(row: RibbonRow, flagged_time: float | None) -> tuple[str, str]:
    """Where a line stands against the flagged one, and when."""
    if row.offset == 0:
        return ("", "" if row.time is None else format_time_utc(row.time)[11:19])
    apart = ""
    if row.time is not None and flagged_time is not None:
        gap = row.time - flagged_time
        apart = f"{'+' if gap >= 0 else '−'}{format_duration(abs(gap))}"
    words = offset_words(row.offset) if row.offset < 0 else f"{row.offset} after"
    return (words, apart)


def ribbon_data(
    rows: Sequence[RibbonRow], *, alt: str, height: int, narrow: bool = False
) -> dict[str, Any]:
    """What the browser draws, as plain JSON values with hidden characters made visible."""
    flagged_time = next((row.time for row in rows if row.offset == 0), None)
    drawn = []
    last = ""
    for row in rows:
        place, when = _place(row, flagged_time)
        more = ", ".join(
            f"{_clean(name)} {_clean(value)}"
            for name, value in row.details
            if name != "parameters" or not row.parts
        )
        drawn.append(
            {
                "kind": _CLASSES[row.kind],
                "mark": _MARKS[row.kind],
                "place": place,
                "when": when,
                "template": _clean(row.template) or "a line of no known template",
                "prefix": _clean(row.prefix),
                "parts": [[one_line(text), parameter] for text, parameter in row.parts],
                # Process and host of a session rarely change: said once, and where they do.
                "more": more if more != last else "",
                "reference": _clean(row.reference),
            }
        )
        last = more
    return {
        "rows": drawn, "alt": alt, "height": height, "before": _BEFORE, "narrow": narrow,
    }  # fmt: skip


def show_ribbon(
    rows: Sequence[RibbonRow], *, key: str, alt: str, height: int = 620, narrow: bool = False
) -> None:
    """Draw the lines; a table of them belongs beside it.

    Args:
        rows: Lines in order.
        key: Of the widget.
        alt: What they are, for who cannot see them.
        height: Most pixels; more lines than fit are scrolled to.
        narrow: Marks stand above their lines instead of beside them.
    """
    _component()(data=ribbon_data(rows, alt=alt, height=height, narrow=narrow), key=key)
