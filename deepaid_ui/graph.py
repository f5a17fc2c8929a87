"""The state graph in the browser: drawn by the vis-network file that pyvis ships, clicks answered.

Nothing is fetched: the library is part of the component. What the graph says arrives as data and
is drawn on a canvas, so no name in it can become markup.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

__all__ = ["show_graph"]

_VIS = "templates/lib/vis-9.1.2/vis-network.min.js"
_HTML = '<div class="net" role="img" aria-label="Graph"></div>'
_CSS = """
.net { height: 100%; min-height: 420px; border: 1px solid var(--st-border-color);
       border-radius: var(--st-base-radius); background: var(--st-background-color); }
div.vis-tooltip { position: absolute; visibility: hidden; pointer-events: none; z-index: 5;
       max-width: 420px; padding: 6px 10px; font-size: 13px; color: var(--st-text-color);
       background: var(--st-secondary-background-color); border-radius: var(--st-base-radius);
       border: 1px solid var(--st-border-color); }
"""
# The UMD file looks for `module`, `exports` and `define`; given its own, it stays off the page.
_JS_BEFORE = (
    "const vis = (() => { const module = {exports: {}}, exports = module.exports; let define;\n"
)
_JS_AFTER = """
;return module.exports })();
const live = new WeakMap();
export default function({data, parentElement, setStateValue}) {
  const root = parentElement.querySelector('.net');
  root.style.height = data.height + 'px';
  root.setAttribute('aria-label', data.alt);
  const ink = getComputedStyle(root).getPropertyValue('--st-text-color') || '#808080';
  const paper = getComputedStyle(root).getPropertyValue('--st-background-color') || '#ffffff';
  const mark = data.version + ink + paper;
  let state = live.get(parentElement);
  if (!state || state.mark !== mark) {
    if (state) state.net.destroy();
    const text = {color: ink, strokeWidth: 3, strokeColor: paper};
    const options = Object.assign({}, data.options);
    const named = Object.assign({size: 14}, text, data.plates ? {background: paper} : {});
    options.nodes = Object.assign({}, options.nodes, {font: named});
    options.edges = Object.assign({}, options.edges, {font: Object.assign({size: 12}, text)});
    const nodes = data.nodes.map(node => {
      const tip = document.createElement('div');
      tip.textContent = node.title || node.label;
      tip.style.whiteSpace = 'pre-line';
      return Object.assign({}, node, {title: tip});
    });
    const edges = data.edges.map(edge => {
      const tip = document.createElement('div');
      tip.textContent = edge.title || '';
      return Object.assign({}, edge, edge.title ? {title: tip} : {});
    });
    const net = new vis.Network(
      root, {nodes: new vis.DataSet(nodes), edges: new vis.DataSet(edges)}, options);
    net.on('selectNode', event => setStateValue('selected', String(event.nodes[0])));
    net.on('deselectNode', event => {
      if (!event.nodes.length) setStateValue('selected', null);
    });
    // Fitting looks at shapes only; a little room keeps the labels at the edges whole.
    net.once('afterDrawing', () => {
      net.moveTo({scale: net.getScale() * 0.86});
      // A canvas tells nobody where its nodes stand; whoever drives the page by program asks here.
      root.dataset.spots = JSON.stringify(Object.fromEntries(nodes.map(node => {
        const spot = net.canvasToDOM(net.getPosition(node.id));
        return [node.id, [Math.round(spot.x), Math.round(spot.y)]];
      })));
      root.dataset.ready = '1';
    });
    state = {net, mark};
    live.set(parentElement, state);
  }
  return () => {
    const last = live.get(parentElement);
    if (last) { last.net.destroy(); live.delete(parentElement); }
  };
}
"""


@cache
def _script() -> str:
    # Found without importing pyvis, which would pull in IPython.
    spec = importlib.util.find_spec("pyvis")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("pyvis is not installed; install the project's dependencies.")
    library = Path(next(iter(spec.submodule_search_locations))) / _VIS
    return _JS_BEFORE + library.read_text(encoding="utf-8") + _JS_AFTER


@cache
def _component() -> Any:
    return st.components.v2.component("deepaid_graph", html=_HTML, css=_CSS, js=_script())


def show_graph(
    nodes: Sequence[Mapping[str, Any]],
    edges: Sequence[Mapping[str, Any]],
    *,
    options: Mapping[str, Any],
    version: str,
    key: str,
    alt: str,
    height: int = 480,
    plates: bool = False,
) -> str | None:
    """Draw a graph and return the id of the node that is selected.

    Args:
        nodes: As vis-network takes them; `title` is shown as plain text.
        edges: Likewise.
        options: Options of vis-network.
        version: Changes when the graph does; the same version is not drawn again.
        key: Of the widget.
        alt: What the graph shows, for who cannot see it; a table of the nodes belongs beside it.
        height: In pixels.
        plates: Names hide the lines below them.
    """
    result = _component()(
        data={
            "nodes": [dict(node) for node in nodes],
            "edges": [dict(edge) for edge in edges],
            "options": dict(options),
            "version": version,
            "alt": alt,
            "height": height,
            "plates": plates,
        },
        key=key,
        on_selected_change=lambda: None,
    )
    selected = result.get("selected") if isinstance(result, Mapping) else None
    return str(selected) if selected else None
