// The editor of a page that was built: CodeMirror, with marks, hovers, fixes and completion.

import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { lintKeymap, linter, setDiagnostics } from "@codemirror/lint";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightSpecialChars, hoverTooltip, keymap } from "@codemirror/view";

import { byId, make, quoted, shortened, visible } from "../../macroengine/playground/page/dom.js";

export const HELP = "Type an opening delimiter or press Ctrl+Space to complete a macro; press F8 for the next finding.";

const theme = EditorView.theme({
  "&": { color: "var(--ink)", fontSize: "0.95rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.65", minHeight: "7rem", maxHeight: "24rem" },
  ".cm-content": { padding: "0.9rem 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 1rem" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { background: "var(--select)" },
  ".cm-macro": { color: "var(--accent)" },
  ".cm-specialChar": { color: "var(--error)", background: "var(--error-tint)", borderRadius: "3px" },
  ".cm-lintRange": { backgroundImage: "none !important", paddingBottom: "0", borderRadius: "2px" },
  ".cm-lintRange-error": { background: "var(--error-tint)", boxShadow: "0 2px 0 var(--error)" },
  ".cm-lintRange-warning": { background: "var(--warning-tint)", boxShadow: "0 2px 0 var(--warning)" },
  ".cm-lintRange-info": { boxShadow: "0 1px 0 var(--info)" },
  ".cm-lintRange-active": { outline: "1px solid var(--accent)" },
  ".cm-lintPoint:after": { borderBottomColor: "var(--error)" },
  ".cm-lintPoint-warning:after": { borderBottomColor: "var(--warning)" },
  ".cm-lintPoint-info:after": { borderBottomColor: "var(--info)" },
  ".cm-tooltip": {
    maxWidth: "min(28rem, 90vw)", border: "1px solid var(--field)", borderRadius: "8px", background: "var(--card)",
    color: "var(--ink)", boxShadow: "0 6px 24px rgb(0 0 0 / 18%)", overflow: "hidden", fontFamily: "var(--sans)",
  },
  ".cm-tooltip-section:not(:first-child)": { borderTop: "1px solid var(--line)" },
  ".cm-diagnostic": { padding: "0.5rem 0.8rem", borderLeftWidth: "3px", overflowWrap: "anywhere" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--error)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warning)" },
  ".cm-diagnostic-info": { borderLeftColor: "var(--info)" },
  ".cm-diagnosticAction": { background: "var(--accent)", color: "var(--accent-ink)", borderRadius: "5px", padding: "0.15rem 0.5rem", margin: "0.4rem 0 0.2rem", display: "inline-block" },
  ".cm-diagnosticText": { display: "block" },
  ".cm-diagnosticSource": { fontSize: "0.8rem", color: "var(--soft)", opacity: "1" },
  ".cm-hover": { padding: "0.55rem 0.8rem", fontSize: "0.9rem" },
  ".cm-hover p": { margin: "0.2rem 0 0" },
  ".cm-hover small": { color: "var(--soft)", display: "block", marginTop: "0.2rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "0.88rem", maxHeight: "15rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.3rem 0.7rem" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent) !important", color: "var(--accent-ink) !important" },
  ".cm-completionDetail": { fontFamily: "var(--sans)", fontStyle: "normal", opacity: "0.75" },
  ".cm-completionInfo": { padding: "0.55rem 0.8rem", fontSize: "0.9rem" },
  ".cm-panels": { background: "var(--paper)", color: "var(--ink)", borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { background: "var(--tint) !important" },
});

const showMacros = StateEffect.define();
const macrosField = StateField.define({
  create: () => ({ macros: [], marks: Decoration.none }),
  update({ macros, marks }, transaction) {
    let found = { macros: transaction.docChanged ? [] : macros, marks: marks.map(transaction.changes) };
    for (const effect of transaction.effects) {
      if (effect.is(showMacros)) {
        const ranges = effect.value.map(({ from, to }) => Decoration.mark({ class: "cm-macro" }).range(from, to));
        found = { macros: effect.value, marks: Decoration.set(ranges, true) };
      }
    }
    return found;
  },
  provide: (field) => EditorView.decorations.from(field, ({ marks }) => marks),
});

const macroHover = hoverTooltip((view, place) => {
  const macro = view.state.field(macrosField).macros.find(({ from, to }) => from <= place && place < to);
  if (!macro?.field) return null;
  const kinds = macro.available.length ? macro.available.join(", ") : "all postbacks";
  return { pos: macro.from, end: macro.to, above: true, create: () => ({ dom: make("div", { class: "cm-hover" },
    make("strong", {}, visible(macro.text)), make("p", {}, visible(macro.description)),
    make("small", {}, `From ${visible(macro.source)}, for ${kinds}.${macro.personal ? " Personal." : ""}`),
    macro.example ? make("small", {}, "Example: ", quoted("code", macro.example)) : null) }) };
});

/** Create an editor in an element, labelled by another element. It calls `changed` after every change. */
export function createEditor(parent, { labelledBy, changed, complete }) {
  // In a shadow tree, where styles are added by script, which the content security policy permits.
  const root = parent.attachShadow({ mode: "open" });
  const place = make("div");
  root.append(place);
  const label = { "aria-label": byId(labelledBy).textContent, "aria-description": HELP };
  const view = new EditorView({ parent: place, root, state: EditorState.create({ extensions: [
    history(),
    drawSelection(),
    EditorView.lineWrapping,
    highlightSpecialChars({ addSpecialChars: /[\u00a0\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2000-\u200f\u202a-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\uffa0]/gu }),
    linter(null),
    macrosField,
    macroHover,
    autocompletion({ icons: false, override: [async (context) => completions(await complete(context.pos, context.explicit))] }),
    keymap.of([...completionKeymap, ...lintKeymap, ...defaultKeymap, ...historyKeymap]),
    EditorView.contentAttributes.of({ ...label, spellcheck: "false", autocapitalize: "off", autocorrect: "off", dir: "ltr" }),
    EditorView.updateListener.of((update) => { if (update.docChanged) changed(); }),
    theme,
  ] }) });
  return {
    get value() { return view.state.doc.toString(); },
    replace(text) { view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }); },
    edit({ from, to, text }) { view.dispatch({ changes: { from, to, insert: text }, scrollIntoView: true }); },
    show(findings, macros) {
      const length = view.state.doc.length;
      const text = view.state.doc.toString();
      view.dispatch(setDiagnostics(view.state, findings.filter(({ to }) => to <= length).map((one) => diagnostic(one, text))));
      view.dispatch({ effects: showMacros.of(macros.filter(({ from, to }) => from < to && to <= length)) });
    },
    select(from, to) {
      view.focus();
      view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
    },
  };
}

function diagnostic({ from, to, severity, message, hint, code, fix }, checked) {
  const shown = visible([message, hint ?? ""].map(shortened).join("\n").trim());
  return { from, to, severity, message: shown.replaceAll("\\u{a}", "\n"), source: code, actions: fix ? [{
    name: fix.safe ? "Fix" : "Fix (may change the meaning)",
    apply(view) {
      if (view.state.doc.toString() !== checked) return; // the result is for an earlier text
      view.dispatch({ changes: { from: fix.from, to: fix.to, insert: fix.text } });
    },
  }] : [] };
}

function completions(found) {
  if (!found?.options.length) return null;
  return { from: found.from, to: found.to, validFor: /^[^&=?#\s]*$/, options: found.options.map((one) => ({
    label: one.text,
    detail: one.function ? `${one.function}, ${one.source}` : one.source,
    info: () => make("div", {}, visible(one.description), one.example ? make("p", {}, "Example: ", quoted("code", one.example)) : null),
  })) };
}
