// A place by its name or its coordinates.

import { transformExtent } from "ol/proj.js";
import { coordinates } from "./ground.js";
import { h } from "./dom.js";

const MOST = 7;
const CLOSE = 12; // zoom at which a point is shown, unless the map is closer already

export class Find {
  constructor(chart, state, ground, shown) {
    Object.assign(this, { chart, state, ground, shown });
    this.list = h("ul", { class: "found", id: "found", role: "listbox", "aria-label": "Places" });
    this.input = h("input", {
      type: "search", id: "find-text", autocomplete: "off", spellcheck: false, role: "combobox", "aria-expanded": "true", "aria-controls": "found",
      placeholder: "Country, layer, or 46.05, 14.5", "aria-label": "Country, layer, or latitude and longitude",
      oninput: () => this.render(), onkeydown: (event) => this.key(event),
    });
    this.dialog = h("dialog", { id: "find", "aria-label": "Find a place" }, this.input, this.list);
    this.dialog.addEventListener("click", (event) => { if (event.target === this.dialog) this.dialog.close(); });
    document.body.append(this.dialog);
  }

  open() {
    this.input.value = "";
    this.render();
    this.dialog.showModal();
    this.input.focus();
  }

  get places() {
    const text = this.input.value;
    const place = coordinates(text);
    if (place) return [{ name: `${place[1].toFixed(5)}, ${place[0].toFixed(5)}`, kind: "coordinates", go: () => this.point(place) }];
    const layers = this.state.layers.filter((entry) => text.trim() && entry.info.title.toLowerCase().includes(text.trim().toLowerCase()))
      .map((entry) => ({ name: entry.info.title, kind: "layer", go: () => this.chart.fit(entry.info.bounds) }));
    const countries = this.ground.find(text).map(({ name, extent }) => ({ name, kind: "country", go: () => this.chart.fit(transformExtent(extent, "EPSG:3857", "EPSG:4326")) }));
    return [...layers, ...countries].slice(0, MOST);
  }

  render() {
    const { places } = this;
    this.list.replaceChildren(...places.map((place) => h("li", { role: "option" }, h("button", { type: "button", onclick: () => this.go(place) }, place.name, h("span", { class: "quiet" }, place.kind)))));
    if (!places.length && this.input.value.trim()) this.list.append(h("li", { class: "quiet pad" }, "Nothing of that name; latitude and longitude in degrees are found too."));
  }

  key(event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const [first] = this.places;
    if (first) this.go(first);
  }

  go(place) {
    this.dialog.close();
    place.go();
  }

  point([lon, lat]) {
    this.chart.go({ lon, lat, zoom: Math.max(CLOSE, Math.round(this.chart.view.getZoom())) });
    this.shown(lon, lat);
  }
}
