// The map: one picture layer for each layer that is shown, clipped where two are compared.

import OlMap from "ol/Map.js";
import View from "ol/View.js";
import TileLayer from "ol/layer/Tile.js";
import XYZ from "ol/source/XYZ.js";
import Attribution from "ol/control/Attribution.js";
import ScaleLine from "ol/control/ScaleLine.js";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj.js";
import { getRenderPixel } from "ol/render.js";
import { toQuery } from "./style.js";

const GRIDS = ["EPSG:4326", "EPSG:3857"];
const AGAIN = 5000; // milliseconds until a tile is asked for again that took too long

export class Chart {
  constructor(target, state, told) {
    this.state = state;
    this.pictures = new Map();
    this.view = new View({ minZoom: 1, maxZoom: 24, center: [0, 0], zoom: 2, enableRotation: false });
    const controls = [new ScaleLine({ minWidth: 70 })];
    if (told.base_map) controls.push(new Attribution({ collapsible: true, collapsed: true }));
    this.map = new OlMap({ target, view: this.view, controls, layers: [] });
    if (told.base_map) this.map.addLayer(baseMap(told));
    this.failures = 0;
  }

  // Make the map show what the state says.
  update() {
    const shown = new Set();
    this.state.layers.forEach((entry, place) => {
      if (!this.isShown(entry)) return;
      shown.add(entry.name);
      const picture = this.picture(entry);
      picture.layer.setZIndex(place + 1);
      picture.layer.setOpacity(entry.opacity);
      picture.layer.setVisible(true);
      this.address(entry, picture);
    });
    for (const [name, picture] of this.pictures) if (!shown.has(name)) picture.layer.setVisible(false);
    this.map.render();
  }

  isShown(entry) {
    const { on, left, right } = this.state.swipe;
    return on ? entry.name === left || entry.name === right : entry.visible;
  }

  picture(entry) {
    const known = this.pictures.get(entry.name);
    if (known) return known;
    const { info } = entry;
    const dense = window.devicePixelRatio > 1;
    const source = new XYZ({
      minZoom: info.minzoom,
      maxZoom: info.maxzoom,
      tilePixelRatio: dense ? 2 : 1,
      interpolate: false,
      transition: 120,
      tileUrlFunction: () => undefined,
    });
    const [west, south, east, north] = info.bounds;
    const layer = new TileLayer({
      source,
      preload: 0,
      extent: east <= 180 ? transformExtent([west, Math.max(south, -85), east, Math.min(north, 85)], ...GRIDS) : undefined,
      minZoom: info.minzoom - 1,
      className: "picture",
    });
    layer.on("prerender", (event) => this.clip(entry.name, event));
    layer.on("postrender", (event) => event.context.restore());
    source.on("tileloaderror", () => this.again(entry));
    this.map.addLayer(layer);
    const picture = { layer, source, dense, key: "" };
    this.pictures.set(entry.name, picture);
    return picture;
  }

  address(entry, picture) {
    const query = toQuery(entry.info, entry.style);
    if (entry.info.kind === "process") query.set("v", entry.version);
    const key = query.toString();
    if (key === picture.key) return;
    picture.key = key;
    const scale = picture.dense ? "@2x" : "";
    const name = encodeURIComponent(entry.name);
    picture.source.setTileUrlFunction(([z, x, y]) => `/${name}/${z}/${x}/${y}${scale}.png?${key}`, key);
  }

  // Ask for the tiles of a process anew: they were made again, or more of them are there.
  refresh(name) {
    const entry = this.state.get(name);
    if (!entry) return;
    entry.version += 1;
    if (this.pictures.has(name)) this.address(entry, this.pictures.get(name));
  }

  again(entry) {
    if (entry.info.kind !== "process" || entry.waiting || (entry.again ?? 0) >= 3) return;
    entry.waiting = setTimeout(() => {
      entry.waiting = 0;
      entry.again = (entry.again ?? 0) + 1;
      this.refresh(entry.name);
    }, AGAIN);
  }

  clip(name, event) {
    const context = event.context;
    context.save();
    const { on, left, right, at } = this.state.swipe;
    if (!on || left === right) return;
    const [width, height] = this.map.getSize();
    const edge = width * at;
    const [from, to] = name === left ? [0, edge] : [edge, width];
    const corners = [[from, 0], [to, 0], [to, height], [from, height]].map((corner) => getRenderPixel(event, corner));
    context.beginPath();
    corners.forEach(([x, y], number) => (number ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.clip();
  }

  // places

  box() {
    return transformExtent(this.view.calculateExtent(this.map.getSize()), "EPSG:3857", "EPSG:4326").map((value) => Number(value.toFixed(6)));
  }

  // Zoom of the pixels on screen, as the server counts them.
  zoom() {
    return Math.max(0, Math.round(this.view.getZoom()));
  }

  centre() {
    return toLonLat(this.view.getCenter());
  }

  place() {
    const [lon, lat] = this.centre();
    return { zoom: this.view.getZoom(), lon, lat };
  }

  go({ zoom, lon, lat }) {
    this.view.setCenter(fromLonLat([lon, lat]));
    this.view.setZoom(zoom);
  }

  fit([west, south, east, north], animate = true) {
    const extent = transformExtent([west, Math.max(south, -85), east, Math.min(north, 85)], ...GRIDS);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.view.fit(extent, { padding: [24, 24, 40, 24], maxZoom: 18, duration: animate && !calm ? 250 : 0 });
  }
}

function baseMap(told) {
  return new TileLayer({
    zIndex: 0,
    className: "base",
    source: new XYZ({ url: told.base_map, attributions: told.base_map_attribution || undefined, maxZoom: 19 }),
  });
}
