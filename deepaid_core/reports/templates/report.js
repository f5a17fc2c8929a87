"use strict";
(() => {
  // One look for all figures, so that none has to carry it.
  const axis = { gridcolor: "#e1e6eb", linecolor: "#aab4bf", automargin: true, title: { standoff: 8 } };
  const template = {
    layout: {
      font: { family: "system-ui, 'Segoe UI', 'Liberation Sans', sans-serif", size: 12, color: "#1b2430" },
      colorway: ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#7F7F7F"],
      xaxis: axis,
      yaxis: axis,
    },
  };
  const settings = { displaylogo: false, responsive: false, modeBarButtonsToRemove: ["select2d", "lasso2d"] };
  const waiting = new Set(document.querySelectorAll(".plot"));

  function draw(box) {
    if (!waiting.delete(box)) return;
    try {
      const figure = JSON.parse(document.getElementById(box.dataset.figure).textContent);
      figure.layout.template = template;
      figure.layout.width = 690;
      box.replaceChildren();
      Plotly.newPlot(box, figure.data, figure.layout, settings);
      box.dataset.drawn = "yes";
    } catch {
      box.textContent = "This figure could not be drawn; the tables of this report hold its numbers.";
    }
  }

  // Hundreds of figures open at once would take minutes: each is drawn when it comes near.
  const near = new IntersectionObserver(
    (seen) => seen.filter((entry) => entry.isIntersecting).forEach((entry) => {
      near.unobserve(entry.target);
      draw(entry.target);
    }),
    { rootMargin: "600px" },
  );
  waiting.forEach((box) => near.observe(box));
  window.addEventListener("beforeprint", () => [...waiting].forEach(draw));
})();
