// The preview: an event, and what the partner would receive for it.

import { CallError } from "./python.js";
import { copyButton, make, quoted, shortened, visible } from "./dom.js";

const URLS = [
  ["attributed", "For an event of this network"],
  ["not_attributed", "For an event of another network"],
  ["without_consent", "For a user who does not share identifiers"],
  ["without_values", "For an event with no values"],
];
const MISSING = [["empty", "is sent empty"], ["drop", "is dropped with its parameter"], ["keep", "is sent as the macro"]];

export function previewPanel(app) {
  const typed = new Map(); // the user's input, by source and field
  const rows = new Map(); // the fields that are drawn, by source and field: the reader may be typing in one
  let fields = [];
  let made = 0;
  const missing = make("select", { id: "missing", on: { change: app.refresh } },
    MISSING.map(([value, label]) => make("option", { value }, label)));
  const form = make("div", { class: "event" });
  const reset = make("button", { type: "button", class: "link", hidden: true, on: { click: () => {
    typed.clear();
    app.refresh();
  } } }, "Back to the examples");
  const output = make("div", { class: "output" });
  const event = make("div", { hidden: true },
    make("h3", {}, "Event"),
    make("p", { class: "help" }, "Example values from the platform’s documentation. Clear one to see what is sent without it. Values stay on this machine."),
    form, reset,
    make("div", { class: "field inline" }, make("label", { for: "missing" }, "A missing value"), missing));
  const root = make("div", {}, event, output);

  const none = make("p", { class: "help" }, "The template has no macros; the same URL is sent for every event.");

  function makeRow(key) {
    const id = `event-${(made += 1)}`;
    const input = make("input", { id, type: "text", spellcheck: "false", autocomplete: "off", "aria-describedby": `${id}-from`, on: {
      input() {
        typed.set(key, input.value);
        reset.hidden = false;
        app.refresh();
      },
      blur: () => drawForm(),
    } });
    const label = make("label", { for: id });
    const from = make("small", { id: `${id}-from` });
    return { input, label, from, root: make("div", { class: "field" }, label, input, from) };
  }

  function drawRow(field) {
    const key = keyOf(field);
    if (!rows.has(key)) rows.set(key, makeRow(key));
    const { input, label, from, root } = rows.get(key);
    const value = typed.get(key) ?? field.example;
    // Not under the hands of the reader, who may have marked the text to replace it.
    if (input.value !== value && input !== document.activeElement) input.value = value;
    label.textContent = visible(field.field);
    from.textContent = `from ${visible(field.label)}`;
    from.title = field.description || "";
    return root;
  }

  function drawForm() {
    arrange(form, fields.length ? fields.map(drawRow) : [none]);
    const keys = new Set(fields.map(keyOf));
    for (const key of rows.keys()) if (!keys.has(key)) rows.delete(key);
    reset.hidden = typed.size === 0;
  }

  async function ask() {
    const values = { link: {}, sdk: {}, platform: {} };
    for (const field of fields) {
      const value = typed.get(keyOf(field)) ?? field.example;
      if (value !== "") values[field.source][field.field] = value;
    }
    const edited = fields.some((field) => typed.has(keyOf(field)));
    return app.call("preview", { missing: missing.value, ...(edited ? { values } : {}) });
  }

  async function update(isOutdated) {
    let shown;
    try {
      shown = await ask();
      if (JSON.stringify(shown.fields) !== JSON.stringify(fields)) {
        fields = shown.fields;
        if (typed.size) shown = await ask();
      }
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      event.hidden ||= error.kind === "template";
      const why = error.kind === "template" ? "Fix the errors to see a preview. First error: " : "This event cannot be sent: ";
      output.replaceChildren(make("p", { class: "empty" }, why, quoted("span", shortened(error.message))));
      return;
    }
    if (isOutdated()) return;
    drawForm();
    event.hidden = false;
    output.replaceChildren(...urls(shown), ...received(shown));
  }
  return { root, update };
}

function keyOf({ source, field }) {
  return `${source} ${field}`;
}

/** Make these the children of an element. One that has the focus stays where it is, and so keeps it. */
function arrange(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  const kept = children.find((child) => child.contains(document.activeElement)) ?? null;
  const index = children.indexOf(kept);
  for (const child of children.slice(0, Math.max(index, 0))) parent.insertBefore(child, kept);
  parent.append(...children.slice(index + 1));
}

function urls(shown) {
  return URLS.filter(([key]) => shown.urls[key] !== null && (key !== "without_values" || shown.urls[key] !== shown.urls.attributed))
    .map(([key, label]) => make("div", { class: "result" },
      make("div", { class: "row" }, make("h3", {}, label), copyButton(shown.urls[key])),
      quoted("code", shown.urls[key], { class: "url", "data-url": key })));
}

function received({ parameters, dropped, withheld, needs_consent: consent }) {
  const notes = [["Dropped if the value is missing", dropped], ["Empty for events of other networks", withheld],
    ["Empty without consent", consent]];
  return [
    parameters.length ? make("h3", {}, "What the partner reads") : null,
    parameters.length ? make("table", {},
      make("thead", {}, make("tr", {}, ...["Parameter", "Value", "From"].map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, parameters.map(({ name, value, macros }) => make("tr", {},
        quoted("td", name, { "data-label": "Parameter" }),
        quoted("td", value, { "data-label": "Value", class: "value" }),
        quoted("td", macros.join(" "), { "data-label": "From" }))))) : null,
    ...notes.filter(([, names]) => names.length).map(([label, names]) =>
      make("p", { class: "note" }, `${label}: `, quoted("code", names.join("  ")))),
  ].filter(Boolean);
}
