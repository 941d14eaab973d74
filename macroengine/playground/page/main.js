// The page: stores the template and the settings, calls the bridge after each change, and shows the results.

import { byId, copy, make, quoted, shortened, visible } from "./dom.js";
import { createEditor, HELP } from "./editor.js";
import { findingItem, summaryOf } from "./findings.js";
import { detectPanel, explainPanel, matchPanel, translatePanel } from "./panels.js";
import { previewPanel } from "./preview.js";
import { CallError, latest, Restarted, startPython } from "./python.js";
import { readLink, showSharing } from "./share.js";

const EXAMPLE = "https://partner.example/postback?click=(click-id)&amp;idfa=(sha1-idfa)&country=(country_code)&ip=(ip)";
const TABS = ["preview", "explain", "translate", "match", "detect"];

const state = { about: null, checked: null, file: null, tab: "preview" };
const checking = latest();
const showing = latest();

/** Show a notice until a call succeeds or, if it is about a link, until the template changes. */
function notice(message, isOfLink = false) {
  byId("notice").textContent = message ?? "";
  byId("notice").hidden = !message;
  state.isOfLink = Boolean(message) && isOfLink;
}

const { call, restart } = startPython(({ state: python, message }) => {
  if (message) notice(message);
  if (python === "failed") {
    const again = make("button", { type: "button", on: { click: () => { notice(null); restart(); } } }, "Try again");
    byId("notice").append(" ", again);
  }
  if (python === "starting") byId("summary").textContent = "Starting Python in your browser…";
  if (python === "loading") byId("summary").textContent = "Loading macroengine…";
  if (python === "failed") byId("summary").textContent = "Python is not running.";
  if (python === "ready") start();
});

const editor = createEditor(byId("editor"), {
  labelledBy: "template-heading",
  describedBy: "editor-help",
  changed() {
    if (state.isOfLink) notice(null);
    check();
  },
  complete: (place, asked) => callWith("complete", { place, asked }).catch(() => null),
});
byId("editor-help").textContent = HELP;

function settings() {
  return {
    template: editor.value,
    dialect: byId("dialect").value,
    postback: byId("postback").value,
    sendAll: byId("send-all").checked,
    consent: byId("consent").checked,
  };
}

/** Call the bridge with the current template and settings. */
function callWith(name, more = {}) {
  const { template, dialect, postback, sendAll, consent } = settings();
  const file = dialect === "own" ? state.file.text : "";
  const chosen = dialect === "own" ? "auto" : dialect;
  return call(name, { template, dialect: chosen, dialect_file: file, postback, send_all: sendAll, consent, ...more });
}

const app = {
  editor,
  /** Fix a finding, unless the text has changed since it was found. */
  fix(edit) { if (state.text === editor.value) editor.edit(edit); },
  call: callWith,
  get about() { return state.about; },
  checked: async () => state.checked,
  refresh: () => showPanel(),
  openRule,
  use(template, dialect) {
    choose("dialect", dialect);
    if (template === null) check();
    else editor.replace(template);
    editor.select(0, 0);
  },
};
const panels = {
  preview: previewPanel(app),
  explain: explainPanel(app),
  translate: translatePanel(app),
  match: matchPanel(app),
  detect: detectPanel(app),
};

/** Show an error, and continue. */
function complain(error) {
  if (error instanceof Restarted) return; // already shown
  notice(error instanceof CallError ? visible(shortened(error.message)) : error.message);
}

function check() {
  if (!state.about) return undefined;
  return checking(async (isOutdated) => {
    const begun = performance.now();
    const text = editor.value;
    let found;
    try {
      found = await callWith("check");
    } catch (error) {
      if (!(error instanceof CallError) || error.kind !== "template") {
        complain(error);
        return;
      }
      found = { findings: error.findings, more: 0, counts: { error: error.findings.length }, fixes: {}, macros: [] };
    }
    if (isOutdated()) return;
    state.text = text;
    state.checked = { title: "", dialect: "appsflyer", ...found };
    showFindings(state.checked);
    performance.measure("findings", { start: begun });
    if (!state.isOfLink) notice(null);
    showPanel();
  });
}

function showFindings(found) {
  const summary = editor.value ? summaryOf(found) : "Paste a template to begin.";
  if (byId("summary").textContent !== summary) byId("summary").textContent = summary;
  const hasFocus = byId("findings").contains(document.activeElement);
  byId("findings").replaceChildren(...(editor.value ? found.findings : []).map((one) => findingItem(one, app)));
  if (hasFocus) byId("findings-heading").focus(); // the button that had it is gone
  const { safe = 0, unsafe = 0 } = found.fixes;
  byId("fix").hidden = !safe || !editor.value;
  byId("fix").textContent = safe === 1 ? "Apply the safe fix" : `Apply ${safe} safe fixes`;
  byId("fix-all").hidden = !unsafe || !editor.value;
  byId("fix-all").textContent = safe ? "Apply all fixes" : unsafe === 1 ? "Apply the fix" : `Apply ${unsafe} fixes`;
  const auto = byId("dialect").options[0];
  auto.textContent = found.title && byId("dialect").value === "auto" ? `Detected: ${found.title}` : "Detect automatically";
  const kind = byId("postback").options[0];
  kind.textContent = found.postback && byId("postback").value === "auto" ? `Detected: ${found.postback}` : "Detect from the macros";
  editor.show(found.findings, found.macros);
}

function showPanel() {
  if (!state.checked) return;
  const panel = panels[state.tab];
  showing(async (isOutdated) => {
    try {
      await panel.update(() => isOutdated() || panel !== panels[state.tab]);
    } catch (error) {
      complain(error);
    }
  });
}

function selectTab(name, focus) {
  state.tab = name;
  for (const tab of TABS) {
    const button = byId(`tab-${tab}`);
    button.setAttribute("aria-selected", String(tab === name));
    button.tabIndex = tab === name ? 0 : -1;
    if (tab === name && focus) button.focus();
  }
  byId("panel").setAttribute("aria-labelledby", `tab-${name}`);
  byId("panel").replaceChildren(panels[name].root);
  showPanel();
}

async function openRule(code) {
  let page;
  try {
    page = await call("rule", { code });
  } catch (error) {
    complain(error);
    return;
  }
  byId("rule-title").textContent = `${page.code} ${page.name}`;
  byId("rule-body").replaceChildren(make("p", { class: "lead" }, page.summary),
    ...page.sections.flatMap(({ heading, text }) => [make("h3", {}, heading),
      heading.startsWith("W") && heading !== "With" ? make("p", {}, text) : quoted("code", text, { class: "url" })]));
  byId("rule").showModal();
}

async function fixAll(unsafe) {
  try {
    const fixed = await callWith("fix", { unsafe });
    editor.replace(fixed.template);
    byId("findings-heading").focus(); // the button that had the focus may be gone
  } catch (error) {
    complain(error);
  }
}

async function share() {
  try {
    const { secrets, masked } = await callWith("secrets");
    const { dialect, ...others } = settings();
    showSharing({ ...others, dialect: dialect === "own" ? "auto" : dialect }, { secrets, masked }, dialect === "own");
  } catch (error) {
    complain(error);
  }
}

/** Select an option of a list, or the first one if there is no such option. */
function choose(id, value) {
  byId(id).value = value;
  if (byId(id).selectedIndex < 0) byId(id).selectedIndex = 0;
}

function openLink() {
  const { about } = state;
  let shared;
  try {
    shared = readLink(location.hash, {
      longest: about.max_template, dialects: about.dialects.map(({ name }) => name), postbacks: about.postbacks,
    });
  } catch {
    return "This link does not contain a template. It may be damaged, or made by another version of this page.";
  }
  if (shared) {
    choose("dialect", shared.dialect);
    choose("postback", shared.postback);
    byId("send-all").checked = shared.sendAll;
    byId("consent").checked = shared.consent;
    editor.replace(shared.template);
  }
  return null;
}

async function readFile() {
  const [file] = byId("dialect-file").files;
  byId("dialect-file").value = "";
  if (!file) return;
  try {
    const text = await file.text();
    if (!text) throw new Error("The file is empty.");
    const { title } = await call("dialect", { dialect_file: text });
    forgetFile();
    state.file = { text };
    byId("dialect").append(make("option", { value: "own" }, `${visible(title)} (your file)`));
    choose("dialect", "own");
    byId("forget-file").hidden = false;
    check();
  } catch (error) {
    complain(error);
  }
}

function forgetFile() {
  byId("dialect").querySelector("option[value=own]")?.remove();
  state.file = null;
  byId("forget-file").hidden = true;
}

/** Python is ready, for the first time or again. */
async function start() {
  try {
    const about = await call("about");
    const isFirst = !state.about;
    state.about = about;
    if (isFirst) offer(about);
    const problem = isFirst ? openLink() : null;
    if (isFirst && !editor.value) editor.replace(EXAMPLE);
    await check();
    if (problem) notice(problem, true);
    if (isFirst) performance.mark("ready");
  } catch (error) {
    complain(error);
  }
}

function offer({ dialects, postbacks, version }) {
  byId("dialect").append(...dialects.map(({ name, title }) => make("option", { value: name }, title)));
  byId("postback").append(...postbacks.map((kind) => make("option", { value: kind }, kind)));
  byId("version").textContent = version ? `macroengine ${version}` : "";
  if (document.documentElement.dataset.python === "http") {
    byId("where").textContent = "Everything runs on this machine; nothing is sent anywhere else.";
  }
}

for (const id of ["dialect", "postback", "send-all", "consent"]) byId(id).addEventListener("change", () => check());
byId("settings").addEventListener("submit", (event) => event.preventDefault());
byId("fix").addEventListener("click", () => fixAll(false));
byId("fix-all").addEventListener("click", () => fixAll(true));
byId("copy").addEventListener("click", (event) => copy(editor.value, event.currentTarget));
byId("share").addEventListener("click", share);
byId("dialect-file").addEventListener("change", readFile);
byId("forget-file").addEventListener("click", () => { forgetFile(); choose("dialect", "auto"); check(); });
addEventListener("hashchange", () => { if (state.about) notice(openLink(), true); });
for (const tab of TABS) byId(`tab-${tab}`).addEventListener("click", () => selectTab(tab));
document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const target = step ? (TABS.indexOf(state.tab) + step + TABS.length) % TABS.length : { Home: 0, End: TABS.length - 1 }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  selectTab(TABS[target], true);
});
selectTab("preview");
