// Links that contain a template after `#`, which browsers do not send to servers.

import { byId, copyButton, counted, make, quoted } from "./dom.js";

const KEYS = ["template", "dialect", "postback", "send-all", "consent"];

/** Return the link to this page with a template and its settings, and nothing else. */
export function linkTo({ template, dialect, postback, sendAll, consent }) {
  const parts = { template: template.toWellFormed?.() ?? template, dialect, postback };
  if (sendAll) parts["send-all"] = "1";
  if (consent) parts.consent = "1";
  const pairs = Object.entries(parts).map(([name, value]) => `${name}=${encoded(value)}`);
  return `${location.origin}${location.pathname}#${pairs.join("&")}`;
}

/** Encode a value, including characters that programs may read as the end of a link. */
function encoded(value) {
  return encodeURIComponent(value).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Return the content of a link, or null for a page without one. Throws an Error for an invalid link. */
export function readLink(fragment, { longest, dialects, postbacks }) {
  const text = fragment.replace(/^#/, "");
  if (!text || byId(text)) return null; // a link to a place in the page
  const parts = new Map();
  for (const pair of text.split("&")) {
    const [name, value, ...rest] = pair.split("=");
    if (!KEYS.includes(name) || value === undefined || rest.length || parts.has(name)) throw new Error("unknown part");
    parts.set(name, decodeURIComponent(value));
  }
  const template = parts.get("template");
  const dialect = parts.get("dialect") ?? "auto";
  const postback = parts.get("postback") ?? "auto";
  if (template === undefined || [...template].length > longest) throw new Error("no template");
  if (![...dialects, "auto"].includes(dialect) || ![...postbacks, "auto"].includes(postback)) throw new Error("no such");
  return { template, dialect, postback, sendAll: parts.get("send-all") === "1", consent: parts.get("consent") === "1" };
}

/** Show the dialog with the link. Likely secrets are masked unless the user decides otherwise. */
export function showSharing(settings, { secrets, masked }, hasFile) {
  const body = byId("sharing-body");
  const link = make("textarea", { id: "link", rows: "4", readonly: true, spellcheck: "false", "aria-label": "Link" });
  const state = { masks: secrets.length > 0 };
  const refresh = () => { link.value = linkTo({ ...settings, template: state.masks ? masked : settings.template }); };
  const choice = (masks, label) => make("label", { class: "check" },
    make("input", { type: "radio", name: "masks", checked: masks, on: { change: () => { state.masks = masks; refresh(); } } }),
    label);
  refresh();
  body.replaceChildren(
    ...(secrets.length ? [make("div", { class: "caution", role: "alert" },
      make("p", {}, make("strong", {}, `${counted(secrets.length, "value")} in this template may be secret.`),
        " Anyone who has the link can read it."),
      make("ul", {}, secrets.slice(0, 20).map((secret) => make("li", {}, shown(secret, settings.template)))),
      choice(true, "Mask them in the link"),
      choice(false, "Include them in the link"))] : []),
    link,
    make("div", { class: "actions" }, copyButton(() => link.value, "Copy link")),
    make("p", { class: "help" }, "The link contains the template, the platform and the settings after the “#”, which browsers do not send to any server. "
      + "Event values and matched URLs are not included."),
    ...(hasFile ? [make("p", { class: "help" }, "Your dialect file is not included, either.")] : []),
  );
  byId("sharing").showModal();
  link.select();
}

/** Show the place of a secret without the secret: the text before it, from the start of its parameter. */
function shown({ kind, from }, template) {
  const before = template.slice(Math.max(0, from - 40), from).split(/[&?;#]/).at(-1);
  return [`${kind}: `, quoted("code", `${before}•••`)];
}
