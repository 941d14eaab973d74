// Builds the page into dist/: the script, Pyodide, the library and a snapshot of Python with the library loaded.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";
import { loadPyodide } from "pyodide";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(HERE);
const PAGE = join(ROOT, "macroengine", "playground", "page");
const DIST = join(HERE, "dist");
const PYODIDE = join(HERE, "node_modules", "pyodide");
const PYODIDE_FILES = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"];
const SITE = "/site";

/** Copy the page, with the content security policy inside, since a static server may not send it. */
function copyPage() {
  const policy = [
    "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "worker-src 'self'", "base-uri 'none'", "form-action 'none'",
  ].join("; ");
  const meta = `<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  const html = readFileSync(join(PAGE, "index.html"), "utf8").replace('<meta charset="utf-8">', meta);
  writeFileSync(join(DIST, "index.html"), html);
  for (const name of ["style.css", "icon.svg"]) cpSync(join(PAGE, name), join(DIST, name));
  // The worker needs its own policy, which must be a header. Several hosts of static sites read this file.
  const headers = [`Content-Security-Policy: ${policy}; frame-ancestors 'none'`, "Referrer-Policy: no-referrer", "X-Content-Type-Options: nosniff"];
  writeFileSync(join(DIST, "_headers"), `/*\n${headers.map((line) => `  ${line}\n`).join("")}`);
}

async function bundle() {
  const editor = { name: "editor", setup: (plugins) => {
    plugins.onResolve({ filter: /^\.\/editor\.js$/ }, () => ({ path: join(HERE, "src", "editor.js") }));
  } };
  const { metafile } = await build({
    entryPoints: [join(PAGE, "main.js")], outfile: join(DIST, "main.js"), nodePaths: [join(HERE, "node_modules")],
    bundle: true, format: "esm", target: "es2022", minify: true, legalComments: "none", metafile: true, plugins: [editor],
  });
  cpSync(join(HERE, "src", "worker.js"), join(DIST, "worker.js"));
  const found = Object.keys(metafile.inputs).map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean);
  const notices = [...new Set([...found, "pyodide"])].sort().map(licence);
  writeFileSync(join(DIST, "licences.txt"), notices.join("\n\n"));
}

function licence(name) {
  const folder = join(HERE, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  return `${name} ${version} (${license})\n${file ? readFileSync(join(folder, file), "utf8") : ""}`;
}

/** Build the wheels of the library, without its extension, and of its dependencies. */
function wheels(scratch) {
  const source = join(scratch, "source");
  const isSource = (path) => !/__pycache__|\.so$|\.egg-info|speedups$/.test(path);
  for (const name of ["pyproject.toml", "README.md", "LICENSE", "grammar", "macroengine"]) {
    cpSync(join(ROOT, name), join(source, name), { recursive: true, filter: isSource });
  }
  const folder = join(scratch, "wheels");
  execFileSync(process.env.PYTHON ?? "python3", ["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--wheel-dir", folder, source], {
    stdio: "inherit", env: { ...process.env, MACROENGINE_PURE: "1", CC: "false", CXX: "false" },
  });
  return readdirSync(folder).map((name) => join(folder, name));
}

/** Return the library and its dependencies as one archive, compiled by the Python of the browser. */
async function site(files) {
  const python = await loadPyodide();
  for (const file of files) python.unpackArchive(new Uint8Array(readFileSync(file)), "zip", { extractDir: SITE });
  python.runPython(`
import compileall, pathlib, shutil
from py_compile import PycInvalidationMode

site = pathlib.Path("${SITE}")
# What the page does not use, or cannot.
for name in ("backends", "cli", "intake", "testing", "playground/page"):
    shutil.rmtree(site / "macroengine" / name)
for name in ("tools", "__pyinstaller"):
    shutil.rmtree(site / "lark" / name)
assert not [*site.rglob("*.so")], "the library is to be without its extension"
assert compileall.compile_dir(site, quiet=1, legacy=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
for path in site.rglob("*.py"):
    path.unlink()  # each file takes time to unpack
shutil.make_archive("/archive", "zip", site)`);
  return python.FS.readFile("/archive.zip");
}

/** Return the memory of Python after loading the library and its tables. Uses private functions of Pyodide. */
async function snapshot(archive) {
  const python = await loadPyodide({ _makeSnapshot: true });
  python.unpackArchive(archive, "zip", { extractDir: SITE });
  python.runPython(`
import gc, json, sys
sys.path.append("${SITE}")
from macroengine.playground.bridge import CALLS, answer

def warm_up(template, **others):
    for call in CALLS:
        arguments = {"template": template, "to": "appmetrica", "place": 0, "asked": True, "url": "https://n.example/pb?a=1", "code": "ME101", "dialect_file": ""}
        answer(json.dumps({"call": call, "arguments": arguments | others}))

for dialect in json.loads(answer('{"call": "about"}'))["result"]["dialects"]:
    warm_up("https://n.example/pb?a=" + dialect["form"], dialect=dialect["name"])
warm_up("https://n.example/pb?a=(clickid)&amp;b=(sha1-idfa)&c={x}")
del warm_up, dialect
gc.collect()`);
  return python.makeMemorySnapshot();
}

process.on("uncaughtException", (error) => { // don't print the minified source around it
  console.error(error.message);
  process.exit(1);
});
/** Build the scripts of the page; with --page on the command line, build nothing else. */
async function buildPage() {
  mkdirSync(join(DIST, "pyodide"), { recursive: true });
  copyPage();
  await bundle();
}

async function buildPython() {
  for (const name of PYODIDE_FILES) cpSync(join(PYODIDE, name), join(DIST, "pyodide", name));
  const scratch = mkdtempSync(join(tmpdir(), "playground-"));
  try {
    const archive = await site(wheels(scratch));
    writeFileSync(join(DIST, "site.zip"), archive);
    writeFileSync(join(DIST, "snapshot.bin.gz"), gzipSync(await snapshot(archive), { level: 9 }));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (process.argv.includes("--page")) {
  await buildPage();
} else {
  rmSync(DIST, { recursive: true, force: true });
  await buildPage();
  await buildPython();
}
console.log(`built ${DIST}`);
process.exit(0); // Pyodide keeps the process alive
