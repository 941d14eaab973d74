// Renders postback templates, and runs the conformance vectors.
//
//     node render.mjs VECTORS.json...
//
// Written only from docs/rendering.md and grammar/README.md. Needs Node 20 and nothing else.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const { conversions: CONVERSIONS, dialects: DIALECTS } = JSON.parse(
  readFileSync(new URL("catalogue.json", import.meta.url), "utf8"),
);
// Keys that a row may omit.
const ROW = {
  names: [], send_all: false, type: "text", functions: {}, case: "as-is",
  encoding: null, missing: null, identifier: false, family: null,
};
for (const dialect of Object.values(DIALECTS)) dialect.macros = dialect.macros.map((row) => ({ ...ROW, ...row }));

class RenderError extends Error {}
class MissingValueError extends RenderError {}
class SuppressedError extends RenderError {}
class TemplateError extends Error {}

// The template (grammar/README.md)

const escapeRegExp = (text) => text.replace(/[.*+?^${}()|[\]\\\/-]/g, "\\$&");

// Text that matches a form. Macros of other syntaxes are literal text, and have no names here.
function formPattern(form, index) {
  const [opener, separator, closer] = [form.opener, form.separator, form.closer].map(escapeRegExp);
  const names = form.alternatives ? `(?:${form.name})(?:${escapeRegExp(form.alternatives)}(?:${form.name}))*` : form.name;
  const text = form.argument ?? `(?:(?!${closer}|${opener})[^])+`;
  const [named, argued] = form.isOuter ? ["?:", "?:"] : [`?<names${index}>`, `?<argument${index}>`];
  return `${opener}(${named}${names})${separator && `${separator}(${argued}${text})`}${closer}`;
}

// Characters and macros, in order: {text, start, stop, names?, key?}.
function pieces(source, dialect) {
  const forms = [...dialect.forms, ...dialect.outer.map((form) => ({ ...form, isOuter: true }))].toSorted(
    (one, other) => other.opener.length - one.opener.length,
  );
  const found = [];
  let at = 0;
  for (const match of source.matchAll(new RegExp(forms.map(formPattern).join("|"), "g"))) {
    const index = forms.findIndex((_, number) => match.groups?.[`names${number}`] !== undefined);
    if (index < 0) continue;
    for (; at < match.index; at++) found.push({ text: source[at], start: at, stop: at + 1 });
    const read = reading(match.groups[`names${index}`], match.groups[`argument${index}`], forms[index], dialect);
    found.push({ text: match[0], start: at, stop: at + match[0].length, ...read });
    at += match[0].length;
  }
  for (; at < source.length; at++) found.push({ text: source[at], start: at, stop: at + 1 });
  return found;
}

function reading(text, argument, form, dialect) {
  const [first, ...others] = form.alternatives ? text.split(form.alternatives) : [text];
  if (!others.length) {
    const [name, key] = takenApart(first, argument, form, dialect);
    return { names: [name], key };
  }
  const read = [first, ...others].map((name) => takenApart(name, undefined, form, dialect));
  if (read.some(([, key]) => key !== read[0][1])) return { names: [first, ...others] };
  return { names: read.map(([name]) => name), key: read[0][1] };
}

// The name and the function. A function may be written as an argument.
function takenApart(name, argument, form, dialect) {
  const functions = Object.entries(dialect.functions).toSorted(([, one], [, other]) => other.length - one.length);
  const isWhole = dialect.macros.some((row) => row.name === name || row.names.includes(name));
  const texts = [...(argument === undefined ? [] : [`${name}${form.separator}${argument}`]), ...(isWhole ? [] : [name])];
  for (const inside of texts) {
    for (const [key, written] of functions) {
      const [before, after] = written.split("NAME");
      const inner = inside.slice(before.length, inside.length - after.length);
      if (inside === before + inner + after && new RegExp(`^(?:${form.name})$`).test(inner)) return [inner, key];
    }
  }
  return [name];
}

const isMacro = (piece) => piece.names !== undefined;
const isOneOf = (piece, characters) => !isMacro(piece) && characters.includes(piece.text);
const plain = (list) => list.map((piece) => (isMacro(piece) ? "\0" : piece.text)).join("");

function until(list, characters) {
  const index = list.findIndex((piece) => isOneOf(piece, characters));
  return index < 0 ? list.length : index;
}

// {scheme, slashes, authority, path, pairs: [{opening, name, equals, value}], hash, fragment}
function parse(source, dialect) {
  let rest = pieces(source, dialect);
  const parts = { scheme: [], slashes: [], authority: [], path: [], pairs: [], hash: [], fragment: [] };
  const text = plain(rest);
  const head = text.slice(0, until(rest, "/?#"));
  const web = /^https?:[\/\\]*/i.exec(text);
  let scheme = 0;
  let slashes = 0;
  if (web) [scheme, slashes] = [web[0].indexOf(":"), web[0].length - web[0].indexOf(":")];
  else if (head.endsWith(":") && head.length > 1 && text.startsWith("//", head.length))
    [scheme, slashes] = [head.length - 1, 3];
  else if (text.startsWith("//")) slashes = 2;
  else if (text.startsWith("&") || /^[^\0\/:?#&=]+=/.test(text)) return withQuery(rest, parts, text.startsWith("&"));
  parts.scheme = rest.slice(0, scheme);
  parts.slashes = rest.slice(scheme, scheme + slashes);
  rest = rest.slice(scheme + slashes);
  if (slashes) {
    parts.authority = rest.slice(0, until(rest, "/?#"));
    rest = rest.slice(parts.authority.length);
  }
  parts.path = rest.slice(0, until(rest, "?#"));
  rest = rest.slice(parts.path.length);
  return rest.length && isOneOf(rest[0], "?") ? withQuery(rest, parts, true) : withFragment(rest, parts);
}

function withFragment(rest, parts) {
  return { ...parts, hash: rest.slice(0, 1), fragment: rest.slice(1) };
}

function withQuery(list, parts, isOpened) {
  const query = list.slice(0, until(list, "#"));
  const body = query.slice(isOpened ? 1 : 0);
  const semicolons = !plain(body).includes("&") && /;[^\0\/:;?#&=]+=/.test(plain(body));
  const separator = semicolons ? ";" : "&";
  let opening = query.slice(0, isOpened ? 1 : 0);
  let rest = body;
  for (;;) {
    const end = until(rest, separator);
    const pair = rest.slice(0, end);
    const equals = until(pair, "=");
    parts.pairs.push({ opening, name: pair.slice(0, equals), equals: pair.slice(equals, equals + 1), value: pair.slice(equals + 1) });
    if (end === rest.length) break;
    opening = rest.slice(end, end + 1);
    rest = rest.slice(end + 1);
  }
  return withFragment(list.slice(query.length), parts);
}

// The place of a macro (docs/rendering.md, section 3)

function decoded(list) {
  let symbols = list.map((piece) => ({ ...piece, char: isMacro(piece) ? "" : piece.text, times: 0 }));
  for (let round = 1; ; round++) {
    const again = [];
    for (let index = 0; index < symbols.length; index++) {
      const three = symbols.slice(index, index + 3);
      const text = three.map((symbol) => symbol.char || "\0").join("");
      if (/^%[0-9A-Fa-f]{2}$/.test(text)) {
        const char = String.fromCharCode(parseInt(text.slice(1), 16));
        again.push({ char, times: round, start: three[0].start, stop: three[2].stop, digits: text.slice(1) });
        index += 2;
      } else again.push(symbols[index]);
    }
    if (again.length === symbols.length) return symbols;
    symbols = again;
  }
}

// What is nested in the component: {steps: Map, segments: Set, parts: Map, glued: Set, queries: [{opening, separator, pairs}]}.
// `parts` has the part of the innermost inner URL around each macro, or "".
function inside(list, part) {
  const found = { steps: new Map(), segments: new Set(), parts: new Map(), glued: new Set(), queries: [] };
  const symbols = decoded(list);
  if (part === "scheme" || part === "authority") leave(symbols, ["PERCENT"], found, false);
  else {
    for (const text of split(symbols, { path: "/", fragment: "&=" }[part] ?? "")) {
      const isBody = part === "path" && text.length > 0 && text[0].start === 0;
      read(text, 1, ["PERCENT"], found, part === "path", !isBody);
    }
  }
  let before = "";
  for (const piece of list) {
    if (!isMacro(piece)) before += piece.text;
    else {
      const times = found.steps.get(piece.start).filter((step) => step === "PERCENT").length;
      if (completes(before, times)) found.glued.add(piece.start);
      before = "";
    }
  }
  return found;
}

function completes(text, times) {
  for (let round = 0; round < times; round++) {
    if (/%[0-9A-Fa-f]?$/.test(text)) return true;
    text = text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
  }
  return false;
}

function split(symbols, delimiters) {
  const texts = [[]];
  for (const symbol of symbols) {
    if (symbol.char && symbol.times === 0 && delimiters.includes(symbol.char)) texts.push([]);
    else texts.at(-1).push(symbol);
  }
  return texts;
}

function leave(symbols, steps, found, isPath, part = "") {
  for (const symbol of symbols.filter(isMacro)) {
    found.parts.set(symbol.start, part);
    found.steps.set(symbol.start, steps);
    if (isPath) found.segments.add(symbol.start);
    else found.segments.delete(symbol.start);
  }
}

const percents = (count) => Array(count).fill("PERCENT");

function read(symbols, times, steps, found, isPath, mayBeJson = true, part = "") {
  if (!symbols.some(isMacro)) return;
  if (mayBeJson && symbols[0].char && "{[".includes(symbols[0].char)) {
    const seen = Math.max(times, symbols[0].times);
    const strings = jsonStrings(symbols, seen);
    if (strings) {
      const around = [...steps, ...percents(seen - times)];
      leave(symbols, [...around, "WHOLE"], found, false, part);
      for (const text of strings) read(text, seen, [...around, "STRING"], found, false, true, part);
      return;
    }
  }
  let url = firstUrl(symbols, times, steps.at(-1) === "STRING");
  if (!url) return leave(symbols, steps, found, isPath, part);
  leave(symbols.slice(0, url.begin), steps, found, isPath, part);
  const first = url;
  while (url) {
    const next = nextUrl(symbols, url.begin, times, url.seen);
    const end = next ? next.begin - (next.part === "server" ? 3 : 1) : symbols.length;
    // A URL that continues at a = has lost its other pairs to the URL before.
    const isWhole = url === first || url.part !== "value";
    const separator = isWhole && hasSemicolons(symbols, url, end) ? ";" : "&";
    readUrl(symbols, url, end, [...steps, ...percents(url.seen + 1 - times)], found, separator);
    url = next;
  }
}

function firstUrl(symbols, times, inString) {
  for (let index = 0; index < symbols.length; index++) {
    const symbol = symbols[index];
    if (symbol.char === "=" && symbol.times >= (inString ? 1 : times)) {
      const seen = Math.max(symbol.times, times);
      return { begin: index + 1, seen, part: "value", pair: pairBegin(symbols, index, 0, seen) };
    }
    const mark = serverMark(symbols, index);
    if (mark !== null && mark >= (inString ? 0 : times))
      return { begin: index + 3, seen: Math.max(mark, times), part: "server", pair: null };
  }
  return null;
}

function nextUrl(symbols, begin, times, seen) {
  for (let index = begin; index < symbols.length; index++) {
    const { char, times: own } = symbols[index];
    if (!char || own < times || own >= seen) continue;
    if (char === "?" || char === "&") return { begin: index + 1, seen: own, part: "name", pair: index + 1 };
    if (char === "#") return { begin: index + 1, seen: own, part: "fragment", pair: null };
    if (char === "=") return { begin: index + 1, seen: own, part: "value", pair: pairBegin(symbols, index, times, own) };
    const mark = serverMark(symbols, index);
    if (mark !== null && mark < seen) return { begin: index + 3, seen: mark, part: "server", pair: null };
  }
  return null;
}

function serverMark(symbols, index) {
  const mark = symbols.slice(index, index + 3);
  if (index === 0 || mark.map((symbol) => symbol.char || "\0").join("") !== "://") return null;
  const before = symbols[index - 1];
  return isMacro(before) || /^[A-Za-z0-9+.-]$/.test(before.char) ? Math.max(...mark.map((symbol) => symbol.times)) : null;
}

function pairBegin(symbols, equals, least, most) {
  for (let index = equals - 1; index >= 0; index--) {
    const { char, times } = symbols[index];
    if (char && "?&".includes(char) && times >= least && times <= most) return index + 1;
  }
  return 0;
}

const ENDS = { server: "/\\?#", path: "/?#", name: "=#", value: "#", fragment: "" };
const BEGINS = { "/": "path", "\\": "path", "?": "name", "&": "name", ";": "name", "=": "value", "#": "fragment" };

// As in the outermost URL: a literal ;name= and no &.
function hasSemicolons(symbols, { begin, seen, part, pair }, end) {
  const start = pair ?? begin;
  if (part === "fragment" || (start > 0 && symbols[start - 1].char === "&")) return false;
  const visible = symbols.slice(start, end).map((one) => (one.times > seen ? "%" : one.char || "/"));
  let query = visible.join("").split("#")[0];
  if (part === "server") query = query.includes("?") ? query.slice(query.indexOf("?") + 1) : "";
  return !query.includes("&") && /;[^/:;?#&=]+=/.test(query);
}

function readUrl(symbols, { begin, seen, part, pair }, end, steps, found, separator) {
  const kindOfCut = ({ times, digits }) => `${times} ${digits ?? ""}`;
  const texts = [];
  const cuts = [];
  let [first, last, kind, text] = [pair, end, null, []];
  for (let index = pair ?? begin; separator === ";" && index < begin; index++) {
    const symbol = symbols[index];
    if (symbol.char !== ";" || symbol.times > seen || (kind !== null && kind !== kindOfCut(symbol))) continue;
    kind = kindOfCut(symbol);
    cuts.push(index);
  }
  for (let index = begin; index < end; index++) {
    const symbol = symbols[index];
    const ends = ENDS[part] + (part === "name" || part === "value" ? separator : "");
    if (!symbol.char || !ends.includes(symbol.char) || symbol.times > seen) {
      text.push(symbol);
      continue;
    }
    texts.push([part, text]);
    text = [];
    if (symbol.char === "?") first = index + 1;
    else if (symbol.char === separator && (kind === null || kind === kindOfCut(symbol))) {
      kind = kindOfCut(symbol);
      cuts.push(index);
    } else if (symbol.char === "#") last = index;
    part = BEGINS[symbol.char];
  }
  texts.push([part, text]);
  for (const [name, inner] of texts) read(inner, seen + 1, steps, found, name === "path", true, name);
  if (first !== null) found.queries.push(innerQuery(symbols, first, last, cuts, separator));
}

function innerQuery(symbols, first, last, cuts, char) {
  const { times, digits } = cuts.length ? symbols[cuts[0]] : { times: 0 };
  const edge = first ? symbols[first - 1].stop : symbols[0].start;
  const isOpened = first > 0 && symbols[first - 1].char && "?&".includes(symbols[first - 1].char);
  const opening = isOpened ? [symbols[first - 1].start, symbols[first - 1].stop] : [edge, edge];
  const begins = [first, ...cuts.map((cut) => cut + 1)];
  const pairs = [...cuts, last].map((stop, index) =>
    begins[index] < stop
      ? [symbols[begins[index]].start, symbols[stop - 1].stop]
      : [stop ? symbols[stop - 1].stop : edge, stop ? symbols[stop - 1].stop : edge],
  );
  return { opening, separator: times ? `%${"25".repeat(times - 1)}${digits}` : char, pairs };
}

// The texts of the strings in a JSON value with macros; null if it is not JSON.
function jsonStrings(symbols, times) {
  const text = symbols
    .map((symbol) => (isMacro(symbol) ? "\x01" : symbol.times <= times && !"\x01\x02".includes(symbol.char) ? symbol.char : "\x02"))
    .join("");
  const strings = [];
  let at = 0;
  const take = (pattern) => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) throw new SyntaxError();
    at = pattern.lastIndex;
    return match[0];
  };
  const next = () => (take(/[ \t\n\r]*/y), text[at]);
  const string = () => {
    take(/"/y);
    const content = [];
    while (text[at] !== '"') {
      const begin = at;
      const taken = take(/\\(?:["\\\/bfnrt\x01]|u[0-9A-Fa-f]{4})|[^\x00\x03-\x1f"\\]/y);
      const symbol = symbols[at - 1];
      if (taken[0] === "\\" && taken[1] === "u") {
        const char = String.fromCharCode(parseInt(taken.slice(2), 16));
        content.push({ char, times: symbols[begin + 1].times, start: symbol.start, stop: symbol.stop });
      } else content.push(symbol);
    }
    at++;
    strings.push(content);
  };
  const list = (end, isObject) => {
    at++;
    if (next() === end) return void at++;
    for (;;) {
      if (isObject) {
        next();
        string();
        next();
        take(/:/y);
      }
      value();
      if (next() === end) return void at++;
      take(/,/y);
    }
  };
  const value = () => {
    const first = next();
    if (first === "{") list("}", true);
    else if (first === "[") list("]", false);
    else if (first === '"') string();
    else take(/\x01|true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y);
  };
  try {
    value();
    next();
    return at === text.length ? strings : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}

// Values (section 2). A number is {$number: its text}, so that 1 and 1.0 are different.

function digits(text, isFloat) {
  let [, sign, whole, fraction = "", exponent = "0"] = /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (whole === undefined || Math.abs(exponent) > 400) throw new RenderError("not a number that can be sent");
  const shift = Number(exponent);
  if (shift > 0) [whole, fraction] = [whole + fraction.padEnd(shift, "0").slice(0, shift), fraction.slice(shift)];
  else if (shift < 0) {
    const padded = whole.padStart(1 - shift, "0");
    [whole, fraction] = [padded.slice(0, shift), padded.slice(shift) + fraction];
  }
  whole = whole.replace(/^0+(?=\d)/, "");
  if (isFloat && !fraction) fraction = "0";
  if (whole.length + fraction.length > 400) throw new RenderError("the number is too long");
  return sign + whole + (fraction && `.${fraction}`);
}

function numberText(text) {
  if (/^-?\d+$/.test(text)) return digits(text, false);
  const number = Number(text);
  if (!Number.isFinite(number)) throw new RenderError("not a finite number");
  return digits(Object.is(number, -0) ? "-0" : String(number), true);
}

const kindOf = (raw) =>
  raw === null || typeof raw !== "object"
    ? typeof raw
    : ["$number", "$decimal", "$time"].find((key) => key in raw && Object.keys(raw).length === 1) ?? "json";

function textOf(raw, type, booleans) {
  switch (kindOf(raw)) {
    case "string": return raw;
    case "boolean": return (type === "flag" ? "1/0" : booleans).split("/")[raw ? 0 : 1];
    case "$number": return numberText(raw.$number);
    case "$decimal": return digits(raw.$decimal, false);
    case "$time": return timeText(raw.$time, type);
  }
  if (type === "json") return compact(raw);
  if (type === "list" && Array.isArray(raw)) return elements(raw, booleans).join(",");
  throw new RenderError("no text for this value");
}

function elements(raw, booleans) {
  if (typeof raw === "string") return raw.split(",");
  return (Array.isArray(raw) ? raw : [raw]).map((item) => textOf(item, "text", booleans));
}

// A value in a unit `times` as small; null if it is neither a number nor a time.
function converted(raw, times) {
  const kind = kindOf(raw);
  if (kind === "$time") return raw;
  const text = kind === "$number" ? numberText(raw.$number) : kind === "$decimal" ? digits(raw.$decimal, false) : raw;
  if (typeof text !== "string") return null;
  if (!/^-?[0-9]{1,30}(?:\.[0-9]{1,30})?$/.test(text)) {
    if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:/.test(text) || Number.isNaN(Date.parse(text))) return null;
    return { $time: /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z` };
  }
  // All units differ by a power of ten.
  return { $decimal: digits(`${text}e${Math.log10(times)}`, false).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "") };
}

function timeText(iso, type) {
  if (!/(?:Z|[+-]\d\d:\d\d)$/.test(iso)) throw new RenderError("a time without a time zone");
  const time = Date.parse(iso);
  if (type === "unix-time") return String(Math.floor(time / 1000));
  if (type === "unix-time-ms") return String(Math.floor(time));
  const text = new Date(time).toISOString().slice(0, 19);
  return type === "rfc3339" ? `${text}Z` : text.replace("T", " ");
}

function compact(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(compact).join(",")}]`;
  if (kindOf(value) === "$number") return numberText(value.$number);
  return `{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${compact(item)}`).join(",")}}`;
}

// A template and an event

const folded = (name) => name.toLowerCase().replace(/[-_]/g, "");

// The first row for the macro's names. A macro with alternatives is written like this one.
const rowOf = (macro, dialect) => macro.names.map((name) => rowNamed(name, macro, dialect)).find((row) => row) ?? null;

function rowNamed(name, macro, dialect) {
  const spelled = (same) => dialect.macros.find((row) => [row.name, ...row.names].some(same));
  const isDocumented = (row) => macro.key === undefined || (row.functions[macro.key] ?? []).length > 0;
  const row = spelled((own) => own === name);
  if (row) return isDocumented(row) ? row : null;
  const near = spelled((own) => folded(own) === folded(name));
  for (const one of dialect.macros.filter((one) => one.family !== null)) {
    if (name.startsWith(one.family) && name !== one.family && !near?.name.startsWith(one.family))
      return { ...one, name, field: `${one.field}_${name.slice(one.family.length)}` };
  }
  if (dialect.open) return { ...ROW, name, field: name, source: "Link" };
  return near && isDocumented(near) ? near : null;
}

// The number of digits of each hash, and of encodings of each encoding function.
const SIZES = { md5: 32, sha1: 40, sha256: 64 };
const PERCENTS = { percent: 1, percent2: 2, percent3: 3 };

function changed(key, text) {
  if (key === "upper") return text.toUpperCase();
  if (key === "lower") return text.toLowerCase();
  return key === "base64" ? Buffer.from(text, "utf8").toString("base64") : text;
}

const AGREED = { limited: ["false", "0"], authorized: ["true", "1"], status: ["authorized", "3"] };

class Rendering {
  constructor(vector) {
    this.dialect = DIALECTS[vector.dialect];
    this.source = vector.template;
    this.event = { postback: "install", attributed: true, ...vector.event };
    this.policy = { postback: "install", send_all: false, consent: false, deny: [], ...vector.policy };
    this.options = { missing: "$empty", nested: true, booleans: "true/false", unknown: "error", ...vector.options };
    const labels = { AF: "Platform", af: "Platform" };
    this.sources = this.policy.sources?.map((source) => labels[source] ?? source);
    this.held = { Link: this.event.link ?? {}, SDK: this.event.sdk ?? {}, Platform: this.event.af ?? this.event.platform ?? {} };
    this.isRefused = this.policy.consent && this.dialect.consent.some(([source, field, kind]) => this.refuses(source, field, kind));
  }

  refuses(source, field, kind) {
    const raw = this.held[source][field] ?? null;
    if (raw === null || raw === "") return false;
    const [word, digit] = AGREED[kind];
    return ![word, word.toUpperCase(), word[0].toUpperCase() + word.slice(1), digit].includes(textOf(raw, "text", "true/false"));
  }

  raw(row) {
    if (!this.event.attributed && !row.send_all) return null;
    if (this.sources && !this.sources.includes(row.source)) return null;
    if (this.policy.deny.some((name) => [row.name, row.field, ...(row.names ?? [])].some((own) => folded(own) === folded(name)))) return null;
    if (this.isRefused && row.identifier) return null;
    const found = this.held[row.source][row.field] ?? null;
    if (found !== null || !(row.field in CONVERSIONS)) return found;
    const { of: other, times } = CONVERSIONS[row.field];
    const larger = this.held[row.source][other] ?? null;
    return larger === null ? null : converted(larger, times);
  }

  // The first name that has a value: its row and the value.
  found(macro) {
    for (const name of macro.names) {
      const row = rowNamed(name, macro, this.dialect);
      const raw = row && this.raw(row);
      if (raw !== null) return [row, raw];
    }
    return [null, null];
  }

  // The row by which a macro is sent. Without a row in an incomplete catalogue, the macro has no value.
  sentRow(macro) {
    const row = rowOf(macro, this.dialect);
    if (row || !this.dialect.partial || this.options.unknown !== "error") return row;
    return { ...ROW, name: macro.text, field: macro.text, source: "Platform" };
  }

  text(macro, row) {
    const [own, raw] = this.found(macro);
    if (raw === null) return null;
    const text = textOf(raw, row.type, this.options.booleans);
    if (SIZES[macro.key]) return this.hash(macro.key, text, row.type, own.case);
    return changed(macro.key, text);
  }

  hash(name, text, type, ownCase) {
    if (/^[0-]*$/.test(text)) return null;
    if (type === "uuid" && new RegExp(`^[0-9A-Fa-f]{${SIZES[name]}}$`).test(text)) return text.toLowerCase();
    const cased = { upper: text.toUpperCase(), lower: text.toLowerCase() }[this.options.hash_case ?? ownCase] ?? text;
    return createHash(name).update(cased, "utf8").digest("hex");
  }

  missing(row) {
    const given = this.given(row);
    return given === "$empty" && this.dialect.drops_missing && !row.missing ? "$drop" : given;
  }

  given(row) {
    const given = this.options.missing;
    if (typeof given === "string") return given;
    const nearest = (same) => Object.keys(given).findLast(same);
    const name =
      nearest((name) => [row.name, ...(row.names ?? [])].some((own) => folded(own) === folded(name))) ??
      nearest((name) => folded(name) === folded(row.field)) ?? nearest((name) => name === "*");
    return name === undefined ? "$empty" : given[name];
  }

  url() {
    if (this.event.postback !== this.policy.postback) throw new SuppressedError("for another kind of postback");
    if (!this.event.attributed && !this.policy.send_all) throw new SuppressedError("not attributed");
    const parts = parse(this.source, this.dialect);
    const text = (list) => list.map((piece) => piece.text).join("");
    const url =
      this.component(parts.scheme, "scheme") + text(parts.slashes) + this.component(parts.authority, "authority") +
      this.component(parts.path, "path") + this.query(parts.pairs) + text(parts.hash) + this.component(parts.fragment, "fragment");
    if (Buffer.byteLength(url) > 65536) throw new RenderError("the URL is too long");
    return url;
  }

  component(list, part) {
    return list.length ? new Component(this, list, part).sent() : "";
  }

  query(pairs) {
    const opening = pairs[0]?.opening[0]?.text ?? "";
    const separator = pairs[1]?.opening[0].text ?? "&";
    const texts = pairs.map((pair) => {
      const [name, value] = [new Component(this, pair.name, "name"), new Component(this, pair.value, "value")];
      return { name, value, pair, deciding: [...name.deciding(), ...value.deciding()] };
    });
    const stays = texts.map(({ deciding }) => !deciding.some((macro) => this.mayDrop(macro)));
    const kept = [];
    for (const [index, { name, value, pair, deciding }] of texts.entries()) {
      if (this.isDropped(deciding)) continue;
      // A semicolon only separates pairs if there is no & at all.
      const hasOther = separator === "&" && stays.some((stay, other) => stay && other !== index);
      const reach = [...pair.name, ...pair.equals, ...pair.value];
      const isAlone = opening !== "&" && !hasOther && reach.length > 0;
      name.alone = value.alone = isAlone ? [reach[0].start, reach.at(-1).stop] : null;
      name.isSplit = value.isSplit = separator === ";";
      kept.push(name.sent() + (pair.equals[0]?.text ?? "") + value.sent());
    }
    return kept.length ? opening + kept.join(separator) : "";
  }

  mayDrop(macro) {
    const row = this.sentRow(macro);
    return Boolean(row && this.missing(row) === "$drop");
  }

  isDropped(macros) {
    const dropping = macros.map((macro) => [macro, this.sentRow(macro)]).filter(([, row]) => row && this.missing(row) === "$drop");
    return (
      dropping.some(([macro]) => this.found(macro)[1] === null) ||
      dropping.some(([macro, row]) => SIZES[macro.key] && this.text(macro, row) === null)
    );
  }
}

// A component with its inner queries, which may lose pairs (section 4).
class Component {
  constructor(rendering, list, part) {
    Object.assign(this, { rendering, list, part, inside: inside(list, part), macros: list.filter(isMacro) });
    this.inside.queries.sort((one, other) => one.opening[0] - other.opening[0] || other.pairs.at(-1)[1] - one.pairs.at(-1)[1]);
    this.queries = this.macros.some((macro) => rendering.mayDrop(macro)) ? this.inside.queries : [];
    this.alone = null; // the pair of the outermost URL around it, if that may be sent without any &
    this.isSplit = false; // whether semicolons separate the pairs of the outermost URL
    this.reach = list.length ? [list[0].start, list.at(-1).stop] : [0, 0];
  }

  outermost(start, stop, first) {
    const found = [];
    for (let index = first; index < this.queries.length; index++) {
      const { opening, pairs } = this.queries[index];
      const begin = found.length ? this.queries[found.at(-1)].pairs.at(-1)[1] : start;
      if (begin <= opening[0] && pairs.at(-1)[1] <= stop) found.push(index);
    }
    return found;
  }

  own(start, stop, first) {
    const inner = this.outermost(start, stop, first).flatMap((index) => this.queries[index].pairs);
    const isInner = (macro) => inner.some(([begin, end]) => begin <= macro.start && macro.start < end);
    return this.macros.filter((macro) => start <= macro.start && macro.start < stop && !isInner(macro));
  }

  deciding(start = this.reach[0], stop = this.reach[1], first = 0) {
    return this.own(start, stop, first).filter((macro) => !this.inside.glued.has(macro.start));
  }

  sent(start = this.reach[0], stop = this.reach[1], first = 0) {
    const source = this.rendering.source;
    const stops = [
      ...this.own(start, stop, first).map((macro) => ({ at: macro.start, end: macro.stop, text: () => this.macro(macro) })),
      ...this.outermost(start, stop, first).map((index) => ({
        at: this.queries[index].opening[0], end: this.queries[index].pairs.at(-1)[1], text: () => this.query(index),
      })),
    ].sort((one, other) => one.at - other.at);
    let [text, at] = ["", start];
    for (const next of stops) {
      text += source.slice(at, next.at) + next.text();
      at = next.end;
    }
    return text + source.slice(at, stop);
  }

  // Patterns that an unencoded value must not contain, because of the part that it is in.
  forbidden(macro) {
    const inner = this.inside.parts.get(macro.start);
    const isOuter = !inner || !this.rendering.options.nested;
    const parts = [inner, ...(isOuter ? [this.part] : [])];
    const found = parts.includes("name") ? [/=/] : [];
    if (parts.includes("path")) found.push(/[/?]/, /^(?:\.|%2e){1,2}$/i);
    if (isOuter && this.alone) found.push(...(this.isSplit ? [/;/] : this.splitting(macro, this.alone)));
    if (inner === "name" || inner === "value") found.push(...this.splittingInner(macro));
    return found;
  }

  splittingInner(macro) {
    const has = ([begin, end], { start }) => begin <= start && start < end;
    const owner = (one) => this.inside.queries.findLast(({ pairs }) => pairs.some((pair) => has(pair, one)));
    const { opening, separator, pairs } = owner(macro);
    const isAmpersand = (text) => text.endsWith("&") || text.endsWith("26");
    if (isAmpersand(this.rendering.source.slice(...opening))) return [];
    if (pairs.length > 1 && !isAmpersand(separator)) return [/;/];
    const dropping = this.macros.filter((one) => owner(one)?.pairs === pairs && this.rendering.mayDrop(one));
    if (pairs.some((pair) => ![macro, ...dropping].some((one) => has(pair, one)))) return [];
    return this.splitting(macro, pairs.find((pair) => has(pair, macro)), /;|%(25)*3b/i);
  }

  // Patterns of what would begin another pair in a query without any &.
  splitting(macro, [begin, end], semicolon = /;/) {
    const found = [macro.stop === end ? /;[^/:;?#&=]+=/ : /;/];
    return semicolon.test(this.rendering.source.slice(begin, macro.start)) ? [...found, /=/] : found;
  }

  query(index) {
    const { opening, separator, pairs } = this.queries[index];
    const kept = pairs.filter((pair) => !this.rendering.isDropped(this.deciding(...pair, index + 1)));
    if (!kept.length) return "";
    return this.rendering.source.slice(...opening) + kept.map((pair) => this.sent(...pair, index + 1)).join(separator);
  }

  macro(macro) {
    const { rendering, part } = this;
    const { options } = rendering;
    const row = rendering.sentRow(macro);
    let steps = this.inside.steps.get(macro.start);
    if (!row && options.unknown === "error") throw new TemplateError(`unknown macro ${macro.text}`);
    if (!row && options.unknown === "keep") return macro.text;
    if (this.inside.glued.has(macro.start)) throw new RenderError("the value would form an escape");
    const isSegment = this.inside.segments.has(macro.start) || (part === "path" && steps.length === 1);
    if (!options.nested) steps = ["PERCENT", ...steps.filter((step) => step !== "PERCENT")];
    const isWhole = steps.at(-1) === "WHOLE";
    if (!row) return isWhole ? "null" : "";
    const text = rendering.text(macro, row);
    if (part === "authority" && options.allow_host_macros) {
      if (text === null) throw new MissingValueError("the host needs a value");
      if (!/^[A-Za-z0-9-]{1,63}$/.test(text)) throw new RenderError("not a label of a host");
      return text;
    }
    if (text === null) return this.instead(macro, row, steps, isWhole);
    const forbidden = this.forbidden(macro);
    const raw = rendering.found(macro)[1];
    const parts = row.type === "list" ? elements(raw, options.booleans) : [text];
    if (isSegment && [text, ...(isWhole ? [] : parts)].some((part) => part === "." || part === ".."))
      throw new RenderError("leads to another path");
    if (isWhole && !PERCENTS[macro.key]) {
      const isTyped = macro.key === undefined || macro.key === "none";
      return this.encoded(macro, row, isTyped ? jsonValue(raw, text, row.type) : JSON.stringify(text), steps, forbidden);
    }
    // Encode each element, and join them with a plain comma.
    if (row.type === "list")
      return parts.map((part) => this.encoded(macro, row, changed(macro.key, part), steps, forbidden)).join(",");
    return this.encoded(macro, row, text, steps, forbidden);
  }

  // `forbidden` is null for a text that is not checked.
  encoded(macro, row, text, steps, forbidden) {
    if (PERCENTS[macro.key]) {
      for (let times = PERCENTS[macro.key]; times > 0; times--) text = percentEncode(text);
      return text;
    }
    const encoding = macro.key === "none" ? "none" : (row.encoding ?? this.rendering.dialect.encoding);
    return encoded(text, steps, encoding, forbidden);
  }

  instead(macro, row, steps, isWhole) {
    const { dialect } = this.rendering;
    let missing = this.rendering.missing(row);
    if (missing === "$raise") throw new MissingValueError(`${macro.text} is missing`);
    if (missing === "$keep") return macro.text;
    if (missing === "$empty") missing = (row.missing ?? dialect.missing) || "$drop";
    if (missing === "$drop") return isWhole ? "null" : "";
    const isNumber = row.type === "number" && isJsonNumber(missing);
    const text = isWhole && !isNumber && !PERCENTS[macro.key] ? JSON.stringify(missing) : missing;
    return this.encoded(macro, row, text, steps, null);
  }
}

const isJson = (text) => {
  try {
    return JSON.parse(text), true;
  } catch {
    return false;
  }
};
const isJsonNumber = (text) => /^[-0-9].*[0-9]$|^[0-9]$/.test(text) && isJson(text);

function jsonValue(raw, text, type) {
  const isSeconds = type === "unix-time" || type === "unix-time-ms";
  const kind = kindOf(raw);
  let isIt = (type !== "list" && ["boolean", "$number", "$decimal", "json"].includes(kind)) || (kind === "$time" && isSeconds);
  if (kind === "string") {
    if (type === "number" || isSeconds) isIt = isJsonNumber(text);
    if (type === "boolean") isIt = text === "true" || text === "false";
    if (type === "json") isIt = isJson(text);
  }
  return isIt ? text : JSON.stringify(text);
}

const percentEncode = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

function encoded(text, steps, encoding, forbidden) {
  let isOwn = true;
  try {
    for (const step of steps.toReversed()) {
      if (step === "STRING") text = JSON.stringify(text).slice(1, -1);
      else if (step === "PERCENT") {
        text = isOwn ? own(text, encoding, forbidden) : percentEncode(text);
        isOwn = false;
      }
    }
  } catch (error) {
    if (error instanceof URIError) throw new RenderError("half of a surrogate pair");
    throw error;
  }
  return text;
}

function own(text, encoding, forbidden) {
  if (encoding === "percent") return percentEncode(text);
  if (encoding === "nfc") return percentEncode(text.normalize("NFC"));
  if (encoding === "component") return encodeURIComponent(text);
  if (encoding === "form") return percentEncode(text).replaceAll("%20", "+");
  if (encoding === "json") text = JSON.stringify(text).slice(1, -1);
  if (forbidden === null) return text;
  if (encoding === "base64") text = Buffer.from(text, "utf8").toString("base64");
  if (forbidden.some((pattern) => pattern.test(text))) throw new RenderError("would be read as more than a value");
  if (!/^[A-Za-z0-9._~!$'()*+,;=:@\/?-]*$/.test(text.replace(/%[0-9A-Fa-f]{2}/g, ""))) throw new RenderError("would leave its place");
  return text;
}

// The vectors

const withNumbers = (text) =>
  text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (part) => (part[0] === '"' ? part : `{"$number":"${part}"}`));

const ERRORS = { RenderError, MissingValueError, SuppressedError };
let [passed, failed] = [0, 0];
const skipped = new Map();

// The reason why a vector is skipped; nothing if it is run.
function reasonToSkip(vector) {
  if (vector.diagnostics) return "findings of a checker";
  if (!DIALECTS[vector.dialect]) return `dialect ${vector.dialect}`;
  return vector.error && !ERRORS[vector.error] ? "templates that a checker refuses" : "";
}

for (const file of process.argv.slice(2)) {
  for (const vector of JSON.parse(withNumbers(readFileSync(file, "utf8")))) {
    const reason = reasonToSkip(vector);
    if (reason) {
      skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
      continue;
    }
    let outcome;
    try {
      outcome = new Rendering(vector).url();
    } catch (error) {
      if (!(error instanceof RenderError || error instanceof TemplateError)) throw error;
      outcome = error.constructor.name;
    }
    if (outcome === (vector.url ?? vector.error)) passed++;
    else {
      failed++;
      console.error(`${file}: ${vector.id}: ${vector.template}\n  expected ${vector.url ?? vector.error}\n  found    ${outcome}`);
    }
  }
}
const total = [...skipped.values()].reduce((sum, count) => sum + count, 0);
const reasons = [...skipped].map(([reason, count]) => `${count} ${reason}`).join(", ");
console.log(`${passed} passed, ${failed} failed, ${total} skipped${reasons && ` (${reasons})`}`);
process.exitCode = failed || !passed ? 1 : 0;
