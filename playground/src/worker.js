// Python in a worker: loads Pyodide and the library, and answers each request through the bridge.

import createPyodideModule from "./pyodide/pyodide.asm.mjs";
import { loadPyodide } from "./pyodide/pyodide.mjs";

const SITE = "/site"; // the library is unpacked here
const STEP = 4 * 1024 * 1024;
const PAUSE = 3000; // in milliseconds; after this pause nobody is waiting for an answer

/** Fetch a file of this page, as bytes. */
async function fetched(name) {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  if (!name.endsWith(".gz")) return new Uint8Array(await response.arrayBuffer());
  const unpacked = new Response(response.body.pipeThrough(new DecompressionStream("gzip")));
  return new Uint8Array(await unpacked.arrayBuffer());
}

/** Load Python from a memory snapshot with the library loaded. Uses private parts of Pyodide. */
async function fromSnapshot() {
  const snapshot = await fetched("snapshot.bin.gz");
  return loadPyodide({
    _loadSnapshot: snapshot,
    createPyodideModule: async (settings) => {
      const module = await createPyodideModule(settings);
      while (module.HEAP8.length < snapshot.length) module._malloc(STEP); // the snapshot replaces the whole memory
      return module;
    },
  });
}

/** Start Python and return the bridge. */
async function start() {
  const site = fetched("site.zip");
  site.catch(() => {}); // awaited below
  const unpack = async (python) => python.unpackArchive(await site, "zip", { extractDir: SITE });
  try {
    const python = await fromSnapshot();
    return { bridge: bridge(python), unpack: () => unpack(python) };
  } catch (error) {
    console.info(`starting without the snapshot: ${error.message}`);
  }
  const python = await loadPyodide();
  postMessage({ state: "loading" });
  await unpack(python);
  return { bridge: bridge(python), unpack: null };
}

function bridge(python) {
  return python.runPython(`
import sys
sys.path.count("${SITE}") or sys.path.append("${SITE}")
from macroengine.playground.bridge import answer
answer`);
}

let timer = null;
const starting = start().then(
  (python) => { postMessage({ state: "ready" }); return python; },
  (error) => { postMessage({ state: "failed", message: `Python cannot be started: ${error.message}` }); },
);

/** Unpack the files of the library. Python from a snapshot rarely needs them, since the library is loaded. */
async function unpackOnce(python) {
  clearTimeout(timer);
  const { unpack } = python;
  python.unpack = null;
  await unpack?.();
}

addEventListener("message", async ({ data: { id, request } }) => {
  const python = await starting;
  if (!python) return;
  let reply;
  try {
    reply = python.bridge(request);
  } catch (error) {
    if (!python.unpack) throw error;
    await unpackOnce(python);
    reply = python.bridge(request);
  }
  postMessage({ id, reply });
  clearTimeout(timer);
  if (python.unpack) timer = setTimeout(() => unpackOnce(python), PAUSE);
});
addEventListener("unhandledrejection", ({ reason }) => {
  setTimeout(() => { throw reason; }); // reaches the page, which starts another worker
});
