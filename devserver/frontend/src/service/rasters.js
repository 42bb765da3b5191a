// The map of what a run has made: the best of it by itself, or what somebody chooses. While the run
// goes on it is looked now and then whether there is more.

import { h } from "../dom.js";
import { Chart } from "./maps.js";

const PAUSE = 5000;
const AFTER_FAILURE = 20000;

export function startRasters() {
  const root = document.querySelector("[data-rasters]");
  if (root) new Rasters(root).turn();
}

class Rasters {
  #root;
  #address;
  #chart;
  #select;
  #names = "";
  #chosen = null; // by somebody
  #shown = ""; // name and version
  #version = new Map();
  #busy = false;

  constructor(root) {
    this.#root = root;
    this.#address = root.dataset.rasters;
    const target = root.querySelector(".map");
    this.#chart = new Chart(target, target.dataset.label);
    if (target.dataset.bounds) this.#chart.addBoundary(JSON.parse(target.dataset.bounds));
    this.#chart.fit();
    this.#select = root.querySelector("select");
    this.#select.addEventListener("change", () => {
      this.#chosen = this.#select.value;
      this.#show();
    });
  }

  async turn() {
    let pause = PAUSE;
    let isDone = false;
    try {
      if (!document.hidden) {
        await this.#list();
        isDone = await this.#show();
      }
    } catch {
      pause = AFTER_FAILURE; // the server does not answer: the map stays as it was
    }
    if (!isDone || "open" in this.#root.dataset) setTimeout(() => this.turn(), pause);
  }

  async #list() {
    const answer = await fetch(`${this.#address}/rasters`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { rasters } = await answer.json();
    const names = JSON.stringify(rasters);
    if (names === this.#names) return;
    this.#names = names;
    this.#select.replaceChildren(...rasters.map((each) => h("option", { value: each.name }, each.title)));
    if (rasters.some((each) => each.name === this.#chosen)) this.#select.value = this.#chosen;
    this.#select.parentElement.hidden = rasters.length === 0;
    if (rasters.length === 0 && !("open" in this.#root.dataset)) this.#say("What the run has made is no longer on this machine.");
  }

  // Whether there is nothing left to be asked for; not where others are first, or one's other page.
  async #show() {
    const name = this.#select.value;
    if (!name) return true;
    if (this.#busy) return false;
    this.#busy = true;
    try {
      const headers = { Accept: "application/json" };
      if (this.#shown === name && this.#version.has(name)) headers["If-None-Match"] = this.#version.get(name);
      const answer = await fetch(`${this.#address}/picture?raster=${encodeURIComponent(name)}`, { headers, cache: "no-store" });
      if (answer.status === 202) return false;
      if (!answer.ok) {
        if (answer.status === 404) this.#say("Nothing of it can be seen.");
        return answer.status === 404 || answer.status === 304;
      }
      const { title, extent, picture } = await answer.json();
      this.#version.set(name, answer.headers.get("ETag"));
      this.#shown = name;
      this.#chart.show(picture, extent);
      this.#say(title);
      this.#root.dataset.shown = name;
    } finally {
      this.#busy = false;
    }
    return this.#select.value === name || this.#show();
  }

  #say(text) {
    this.#root.querySelector("[role=status]").textContent = text;
  }
}
