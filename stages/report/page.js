// Names the cell under the pointer: its level in this picture and, where no other cell
// has the same place, in the others. The page says all it has to say without this.
(() => {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true"); // the legend says the same to those who cannot point
  document.body.append(tip);
  const pictures = [...document.querySelectorAll("figure[data-plane]")];
  const side = 80; // of a square of the grid in which dots are looked up, in tenths of a pixel

  // points reads a picture's dots from its paths, once.
  function points(figure) {
    if (figure.dots) return figure.dots;
    const names = {};
    for (const li of figure.querySelectorAll(".legend li")) names[li.dataset.level] = li;
    const dots = { grid: new Map(), at: new Map(), names };
    for (const path of figure.querySelectorAll(".points path")) {
      const level = path.getAttribute("class").match(/m(\d+)/)[1];
      for (const [, x0, y0, way, by] of path.getAttribute("d").matchAll(/M(-?\d+) (-?\d+)([hv])(\d+)/g)) {
        const half = by > 1 ? by / 2 : 0;
        const x = +x0 + (way === "h" ? half : 0), y = +y0 + (way === "v" ? half : 0);
        const dot = { x, y, level }, square = (x / side | 0) + "," + (y / side | 0), place = x + "," + y;
        if (!dots.grid.has(square)) dots.grid.set(square, []);
        dots.grid.get(square).push(dot);
        dots.at.set(place, dots.at.has(place) ? null : dot);
      }
    }
    return figure.dots = dots;
  }

  function nearest(dots, x, y) {
    let best = null, least = 60 * 60;
    for (let i = -1; i <= 1; i++) for (let j = -1; j <= 1; j++) {
      for (const d of dots.grid.get(((x / side | 0) + i) + "," + ((y / side | 0) + j)) || []) {
        const far = (d.x - x) ** 2 + (d.y - y) ** 2;
        if (far < least) [best, least] = [d, far];
      }
    }
    return best;
  }

  const name = (figure, level) => {
    const li = points(figure).names[level];
    return (figure.dataset.key ? figure.dataset.key + ": " : "") + (li ? li.dataset.name : "?");
  };

  function clear() {
    tip.hidden = true;
    for (const li of document.querySelectorAll(".legend .on")) li.classList.remove("on");
  }

  function show(figure, svg, event) {
    clear();
    const box = svg.getBoundingClientRect(), scale = 400 / box.width;
    const x = ((event.clientX - box.left) * scale - 5) * 10, y = (event.clientY - box.top) * scale * 10;
    const dot = nearest(points(figure), x, y);
    if (!dot) return;
    const lines = [name(figure, dot.level)];
    for (const other of pictures) {
      if (other === figure || other.dataset.plane !== figure.dataset.plane || points(figure).at.get(dot.x + "," + dot.y) === null) continue;
      const same = points(other).at.get(dot.x + "," + dot.y);
      if (same) lines.push(name(other, same.level));
    }
    const li = points(figure).names[dot.level];
    if (li) li.classList.add("on");
    tip.textContent = lines.join("\n");
    tip.hidden = false;
    const wide = tip.offsetWidth, high = tip.offsetHeight;
    tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - wide - 4)) + "px";
    tip.style.top = (event.clientY + high + 24 < innerHeight ? event.clientY + 16 : Math.max(4, event.clientY - high - 12)) + "px";
  }

  for (const figure of pictures) {
    const svg = figure.querySelector("svg.scatter");
    svg.addEventListener("pointermove", (event) => show(figure, svg, event));
    svg.addEventListener("pointerdown", (event) => show(figure, svg, event));
    svg.addEventListener("pointerleave", clear);
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });
  addEventListener("beforeprint", () => { for (const d of document.querySelectorAll("details")) d.open = true; });
})();
