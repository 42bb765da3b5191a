// The tiles of the processes over the map, each with its status.

import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import GeoJSON from "ol/format/GeoJSON.js";
import { Circle, Fill, RegularShape, Stroke, Style } from "ol/style.js";
import { getCenter, getWidth } from "ol/extent.js";
import Point from "ol/geom/Point.js";
import * as api from "./api.js";
import { debounce } from "./dom.js";
import { COLOURS } from "./statuses.js";

const format = new GeoJSON({ featureProjection: "EPSG:3857" });
const SYMBOL = 36; // pixels of a tile below which it gets no symbol

export class TileGrid {
  constructor(chart, state) {
    this.chart = chart;
    this.state = state;
    this.source = new VectorSource();
    this.layer = new VectorLayer({ source: this.source, zIndex: 9000, style: (feature, resolution) => styleOf(feature, resolution), className: "tiles" });
    chart.map.addLayer(this.layer);
    this.counts = {};
    this.soon = debounce(() => this.load(), 150);
    chart.map.on("moveend", () => this.soon());
  }

  get names() {
    return this.state.processes.map((entry) => entry.name);
  }

  update() {
    this.layer.setVisible(this.state.grid);
    this.soon();
  }

  async load() {
    if (!this.state.grid) return;
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    const box = this.chart.box();
    try {
      const found = await Promise.all(this.names.filter((name) => this.isShown(name)).map(async (name) => [name, await api.grid(name, box, this.chart.zoom(), asking.signal)]));
      if (asking.signal.aborted) return;
      this.show(found);
    } catch (error) {
      if (error.name !== "AbortError") this.state.tell("trouble", error);
    }
  }

  isShown(name) {
    const entry = this.state.get(name);
    return entry && this.chart.isShown(entry);
  }

  show(found) {
    this.source.clear(true);
    for (const [name, tiles] of found) {
      const features = format.readFeatures(tiles);
      for (const feature of features) {
        feature.setId(`${name} ${feature.getId()}`);
        feature.set("layer", name, true);
      }
      this.source.addFeatures(features);
    }
    this.count();
  }

  // One tile has another status now.
  set({ layer, zoom, row, col, status }) {
    const feature = this.source.getFeatureById(`${layer} ${zoom}/${row}/${col}`);
    if (!feature || feature.get("status") === status) return;
    feature.set("status", status);
    this.count();
  }

  count() {
    this.counts = {};
    for (const feature of this.source.getFeatures()) {
      const status = feature.get("status");
      this.counts[status] = (this.counts[status] ?? 0) + 1;
    }
    this.state.tell("counts", this.counts);
  }

  // Tiles at a pixel of the map: { layer, zoom, row, col, status }.
  at(pixel) {
    const found = [];
    this.chart.map.forEachFeatureAtPixel(pixel, (feature) => {
      const { layer, zoom, row, col, status } = feature.getProperties();
      if (!found.some((tile) => tile.layer === layer)) found.push({ layer, zoom, row, col, status });
    }, { layerFilter: (layer) => layer === this.layer });
    return found;
  }
}

const halo = new Stroke({ color: "rgba(255,255,255,.9)", width: 4 });

const SYMBOLS = {
  waiting: (stroke) => new RegularShape({ points: 4, radius: 5, angle: Math.PI / 4, stroke }),
  running: (stroke, fill) => new RegularShape({ points: 3, radius: 6, rotation: Math.PI / 2, stroke, fill }),
  done: (stroke, fill) => new Circle({ radius: 4.5, stroke, fill }),
  empty: (stroke) => new Circle({ radius: 4.5, stroke }),
  failed: (stroke) => new RegularShape({ points: 4, radius: 7, radius2: 0, angle: Math.PI / 4, stroke }),
};

const styles = Object.fromEntries(
  Object.entries(COLOURS).map(([status, colour]) => {
    const strong = status === "failed" || status === "running";
    const stroke = new Stroke({ color: colour, width: status === "failed" ? 2.5 : 2 });
    const shape = SYMBOLS[status];
    const geometry = (feature) => new Point(getCenter(feature.getGeometry().getExtent()));
    return [
      status,
      {
        outline: [
          new Style({ stroke: new Stroke({ color: "rgba(255,255,255,.55)", width: strong ? 4 : 2.5 }), zIndex: strong ? 2 : 0 }),
          new Style({
            stroke: new Stroke({ color: colour, width: strong ? 2 : 1, lineDash: status === "waiting" ? [3, 4] : undefined }),
            fill: strong ? new Fill({ color: `${colour}26` }) : undefined,
            zIndex: strong ? 3 : 1,
          }),
        ],
        symbol: [
          new Style({ geometry, image: shape(halo, new Fill({ color: "#fff" })), zIndex: 4 }),
          new Style({ geometry, image: shape(stroke, new Fill({ color: colour })), zIndex: 5 }),
        ],
      },
    ];
  }),
);

function styleOf(feature, resolution) {
  const style = styles[feature.get("status")] ?? styles.waiting;
  const width = getWidth(feature.getGeometry().getExtent()) / resolution;
  return width < SYMBOL ? style.outline : [...style.outline, ...style.symbol];
}
