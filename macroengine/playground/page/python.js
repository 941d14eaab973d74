// The two ways to the bridge: a worker that runs Python, and the local server. Both take a request in JSON and return
// the reply in JSON.

const LONGEST = 15_000; // milliseconds; no call takes that long unless Python is stuck

/** Python on the server of the page. */
class PythonOverHttp {
  constructor(report) {
    this.report = report;
    setTimeout(() => report({ state: "ready" })); // after the caller has received the function
  }

  async send(request) {
    let response;
    try {
      response = await fetch("api", { method: "POST", headers: { "Content-Type": "application/json" }, body: request });
    } catch {
      throw new Error("The local server is not responding. Restart it with “macroengine playground”.");
    }
    if (!response.ok) throw new Error(`The local server answered ${response.status}: ${(await response.text()).trim()}`);
    return response.text();
  }
}

/** Python in a worker of the browser. The worker is restarted when it dies or hangs. */
class PythonInBrowser {
  #worker;
  #waiting = new Map();
  #number = 0;
  #failures = 0;

  constructor(report) {
    this.report = report;
    this.#start();
  }

  #start() {
    const worker = new Worker("worker.js", { type: "module", name: "python" });
    this.#worker = worker;
    this.ready = new Promise((resolve, reject) => Object.assign(this, { resolveReady: resolve, rejectReady: reject }));
    this.ready.catch(() => {}); // errors reach those who await it
    this.report({ state: "starting" });
    worker.addEventListener("message", ({ data }) => { if (worker === this.#worker) this.#receive(data); });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (worker === this.#worker) this.#die("Python stopped working");
    });
  }

  #receive({ id, reply, state, message }) {
    if (state === "ready") {
      this.resolveReady();
      this.report({ state });
    } else if (state === "failed") {
      this.#die(message);
    } else if (state) {
      this.report({ state });
    } else if (this.#waiting.has(id)) {
      this.#failures = 0;
      this.#waiting.get(id).resolve(reply);
      this.#waiting.delete(id);
    }
  }

  #die(why) {
    this.#worker.terminate();
    this.rejectReady(new Restarted(why));
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#failures += 1;
    const again = this.#failures < 3;
    if (again) {
      this.#start();
      this.report({ state: "restarting", message: `${why}. Restarting it; your template is kept.` });
    } else {
      this.#worker = null;
      this.report({ state: "failed", message: `${why}, three times in a row. Your template is kept.` });
    }
    for (const { reject } of lost) reject(new Restarted(why));
  }

  /** Try again after giving up. */
  restart() {
    this.#failures = 0;
    this.#start();
  }

  async send(request) {
    if (this.#worker === null) throw new Restarted("Python is not running");
    await this.ready;
    const id = (this.#number += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => { if (this.#waiting.has(id)) this.#die("Python took too long"); }, LONGEST);
      const settle = (done) => (value) => { clearTimeout(timer); done(value); };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.#worker.postMessage({ id, request });
    });
  }
}

/** The error of a call during which Python died. The page has already shown it. */
export class Restarted extends Error {}

/** An error of a call, as text for the user. */
export class CallError extends Error {
  constructor({ kind, message, findings = [] }) {
    super(message);
    Object.assign(this, { kind, findings });
  }
}

/** Start Python and return a function that calls the bridge. `report` is told the state of Python. */
export function startPython(report) {
  const python = new (document.documentElement.dataset.python === "http" ? PythonOverHttp : PythonInBrowser)(report);
  async function call(name, argumentsOfCall = {}) {
    const { result, error } = JSON.parse(await python.send(JSON.stringify({ call: name, arguments: argumentsOfCall })));
    if (error) throw new CallError(error);
    return result;
  }
  return { call, restart: () => python.restart() };
}

/** Return a function that runs jobs one at a time. Only the latest waiting job is run; older ones are dropped. */
export function latest() {
  let running = false;
  let next = null;
  return async function run(job) {
    next = job;
    if (running) return;
    running = true;
    try {
      while (next !== null) {
        const current = next;
        next = null;
        await current(() => next !== null);
      }
    } finally {
      running = false;
    }
  };
}
