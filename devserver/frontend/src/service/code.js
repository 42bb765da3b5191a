// The launcher of the page "Code": Python in a worker. Stop ends the worker, whatever it does; the
// next run begins a new one.

import { h } from "../dom.js";

const WORKER = "/launcher/worker.js";
const MOST = 400; // pieces of output that stay

export function startCode() {
  const root = document.querySelector("[data-launcher]");
  if (root) new Launcher(root);
}

class Launcher {
  #root;
  #worker = null;
  #isReady = false;
  #waiting = null; // a script that waits for Python
  #begun = 0;

  constructor(root) {
    this.#root = root;
    const example = this.#of("example");
    const script = this.#of("script");
    script.value = example.value;
    example.addEventListener("change", () => (script.value = example.value));
    script.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#run();
      else if (event.key === "Enter") indent(event, script);
    });
    this.#of("run").addEventListener("click", () => this.#run());
    this.#of("stop").addEventListener("click", () => this.#stop());
  }

  #of(id) {
    return this.#root.querySelector(`#${id}`);
  }

  #run() {
    if (!this.#of("stop").disabled) return;
    this.#of("printed").replaceChildren();
    this.#of("printed").hidden = false;
    this.#busy(true);
    const order = {
      code: this.#of("script").value,
      address: location.origin,
      csrf: document.body.dataset.csrf,
      isDry: this.#of("dry").checked,
    };
    if (!this.#worker) this.#begin();
    if (this.#isReady) this.#send(order);
    else {
      this.#waiting = order;
      this.#say("Python starts …");
    }
  }

  #begin() {
    this.#isReady = false;
    this.#worker = new Worker(WORKER, { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#hear(data));
    this.#worker.addEventListener("error", () => this.#broken("Python cannot be loaded"));
  }

  #send(order) {
    this.#say("runs …");
    this.#begun = performance.now();
    this.#worker.postMessage(order);
  }

  #hear(data) {
    if (data.kind === "ready") {
      this.#isReady = true;
      if (this.#waiting) this.#send(this.#waiting);
      this.#waiting = null;
    } else if (data.kind === "broken") this.#broken(data.text);
    else if (data.kind === "text") this.#print(data.parts);
    else if (data.kind === "launched") this.#list(data);
    else if (data.kind === "end") {
      const seconds = ((performance.now() - this.#begun) / 1000).toFixed(1);
      this.#say(data.isWhole ? `done after ${seconds} s` : `ended with an error after ${seconds} s`);
      this.#busy(false);
    }
  }

  #broken(text) {
    this.#end();
    this.#print([{ text: `${text}\n`, isError: true }]);
    this.#say("Python did not start");
  }

  #stop() {
    this.#end();
    this.#say("stopped; what was launched before goes on");
  }

  #end() {
    this.#worker?.terminate();
    this.#worker = null;
    this.#waiting = null;
    this.#busy(false);
  }

  #busy(isBusy) {
    this.#of("stop").disabled = !isBusy;
    this.#of("run").disabled = isBusy;
    if (isBusy) this.#of("stop").focus();
    else if (document.activeElement === this.#of("stop") || document.activeElement === document.body) this.#of("run").focus();
  }

  #say(text) {
    this.#of("ran").textContent = text;
  }

  #print(parts) {
    const out = this.#of("printed");
    out.append(...parts.map((part) => h("span", { class: part.isError ? "error" : null }, part.text)));
    while (out.childElementCount > MOST) out.firstElementChild.remove();
    out.scrollTop = out.scrollHeight;
  }

  #list({ id, what, found }) {
    const list = this.#of("launched");
    list.hidden = false;
    list.querySelector("ul").prepend(
      id ? h("li", null, h("a", { href: `/jobs/${id}` }, what)) : h("li", null, `${what}: only checked, ${found}`),
    );
  }
}

// A new line begins where the last one did, deeper after a colon.
function indent(event, script) {
  const before = script.value.slice(0, script.selectionStart);
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const deep = /^ */.exec(line)[0] + (/:\s*(#.*)?$/.test(line) ? "    " : "");
  if (!deep) return;
  event.preventDefault();
  script.setRangeText(`\n${deep}`, script.selectionStart, script.selectionEnd, "end");
}
