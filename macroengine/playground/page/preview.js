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
  let fields = [];
  let drawn = "";
  const missing = make("select", { id: "missing", on: { change: app.refresh } },
    MISSING.map(([value, label]) => make("option", { value }, label)));
  const form = make("div", { class: "event" });
  const reset = make("button", { type: "button", class: "link", hidden: true, on: { click: () => {
    typed.clear();
    drawn = "";
    app.refresh();
  } } }, "Back to the examples");
  const output = make("div", { class: "output" });
  const event = make("div", { hidden: true },
    make("h3", {}, "Event"),
    make("p", { class: "help" }, "Example values from the platform’s documentation. Clear one to see what is sent without it. Values stay on this machine."),
    form, reset,
    make("div", { class: "field inline" }, make("label", { for: "missing" }, "A missing value"), missing));
  const root = make("div", {}, event, output);

  function drawForm() {
    const shape = JSON.stringify(fields);
    if (shape === drawn) return;
    drawn = shape;
    form.replaceChildren(...fields.map((field, index) => {
      const key = `${field.source} ${field.field}`;
      const input = make("input", { id: `event-${index}`, type: "text", spellcheck: "false", autocomplete: "off",
        "aria-describedby": `event-${index}-from`, on: { input: (event) => {
          typed.set(key, event.target.value);
          reset.hidden = false;
          app.refresh();
        } } });
      input.value = typed.get(key) ?? field.example;
      const label = make("label", { for: `event-${index}` }, visible(field.field));
      const from = make("small", { id: `event-${index}-from`, title: field.description || null }, `from ${visible(field.label)}`);
      return make("div", { class: "field" }, label, input, from);
    }));
    reset.hidden = typed.size === 0;
    if (!fields.length) form.replaceChildren(make("p", { class: "help" }, "The template has no macros; the same URL is sent for every event."));
  }

  async function ask() {
    const values = { link: {}, sdk: {}, platform: {} };
    for (const { source, field, example } of fields) {
      const value = typed.get(`${source} ${field}`) ?? example;
      if (value !== "") values[source][field] = value;
    }
    const edited = fields.some(({ source, field }) => typed.has(`${source} ${field}`));
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
