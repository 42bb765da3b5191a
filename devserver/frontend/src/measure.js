// Lengths and areas that are drawn, and the area as text for `--area`.

import Draw from "ol/interaction/Draw.js";
import WKT from "ol/format/WKT.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import { getArea, getLength } from "ol/sphere.js";
import { Circle, Fill, Stroke, Style } from "ol/style.js";
import { h, iconButton } from "./dom.js";

const LOOK = [
  new Style({ stroke: new Stroke({ color: "#ffffff", width: 4 }) }),
  new Style({ stroke: new Stroke({ color: "#c2410c", width: 2 }), fill: new Fill({ color: "#c2410c1f" }), image: new Circle({ radius: 4, fill: new Fill({ color: "#c2410c" }), stroke: new Stroke({ color: "#fff", width: 1.5 }) }) }),
];
const WORDS = { dataProjection: "EPSG:4326", featureProjection: "EPSG:3857", decimals: 6 };

export class Measure {
  constructor(chart, target, state) {
    Object.assign(this, { chart, target, state });
    this.source = new VectorSource();
    chart.map.addLayer(new VectorLayer({ source: this.source, zIndex: 9600, style: LOOK, className: "measure" }));
  }

  get on() {
    return Boolean(this.draw);
  }

  toggle() {
    if (this.on) this.stop();
    else this.start("Polygon");
    this.state.tell("link");
  }

  start(kind) {
    if (this.draw) this.chart.map.removeInteraction(this.draw);
    this.kind = kind;
    this.source.clear();
    this.draw = new Draw({ source: this.source, type: kind, style: LOOK });
    this.draw.on("drawstart", (event) => {
      this.source.clear();
      event.feature.getGeometry().on("change", ({ target }) => this.say(target, false));
    });
    this.draw.on("drawend", (event) => this.say(event.feature.getGeometry(), true));
    this.chart.map.addInteraction(this.draw);
    this.say(null);
  }

  stop() {
    this.chart.map.removeInteraction(this.draw);
    this.draw = null;
    this.source.clear();
    this.target.replaceChildren();
  }

  say(shape, ended) {
    const button = (kind, label) => h("button", { type: "button", class: "chip", "aria-pressed": String(this.kind === kind), onclick: () => this.start(kind) }, label);
    const text = shape && ended && this.kind === "Polygon" ? new WKT().writeGeometry(shape, WORDS) : "";
    const option = text && `--area '${text}' --area-crs EPSG:4326`;
    this.target.replaceChildren(h("div", { class: "banner measured" },
      button("Polygon", "Area"), button("LineString", "Length"),
      h("strong", { id: "measured" }, shape ? size(shape, this.kind) : ""),
      shape ? "" : h("span", { class: "quiet" }, "Click the corners; a double click ends it."),
      option ? h("input", { type: "text", readOnly: true, class: "code", id: "area-option", "aria-label": "Option for the command line", value: option, onclick: (event) => event.target.select() }) : "",
      option ? h("button", { type: "button", class: "plain", onclick: () => copy(option) }, "Copy --area") : "",
      iconButton("close", "End measuring", () => this.toggle())));
  }
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    document.getElementById("area-option")?.select(); // then by hand
  }
}

const three = (value) => Number(value.toPrecision(4)).toLocaleString("en", { maximumFractionDigits: 6 });

// On the sphere of WGS 84, as OpenLayers takes it.
function size(shape, kind) {
  if (kind === "LineString") {
    const metres = getLength(shape);
    return metres < 1000 ? `${three(metres)} m` : `${three(metres / 1000)} km`;
  }
  const area = getArea(shape);
  if (area < 10_000) return `${three(area)} m²`;
  return area < 1_000_000 ? `${three(area / 10_000)} ha` : `${three(area / 1_000_000)} km²`;
}
