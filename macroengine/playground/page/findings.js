// The list of findings.

import { make, quoted, shortened, visible } from "./dom.js";

/** Create the item of a finding. `app` selects its place, fixes it and shows the page of its rule. */
export function findingItem(one, app) {
  const select = app.select ?? (({ from, to }) => app.editor.select(from, to));
  return make("li", { class: `finding ${one.severity}` },
    make("p", { class: "what" },
      make("span", { class: "severity" }, one.severity),
      " ",
      make("button", { type: "button", class: "message", title: "Show where", on: { click: () => select(one) } },
        make("bdi", {}, visible(shortened(one.message))))),
    one.hint ? quoted("p", shortened(one.hint), { class: "hint" }) : null,
    make("div", { class: "row" },
      one.fix ? fixButton(one, app) : null,
      make("button", { type: "button", class: "link rule", "aria-label": `What ${one.code} means`, on: { click: () => app.openRule(one.code) } },
        `${one.code} ${one.name}`)));
}

function fixButton({ fix }, app) {
  const old = app.editor.value.slice(fix.from, fix.to);
  const quote = (text) => quoted("code", text.length > 40 ? `${text.slice(0, 39)}…` : text);
  const words = !old ? ["Insert ", quote(fix.text)] : !fix.text ? ["Remove ", quote(old)] : ["Replace with ", quote(fix.text)];
  return make("button", { type: "button", class: "fix", on: { click: () => app.fix(fix) } },
    ...words, fix.safe ? null : make("small", {}, " (may change the meaning)"));
}

/** Return the number of findings, in words. */
export function summaryOf({ counts, more, findings }) {
  const words = [["error", "error", "errors"], ["warning", "warning", "warnings"], ["info", "info", "infos"]]
    .filter(([severity]) => counts[severity])
    .map(([severity, one, several]) => `${counts[severity].toLocaleString("en")} ${counts[severity] === 1 ? one : several}`);
  if (!words.length) return "No problems found.";
  const text = words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0];
  return more ? `${text}; the first ${findings.length} are listed.` : `${text}.`;
}
