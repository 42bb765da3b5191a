// What lies below the layers without the internet: countries of Natural Earth, and a grid of degrees.

import TopoJSON from "ol/format/TopoJSON.js";
import Graticule from "ol/layer/Graticule.js";
import VectorImageLayer from "ol/layer/VectorImage.js";
import VectorSource from "ol/source/Vector.js";
import { Fill, Stroke, Style, Text } from "ol/style.js";

const READ = { dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" };
const LAND = new URL("countries.json", import.meta.url).href;
const FINEST = 9; // zoom beyond which outlines at 1 : 50 million would lie beside what they show
const ACROSS = ["242", "643", "010"]; // Fiji, Russia, Antarctica (ISO 3166): over the antimeridian

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Ground {
  constructor(chart) {
    this.chart = chart;
    this.source = new VectorSource({ attributions: "Borders: Natural Earth" });
    this.land = new VectorImageLayer({ source: this.source, zIndex: -2, maxZoom: FINEST, imageRatio: 1.4, className: "ground" });
    this.paint();
    chart.map.addLayer(this.land);
    new MutationObserver(() => this.paint()).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
  }

  // Countries come when the map stands: nobody waits for them.
  async load() {
    const answer = await fetch(LAND);
    if (!answer.ok) throw new Error(`the borders cannot be had: ${answer.status}`);
    const features = new TopoJSON({ layers: ["countries"] }).readFeatures(await answer.json(), READ);
    this.source.addFeatures(features);
  }

  set degrees(on) {
    this.lines.setVisible(on);
  }

  get degrees() {
    return this.lines.getVisible();
  }

  set borders(on) {
    this.land.setVisible(on);
  }

  paint() {
    const [land, border, text, halo] = ["--land", "--border", "--quiet", "--panel"].map(colour);
    const whole = new Style({ fill: new Fill({ color: land }), stroke: new Stroke({ color: border, width: 1 }) });
    // a country on both sides of the antimeridian has an edge there that is no border
    const bare = new Style({ fill: new Fill({ color: land }) });
    this.land.setStyle((feature) => (ACROSS.includes(String(feature.getId())) ? bare : whole));
    // a graticule keeps the colours that it began with
    const on = this.lines?.getVisible() ?? false;
    if (this.lines) this.chart.map.removeLayer(this.lines);
    const label = (more) => new Text({ font: "11px system-ui, sans-serif", fill: new Fill({ color: text }), stroke: new Stroke({ color: halo, width: 3 }), ...more });
    this.lines = new Graticule({
      zIndex: 8500, showLabels: true, wrapX: true, visible: on, className: "graticule", targetSize: 140,
      strokeStyle: new Stroke({ color: border, width: 1, lineDash: [2, 4] }),
      lonLabelStyle: label({ textBaseline: "bottom" }), latLabelStyle: label({ textAlign: "left" }),
      latLabelPosition: 0.02, lonLabelPosition: 0.95,
      intervals: [90, 45, 30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001],
    });
    this.chart.map.addLayer(this.lines);
  }

  // Countries whose name begins with, or holds, a text: { name, extent }, those that begin with it first.
  find(text) {
    const wanted = plain(text);
    if (!wanted) return [];
    return this.source.getFeatures().map((feature) => ({ name: feature.get("name"), extent: feature.getGeometry().getExtent() }))
      .filter(({ name }) => plain(name).includes(wanted))
      .sort((a, b) => plain(b.name).startsWith(wanted) - plain(a.name).startsWith(wanted) || a.name.localeCompare(b.name));
  }
}

// Without accents and capitals.
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").trim().toLowerCase();

// "46.05, 14.5", "46.05 N 14.5 E", "14°30'E 46°3'N" as [lon, lat]; null: no such thing.
export function coordinates(text) {
  const part = /([-+−]?\d+(?:[.,]\d+)?)\s*(?:°|d)?\s*(?:(\d+(?:\.\d+)?)\s*['′m])?\s*(?:(\d+(?:\.\d+)?)\s*["″s])?\s*([NSEWO])?/giy;
  const found = [];
  let at = 0;
  const cleaned = text.trim();
  while (at < cleaned.length && found.length < 3) {
    part.lastIndex = at;
    const match = part.exec(cleaned);
    if (!match) return null;
    const [, degrees, minutes = 0, seconds = 0, side = ""] = match;
    const number = Number(degrees.replace("−", "-").replace(",", "."));
    const size = Math.abs(number) + minutes / 60 + seconds / 3600;
    const south = number < 0 || Object.is(number, -0) || "SWsw".includes(side || "_");
    found.push({ value: south ? -size : size, side: side.toUpperCase() });
    at = part.lastIndex;
    at += /^[\s,;/]*/.exec(cleaned.slice(at))[0].length;
  }
  if (found.length !== 2) return null;
  const turned = "EWO".includes(found[0].side || "_") || "NS".includes(found[1].side || "_");
  const [lat, lon] = turned ? [found[1].value, found[0].value] : [found[0].value, found[1].value];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 360 ? [lon, lat] : null;
}
