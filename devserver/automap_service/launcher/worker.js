// Runs one script after the other in Python, in a thread of the browser that the page can end at any
// time. It has no document, no storage of the page, and by its policy no other address than those of
// jobs.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const LONGEST = 1 << 20; // characters that a script may print
const PAUSE = 60; // milliseconds between two parcels of text

let parcel = [];
let sent = 0;
let printed = 0;

function flush() {
  if (parcel.length) postMessage({ kind: "text", parts: parcel });
  parcel = [];
  sent = performance.now();
}

function print(text, isError) {
  if (printed > LONGEST) return;
  printed += text.length + 1;
  const last = parcel.at(-1);
  if (last && last.isError === isError) last.text += text + "\n";
  else parcel.push({ text: text + "\n", isError });
  if (printed > LONGEST) parcel.push({ text: "… it prints more than is shown here\n", isError: true });
  if (performance.now() - sent > PAUSE) flush();
}

// A shared cell that nobody wakes: `Atomics.wait` on it is a sleep that costs nothing.
const cell = new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer);

const bridge = {
  launched(id, what, found) {
    flush();
    postMessage({ kind: "launched", id, what, found });
  },
  sleep(milliseconds) {
    flush();
    Atomics.wait(cell, 0, 0, milliseconds);
  },
  request(method, url, data, names, values) {
    flush();
    const request = new XMLHttpRequest();
    try {
      request.open(method, url, false);
      const heads = [...values];
      [...names].forEach((name, index) => request.setRequestHeader(name, heads[index]));
      request.send(data ? data.toJs() : null);
    } catch {
      return { status: 0 };
    }
    return { status: request.status, text: request.responseText, retry_after: request.getResponseHeader("Retry-After") };
  },
};

async function text(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.text();
}

async function start() {
  const [python, client, browser] = await Promise.all([
    loadPyodide({ indexURL: new URL("./pyodide/", import.meta.url).href }),
    text("client.py"),
    text("in_browser.py"),
  ]);
  python.setStdin({ error: true });
  python.setStdout({ batched: (said) => print(said, false) });
  python.setStderr({ batched: (said) => print(said, true) });
  python.FS.mkdirTree("/lib/automap/automap_tiles");
  python.FS.writeFile("/lib/automap/automap_tiles/__init__.py", "");
  python.FS.writeFile("/lib/automap/automap_tiles/client.py", client);
  python.FS.writeFile("/lib/automap/in_browser.py", browser);
  python.runPython("import sys; sys.path.insert(0, '/lib/automap')");
  return python.pyimport("in_browser");
}

const ready = start();
ready.then(
  () => postMessage({ kind: "ready" }),
  (error) => postMessage({ kind: "broken", text: String(error) }),
);

addEventListener("message", async ({ data }) => {
  const python = await ready;
  printed = 0;
  const server = python.Here.callKwargs(data.address, data.csrf, bridge, { is_dry: data.isDry });
  let isWhole = false;
  try {
    isWhole = python.run(data.code, server, bridge.sleep);
  } catch (error) {
    print(String(error), true);
  } finally {
    server.destroy();
  }
  flush();
  postMessage({ kind: "end", isWhole });
});
