// Maps without a picture behind them: borders of countries that the service has itself, a grid of
// degrees, and what is to be shown.

import OlMap from "ol/Map.js";
import View from "ol/View.js";
import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import TopoJSON from "ol/format/TopoJSON.js";
import Point from "ol/geom/Point.js";
import { fromExtent } from "ol/geom/Polygon.js";
import ImageLayer from "ol/layer/Image.js";
import Graticule from "ol/layer/Graticule.js";
import VectorLayer from "ol/layer/Vector.js";
import ImageStatic from "ol/source/ImageStatic.js";
import VectorSource from "ol/source/Vector.js";
import ScaleLine from "ol/control/ScaleLine.js";
import Zoom from "ol/control/Zoom.js";
import { isEmpty } from "ol/extent.js";
import { fromLonLat, transformExtent } from "ol/proj.js";
import { Circle, Fill, Stroke, Style } from "ol/style.js";

const READ = { dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" };
const FINEST = 7; // zoom
const WORLD = 40075016.68557849; // metres around the web map's globe
const ACROSS = ["242", "643"]; // Fiji and Russia in ISO 3166: on both sides of the antimeridian
const LAND = new URL("countries.json", import.meta.url).href;
export const COLOURS = ["#0f766e", "#c2410c", "#4338ca", "#a16207", "#be185d", "#4d7c0f", "#0369a1", "#7e22ce", "#b91c1c", "#475569"];

const line = (color, width = 2, fill = "00") =>
  new Style({ stroke: new Stroke({ color, width }), fill: new Fill({ color: `${color}${fill}` }) });
const LOOKS = {
  boundary: line("#c2410c", 2.5, "26"),
  outline: line("#c2410c", 1.5),
  scenes: COLOURS.map((color) => line(color, 1, "14")),
  points: COLOURS.map((color) => new Style({ image: new Circle({ radius: 4, fill: new Fill({ color }), stroke: new Stroke({ color: "#ffffff", width: 1 }) }) })),
};

export function colour(text) {
  const style = getComputedStyle(document.documentElement);
  return style.getPropertyValue(text).trim();
}

// A page may have no room for its map for a moment: before its styles have come, while a window gets
// another size. OpenLayers would warn of each; the map keeps its size until there is room.
class Sheet extends OlMap {
  updateSize() {
    const target = this.getTargetElement();
    if (target?.clientWidth > 0 && target.clientHeight > 0) super.updateSize();
  }
}

export class Chart {
  constructor(target, label) {
    target.tabIndex = 0;
    target.setAttribute("role", "application");
    target.setAttribute("aria-label", `${label}: arrow keys move it, + and - zoom`);
    this.source = new VectorSource();
    this.view = new View({ center: [0, 2e6], zoom: 1, maxZoom: 18, enableRotation: false });
    this.map = new Sheet({
      target,
      view: this.view,
      controls: [new Zoom({ zoomInTipLabel: "Zoom in", zoomOutTipLabel: "Zoom out" }), new ScaleLine({ minWidth: 60 })],
      layers: [land(), degrees(), (this.picture = new ImageLayer()), new VectorLayer({ source: this.source, style: (feature) => feature.get("look") })],
    });
    if (!this.map.getSize()) this.map.once("change:size", () => this.fit());
  }

  clear() {
    this.source.clear(true);
  }

  add(shape, look) {
    const features = new GeoJSON().readFeatures(shape, READ);
    for (const each of features) each.set("look", look);
    this.source.addFeatures(features);
  }

  addBox(bounds, look) {
    const box = new Feature(fromExtent(transformExtent(bounds, "EPSG:4326", "EPSG:3857")));
    box.set("look", look);
    this.source.addFeature(box);
  }

  addPoint(x, y, look) {
    const point = new Feature(new Point(fromLonLat([x, y])));
    point.set("look", look);
    this.source.addFeature(point);
  }

  // Of a raster, where `extent` is in metres of web mercator.
  show(url, extent) {
    this.picture.setSource(new ImageStatic({ url, imageExtent: extent, projection: "EPSG:3857", interpolate: false }));
  }

  addBoundary(bounds) {
    this.addBox(bounds, LOOKS.outline);
  }

  fit() {
    const extent = this.source.getExtent();
    if (!isEmpty(extent) && extent.every(Number.isFinite)) this.view.fit(extent, { padding: [24, 24, 24, 24], maxZoom: 14 });
  }

  // A file of the user: the shape of a boundary, or points in the colours of their classes.
  // Classes of samples: [name, colour] of each.
  async addFile(file) {
    const answer = await fetch(`/files/${file.kind}/${encodeURIComponent(file.id)}/content`);
    if (!answer.ok) {
      this.addBox(file.bounds, LOOKS.boundary);
      return [];
    }
    if (file.kind === "boundaries") {
      this.add(await answer.json(), LOOKS.boundary);
      return [];
    }
    return this.addSamples(await answer.text());
  }

  addSamples(text) {
    const [head, ...rows] = text.trim().split(/\r?\n/);
    const last = head.split(",").length - 1;
    const classes = new Map();
    for (const row of rows) {
      const cells = row.split(",");
      const name = cells[last];
      if (!classes.has(name)) classes.set(name, classes.size % COLOURS.length);
      this.addPoint(Number(cells[0]), Number(cells[1]), LOOKS.points[classes.get(name)]);
    }
    return [...classes].map(([name, number]) => [name || "none", COLOURS[number]]);
  }

  addScenes(satellites) {
    satellites.forEach((satellite, number) => {
      for (const place of satellite.places ?? []) {
        if (place.footprint) this.add(place.footprint, LOOKS.scenes[number % COLOURS.length]);
      }
    });
  }
}

function land() {
  const source = new VectorSource({ url: LAND, format: new TopoJSON({ layers: ["countries"] }) });
  source.on("addfeature", ({ feature }) => {
    if (ACROSS.includes(String(feature.getId()))) feature.getGeometry().applyTransform(eastwards);
  });
  const style = new Style({ fill: new Fill(), stroke: new Stroke({ width: 0.8 }) });
  return new VectorLayer({
    source,
    maxZoom: FINEST, // nearer by, borders this coarse would lie
    style: () => {
      style.getFill().setColor(colour("--panel"));
      style.getStroke().setColor(colour("--quiet"));
      return style;
    },
  });
}

// Shapes across the antimeridian go on beyond it, in place of a line around the world.
function eastwards(from, to) {
  for (let at = 0; at < from.length; at += 2) {
    to[at] = from[at] < 0 ? from[at] + WORLD : from[at];
    to[at + 1] = from[at + 1];
  }
  return to;
}

function degrees() {
  return new Graticule({ strokeStyle: new Stroke({ color: "rgba(120,130,140,0.3)", width: 1 }), showLabels: false, wrapX: false });
}

// The maps whose content stands in the page already.
export async function showMaps() {
  for (const target of document.querySelectorAll("[data-map]")) {
    const chart = new Chart(target, target.dataset.label);
    if (target.dataset.checked) chart.addScenes(JSON.parse(target.dataset.checked));
    chart.fit();
    if (target.dataset.file) {
      try {
        await chart.addFile(fileOf(JSON.parse(target.dataset.file)));
      } catch {
        chart.addBox(JSON.parse(target.dataset.file).bounds, LOOKS.boundary);
      }
    }
    chart.fit();
  }
}

const fileOf = ({ id, kind, bounds }) => ({ id, kind, bounds });
