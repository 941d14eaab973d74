// The plain editor: a text area over the same text with marks. A page that was built uses CodeMirror instead.

import { make } from "./dom.js";

export const HELP = "Findings are underlined here and explained below.";

/** Create an editor in an element, labelled by other elements. It calls `changed` after every change. */
export function createEditor(parent, { labelledBy, describedBy, changed }) {
  const marks = make("div", { class: "marks", "aria-hidden": "true" });
  const area = make("textarea", {
    "aria-labelledby": labelledBy,
    "aria-describedby": describedBy,
    autocapitalize: "off",
    autocomplete: "off",
    dir: "ltr",
    rows: "4",
    spellcheck: "false",
    wrap: "soft",
  });
  parent.classList.add("plain-editor");
  parent.append(marks, area);
  let drawn = [];
  const draw = (findings) => {
    drawn = findings;
    marks.replaceChildren(...marked(area.value, findings));
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, 360)}px`;
    marks.scrollTop = area.scrollTop;
  };
  area.addEventListener("input", () => { draw([]); changed(); });
  area.addEventListener("scroll", () => { marks.scrollTop = area.scrollTop; });
  addEventListener("resize", () => draw(drawn));
  return {
    get value() { return area.value; },
    replace(text) { area.value = text; draw([]); changed(); },
    edit({ from, to, text }) {
      area.setRangeText(text, from, to, "end");
      draw([]);
      changed();
    },
    show(findings) { draw(findings); },
    select(from, to) {
      area.focus();
      area.setSelectionRange(from, to);
    },
  };
}

/** Return the text in pieces, each with the worst finding in it. */
function marked(text, findings) {
  const edges = [...new Set([0, text.length, ...findings.flatMap(({ from, to }) => [from, to])])].sort((a, b) => a - b);
  const order = ["info", "warning", "error"];
  const pieces = [];
  for (let index = 0; index + 1 < edges.length; index += 1) {
    const [from, to] = [edges[index], edges[index + 1]];
    const here = findings.filter((one) => one.from <= from && to <= one.to).map((one) => order.indexOf(one.severity));
    const piece = text.slice(from, to);
    pieces.push(here.length ? make("mark", { class: order[Math.max(...here)] }, piece) : piece);
  }
  return [...pieces, "\n"];
}
