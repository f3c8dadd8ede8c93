"""Helps shots.sh: puts a page into a frame of a width, has the browser look for overlaps, says what it found.

usage: shots.py PAGE OUT                                writes the page with a script that measures it
       shots.py --frame WIDTH [--height H] PAGE OUT     writes a page that shows PAGE in a frame of that width
       shots.py --said WIDTH DOM                        prints what the measuring script found; exits 1 where it is something
"""

import argparse
import html
import re
import sys
from pathlib import Path

MEASURE = """<script>
addEventListener("load", () => {
  for (const d of document.querySelectorAll("details")) d.open = true;
  const wide = document.documentElement.clientWidth, said = [];
  const name = (e) => e.textContent.trim().replace(/\\s+/g, " ").slice(0, 40);
  const boxes = [];
  for (const e of document.querySelectorAll("h1,h2,h3,p,li,td,th,caption,summary,svg text,figcaption,.badge")) {
    if (!e.textContent.trim() || e.closest("[hidden],.tip")) continue;
    const range = document.createRange();
    range.selectNodeContents(e);
    for (const r of e.closest("svg") ? [e.getBoundingClientRect()] : range.getClientRects())
      if (r.width > 1 && r.height > 1) boxes.push({ e, l: r.left, r: r.right, t: r.top, b: r.bottom });
    const own = e.getBoundingClientRect();
    if (own.right > wide + 1 && !e.closest(".scroll")) said.push("wider than the window: " + name(e));
  }
  if (document.documentElement.scrollWidth > wide + 1) said.push("the page scrolls sideways: " + document.documentElement.scrollWidth + " of " + wide);
  boxes.sort((a, b) => a.t - b.t);
  for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length && boxes[j].t < boxes[i].b - 3; j++) {
    const a = boxes[i], b = boxes[j];
    if (a.e === b.e || a.e.contains(b.e) || b.e.contains(a.e)) continue;
    if (a.e.closest(".tall") || b.e.closest(".tall")) continue;  // scrolls under its head
    if (a.e.closest(".scroll") !== b.e.closest(".scroll")) continue;
    const x = Math.min(a.r, b.r) - Math.max(a.l, b.l), y = Math.min(a.b, b.b) - Math.max(a.t, b.t);
    if (x > 1 && y > 3) said.push("overlap: '" + name(a.e) + "' and '" + name(b.e) + "'");
  }
  for (const d of document.querySelectorAll("details")) d.open = false;
  const tell = { said: [...new Set(said)].slice(0, 20), height: Math.ceil(document.querySelector("main").getBoundingClientRect().bottom) };
  parent.postMessage(tell, "*");
});
</script>"""

FRAME = """<!doctype html><meta name="color-scheme" content="light dark"><style>body{{margin:0}}iframe{{border:0;display:block}}</style>
<iframe src="{src}" style="width:{width}px;height:{height}px"></iframe>
<script>addEventListener("message", (e) => {{
  document.body.dataset.height = e.data.height;
  document.body.dataset.said = JSON.stringify(e.data.said);
}});</script>
"""


def said(width, dom):
    found = re.search(r'data-said="([^"]*)"', Path(dom).read_text())
    if not found:
        print(f"{width} px: the page did not answer", file=sys.stderr)
        return 1
    text = html.unescape(found.group(1))
    print(f"{width} px: {'nothing overlaps' if text == '[]' else text}")
    return text != "[]"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--frame", type=int)
    p.add_argument("--said", type=int)
    p.add_argument("--height", type=int, default=900)
    p.add_argument("page")
    p.add_argument("out", nargs="?")
    a = p.parse_args()
    if a.said:
        return said(a.said, a.page)
    if a.frame:
        Path(a.out).write_text(FRAME.format(src=Path(a.page).resolve().as_uri(), width=a.frame, height=a.height))
        return 0
    Path(a.out).write_text(Path(a.page).read_text().replace("</body>", MEASURE + "</body>"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
