// The other panels: the macros, the template for another platform, a URL that was sent, and the platform.

import { CallError } from "./python.js";
import { copyButton, make, quoted, shortened, visible } from "./dom.js";
import { findingItem } from "./findings.js";

const yes = (answer) => (answer ? "yes" : "no");

/** Show the error of a call instead of its result. */
function failed(output, error) {
  if (!(error instanceof CallError)) throw error;
  output.replaceChildren(make("p", { class: "empty" }, quoted("span", shortened(error.message))));
}

function table(columns, rows) {
  return make("table", {},
    make("thead", {}, make("tr", {}, columns.map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, rows.map((cells) => make("tr", {}, cells.map((cell, index) =>
      (cell instanceof Node ? make("td", { "data-label": columns[index] }, cell)
        : quoted("td", cell, { "data-label": columns[index], class: columns[index] === "Value" ? "value" : null })))))));
}

export function explainPanel(app) {
  const root = make("div", {});
  async function update() {
    const { macros, title } = await app.checked();
    if (!macros.length) {
      root.replaceChildren(make("p", { class: "empty" }, `There are no ${visible(title)} macros in this template.`));
      return;
    }
    root.replaceChildren(make("h3", {}, `${visible(title)} macros`), ...macros.map((one) => make("article", { class: "macro" },
      make("div", { class: "row" },
        make("button", { type: "button", class: "link code", on: { click: () => app.editor.select(one.from, one.to) } }, visible(one.text)),
        one.field === null ? make("span", { class: "tag error" }, "unknown") : make("span", { class: "tag" }, visible(one.source))),
      one.field === null ? null : make("p", {}, visible(one.description)),
      one.note ? make("p", { class: "help" }, visible(one.note)) : null,
      one.field === null ? null : make("dl", {}, ...facts(one)))));
  }
  return { root, update };
}

function facts(one) {
  return [
    ["Field", one.field],
    ["Example", one.example],
    ["Filled for", one.available.length ? one.available.join(", ") : "all postbacks"],
    ["For events of other networks", yes(one.send_all)],
    ["Personal", yes(one.personal)],
    ["Encoded", one.encoded === 1 ? "once" : `${one.encoded} times`],
  ].filter(([, value]) => value).map(([name, value]) => make("div", {}, make("dt", {}, name), quoted("dd", value)));
}

export function translatePanel(app) {
  const to = make("select", { id: "to", on: { change: app.refresh } });
  const output = make("div", { class: "output", role: "status" });
  const root = make("div", {}, make("div", { class: "field inline" }, make("label", { for: "to" }, "Translate to"), to), output);

  async function update(isOutdated) {
    if (!to.options.length) to.append(...app.about.dialects.map(({ name, title }) => make("option", { value: name }, title)));
    let found;
    try {
      const { dialect } = await app.checked();
      if (!to.dataset.chosen) {
        to.value = app.about.dialects.find(({ name }) => name !== dialect && name === "appmetrica")?.name ?? "appsflyer";
        to.dataset.chosen = "yes";
      }
      found = await app.call("translate", { to: to.value });
    } catch (error) {
      failed(output, error);
      return;
    }
    if (isOutdated()) return;
    const use = make("button", { type: "button", on: { click: () => app.use(found.template, found.to) } }, "Use it");
    output.replaceChildren(make("div", { class: "result" },
      make("div", { class: "row" }, make("h3", {}, "Translation"), make("div", { class: "actions" }, copyButton(found.template), use)),
      quoted("code", found.template, { class: "url", id: "translation" })),
      make("p", { class: found.exact ? "good" : "note" }, found.exact ? "Sends the same values." : "Some values are sent differently:"),
      make("ol", { class: "list" }, found.findings.map((one) => findingItem(one, app))));
  }
  return { root, update };
}

export function matchPanel(app) {
  const url = make("textarea", { id: "url", rows: "3", spellcheck: "false", autocapitalize: "off", dir: "ltr",
    placeholder: "https://…", on: { input: app.refresh } });
  const output = make("div", { class: "output", role: "status" });
  const root = make("div", {}, make("div", { class: "field" }, make("label", { for: "url" }, "A URL that was sent for this template"), url), output);

  async function update(isOutdated) {
    if (!url.value.trim()) {
      output.replaceChildren(make("p", { class: "empty" }, "Paste a URL from a log to read its values and see what was sent wrongly. It stays on this machine."));
      return;
    }
    let found;
    try {
      found = await app.call("match", { url: url.value.trim() });
    } catch (error) {
      failed(output, error);
      return;
    }
    if (isOutdated()) return;
    const select = (one) => { url.focus(); url.setSelectionRange(one.from, one.to); };
    output.replaceChildren(
      ...(found.readings.length ? [make("h3", {}, "Values"), table(["Macro", "Field", "Value"], found.readings.map((one) => [
        one.macro,
        [one.function, one.fields.join(" or ")].filter(Boolean).join(" of "),
        one.state === "read" ? one.text : make("em", {}, one.state),
      ]))] : []),
      make("h3", {}, found.findings.length ? "Problems" : "No problems found"),
      make("ol", { class: "list" }, found.findings.map((one) => findingItem(one, { ...app, select }))));
  }
  return { root, update };
}

export function detectPanel(app) {
  const root = make("div", {});
  async function update(isOutdated) {
    let found;
    try {
      found = await app.call("detect");
    } catch (error) {
      failed(root, error);
      return;
    }
    if (isOutdated()) return;
    if (!found.dialects.length) {
      root.replaceChildren(make("p", { class: "empty" }, "Nothing in this template shows which platform it is for."));
      return;
    }
    root.replaceChildren(make("h3", {}, "It looks like"), ...found.dialects.map((one) => make("article", { class: "detected" },
      make("div", { class: "row" }, make("h4", {}, one.title), make("button", { type: "button", on: { click: () => app.use(null, one.name) } }, "Use this platform")),
      make("div", { class: "meter" }, make("meter", { min: "0", max: "1", value: String(one.confidence), "aria-label": `How likely ${one.title} is` }),
        make("span", {}, `${Math.round(one.confidence * 100)} %`)),
      make("ul", {}, one.evidence.map((text) => quoted("li", text))))));
  }
  return { root, update };
}
