// What of the processes in view has still to be computed, and a button for it.

import * as api from "./api.js";
import { debounce, h } from "./dom.js";

export class ViewHint {
  constructor(target, chart, state) {
    Object.assign(this, { target, chart, state, told: new Map() });
    this.soon = debounce(() => this.load(), 250);
    this.renew = debounce(() => this.load(true), 1000);
    chart.map.on("moveend", () => this.soon());
  }

  get entries() {
    return this.state.processes.filter((entry) => this.chart.isShown(entry) && this.chart.zoom() < (entry.info.computed_from ?? 0));
  }

  // A tile was made: pictures that come by themselves were waiting for it, others are asked for anew.
  heard({ layer, status }) {
    const told = this.told.get(layer);
    if (status !== "running" && told && !(told.live && !told.computing)) this.renew();
  }

  async load(changed = false) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    const found = new Map();
    for (const entry of this.entries) {
      try {
        found.set(entry.name, await api.view(entry.name, this.chart.box(), this.chart.zoom(), asking.signal));
      } catch (error) {
        if (error.name === "AbortError") return;
        if (error.status !== 400) this.state.tell("trouble", error); // a view of nothing but sea
      }
    }
    if (changed) for (const name of found.keys()) this.chart.refresh(name);
    this.told = found;
    this.render();
  }

  render() {
    this.target.replaceChildren(...[...this.told].map(([name, told]) => this.hint(this.state.get(name), told)).filter(Boolean));
  }

  hint(entry, { computed_from: zoom, waiting, live, computing }) {
    if (!entry || waiting === 0 || (live && !computing)) return null;
    const many = waiting === null;
    const act = (action) => async () => {
      try {
        await action();
        await this.load();
      } catch (error) {
        this.state.tell("trouble", error);
      }
    };
    const words = computing ? `computing ${computing} ${computing === 1 ? "tile" : "tiles"}` : `is computed from z${zoom}: zoom in`;
    return h("div", { class: "banner hint", "data-hint": entry.name },
      h("span", null, h("strong", null, entry.info.title), " ", words),
      computing ? h("button", { type: "button", class: "plain", onclick: act(() => api.stop(entry.name)) }, "Stop") : [
        h("button", { type: "button", class: "plain", onclick: () => this.chart.zoomTo(zoom) }, `Zoom to z${zoom}`),
        many ? "" : h("button", { type: "button", class: "plain", onclick: act(() => api.compute(entry.name, this.chart.box())) }, waiting === 1 ? "Compute the tile here" : `Compute the ${waiting} tiles here`),
      ]);
  }
}
