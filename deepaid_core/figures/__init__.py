"""Values in, Plotly figures or graph data out; nothing here reads a store or draws a page."""
