// Draws the book's figures. Each one lies in its page as data:
//   <figure class="pcfilter-figure"><div class="pcfilter-plot" role="img"></div><script type="application/json">…
// Plotly is fetched from beside this script, once, when the first figure comes into view. Figures far from view give
// their WebGL context back, because browsers allow only a few of them at a time.
(function () {
  "use strict";
  const here = document.currentScript.src;
  let library = null;

  function plotly() {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL("plotly.min.js", here).href;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error("plotly.min.js could not be loaded"));
      document.head.append(script);
    });
    return library;
  }

  const dark = () => document.documentElement.dataset.theme === "dark";

  // The page's own colours: a figure sits on the page, light or dark, without a box around it.
  function themed(layout, traces) {
    const ink = dark() ? "#e6e6e6" : "#222222";
    const line = dark() ? "#555555" : "#dddddd";
    const out = structuredClone(layout);
    Object.assign(out, { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" });
    out.font = { ...(out.template?.layout?.font ?? {}), ...(out.font ?? {}), color: ink };
    for (const part of [out, out.scene ?? {}]) {
      for (const key of Object.keys(part).filter((name) => /^[xyz]axis\d*$/.test(name))) {
        part[key] = { ...part[key], gridcolor: line, zerolinecolor: line };
        if (part === out.scene) part[key] = { ...part[key], backgroundcolor: "rgba(0,0,0,0)", color: ink };
      }
    }
    for (const slider of out.sliders ?? []) Object.assign(slider, { font: { color: ink }, bgcolor: line });
    if (window.innerWidth < 600) phone(out, traces);
    return out;
  }

  // On a phone: margins and titles leave room for the picture, colour bars and legends lie below it, 3-D scenes stand
  // farther away.
  function phone(out, traces) {
    // Pictures with square pixels say how high they are for their width.
    const high = out.meta?.aspect ? out.meta.aspect * Math.min(window.innerWidth - 56, 520) : null;
    for (const holder of traces.map((trace) => (trace.marker?.colorbar ? trace.marker : trace))) {
      if (!holder.colorbar) continue;
      const below = { orientation: "h", x: 0.5, xanchor: "center", y: -0.02, yanchor: "top", len: 0.9 };
      if (out.yaxis?.scaleanchor) below.y = high ? (out.xaxis?.title?.text ? -56 : -24) / high : -0.24;
      if (holder.colorbar.ticktext) Object.assign(below, { tickangle: 30, tickfont: { size: 10 } });
      Object.assign(holder.colorbar, below);
    }
    out.margin = { ...(out.template?.layout?.margin ?? {}), ...(out.margin ?? {}), l: 36, r: 8, b: 64 };
    if (out.title?.text) {
      const text = out.title.text.replace(/(.{1,38})(\s+|$)/g, "$1<br>").replace(/<br>$/, "");
      out.title = { ...out.title, text, font: { size: 13 }, y: 1, yanchor: "top", pad: { t: 10 } };
    }
    const named = traces.filter((trace) => trace.name && trace.showlegend !== false).length;
    if (out.xaxis && !out.yaxis?.scaleanchor && out.showlegend !== false && named > 1) {
      out.legend = { ...(out.legend ?? {}), orientation: "h", x: 0, y: -0.3, yanchor: "top" };
      out.height = (out.height ?? 440) + 14 * named;
    }
    const eye = out.scene?.camera?.eye;
    if (eye) for (const axis of ["x", "y", "z"]) eye[axis] *= 1.4;
    if (high) for (const note of out.annotations ?? []) note.font = { ...(note.font ?? {}), size: 10 };
    if (high) out.height = Math.min(out.height, Math.round(high) + (out.xaxis?.title?.text ? 176 : 128));
    else if (out.yaxis?.scaleanchor && !out.sliders) out.height = Math.min(out.height, 420);
  }

  async function draw(figure) {
    const plot = figure.querySelector(".pcfilter-plot");
    if (figure.dataset.state) return;
    figure.dataset.state = "drawing";
    const drawnDark = dark();
    try {
      const Plotly = await plotly();
      const content = JSON.parse(figure.querySelector("script").textContent);
      content.layout = themed(content.layout, content.data);
      plot.style.height = content.layout.height + "px";
      if (figure.camera) content.layout.scene.camera = figure.camera;
      await Plotly.newPlot(plot, content);
      figure.dataset.state = "drawn";
      if (drawnDark !== dark()) recolour(figure); // the theme changed in the meantime
    } catch (error) {
      figure.dataset.state = "failed";
      plot.textContent = "This figure could not be drawn (" + error.message + "). What it shows: " + plot.ariaLabel;
      throw error;
    }
  }

  function release(figure) {
    const plot = figure.querySelector(".pcfilter-plot");
    if (figure.dataset.state !== "drawn") return;
    figure.camera = plot.layout.scene?.camera; // where the reader had turned it
    window.Plotly.purge(plot);
    delete figure.dataset.state;
  }

  // The theme changed: the same drawing in other colours, without starting WebGL again.
  async function recolour(figure) {
    const plot = figure.querySelector(".pcfilter-plot");
    const content = JSON.parse(figure.querySelector("script").textContent);
    const layout = themed(content.layout, content.data);
    if (layout.scene && plot.layout.scene?.camera) layout.scene.camera = plot.layout.scene.camera;
    figure.dataset.state = "drawing";
    await window.Plotly.react(plot, content.data, layout, content.config);
    figure.dataset.state = "drawn";
  }

  function start() {
    const figures = [...document.querySelectorAll("figure.pcfilter-figure")];
    const watch = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) (isIntersecting ? draw : release)(target);
      },
      { rootMargin: "800px 0px" },
    );
    figures.forEach((figure) => watch.observe(figure));
    new MutationObserver(() => {
      figures.filter((figure) => figure.dataset.state === "drawn").forEach(recolour);
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
