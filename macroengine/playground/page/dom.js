// Create elements. Text always stays text: neither this file nor any other part of the page writes HTML.

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** Return a text with escapes for characters that are invisible or change the direction of text. */
export function visible(text) {
  return String(text).replace(UNSEEN, (char) => `\\u{${char.codePointAt(0).toString(16)}}`);
}

/** Return a message shortened to a readable length. Its end, which says what to do, is kept. */
export function shortened(message) {
  const characters = [...message];
  return characters.length > 300 ? `${characters.slice(0, 200).join("")} … ${characters.slice(-80).join("")}` : message;
}

/** Create an element. Strings among the children become text; `on` contains its listeners. */
export function make(tag, { on = {}, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  for (const [type, listener] of Object.entries(on)) made.addEventListener(type, listener);
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Create an element for untrusted text: all characters are visible, and its direction does not affect other text. */
export function quoted(tag, text, attributes = {}) {
  return make(tag, { dir: "ltr", ...attributes }, make("bdi", {}, visible(text)));
}

export function byId(id) {
  return document.getElementById(id);
}

/** Return a number with a word: `1 error`, `2 errors`. */
export function counted(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}

/** Create a button that copies a text and confirms it. */
export function copyButton(text, label = "Copy") {
  const button = make("button", { type: "button" }, label);
  button.addEventListener("click", () => copy(typeof text === "function" ? text() : text, button));
  return button;
}

/** Copy a text. If the browser does not permit it, the button says so. */
export async function copy(text, button) {
  const label = button.dataset.label ?? button.textContent;
  button.dataset.label = label;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copying is not permitted";
  }
  setTimeout(() => { button.textContent = label; }, 1500);
}
