// The map: one picture layer for each layer that is shown, clipped where two are compared.

import OlMap from "ol/Map.js";
import View from "ol/View.js";
import Feature from "ol/Feature.js";
import Point from "ol/geom/Point.js";
import { fromExtent } from "ol/geom/Polygon.js";
import { getCenter } from "ol/extent.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import { Circle, Fill, Stroke, Style } from "ol/style.js";
import TileLayer from "ol/layer/Tile.js";
import XYZ from "ol/source/XYZ.js";
import Attribution from "ol/control/Attribution.js";
import ScaleLine from "ol/control/ScaleLine.js";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj.js";
import KeyboardPan from "ol/interaction/KeyboardPan.js";
import { defaults } from "ol/interaction/defaults.js";
import { getRenderPixel } from "ol/render.js";
import * as api from "./api.js";
import { awaitsLook, toQuery } from "./style.js";

const GRIDS = ["EPSG:4326", "EPSG:3857"];
export const EDGE = 20037508.342789244; // metres from the middle of the web map's grid to its edge
const BEFORE = " before"; // of the picture on the left of two dates
const AGAIN = 5000; // milliseconds until a tile is asked for again that took too long

// Where the layers lie that are too small to be seen at this zoom.
const FAR = [
  new Style({ stroke: new Stroke({ color: "#0f766e", width: 1.5, lineDash: [4, 4] }) }),
  new Style({
    geometry: (feature) => new Point(getCenter(feature.getGeometry().getExtent())),
    image: new Circle({ radius: 4, fill: new Fill({ color: "#0f766e" }), stroke: new Stroke({ color: "#fff", width: 1.5 }) }),
  }),
];

const mercator = ([west, south, east, north]) => transformExtent([west, Math.max(south, -85), east, Math.min(north, 85)], ...GRIDS);

// Whether a tile of the web map's grid has a part in a box; the box may run over the date line.
function touches([left, bottom, right, top], z, x, y) {
  const size = (2 * EDGE) / 2 ** z;
  const [west, north] = [x * size - EDGE, EDGE - y * size];
  if (north < bottom || north - size > top) return false;
  return [0, 2 * EDGE].some((turn) => west + turn < right && west + size + turn > left);
}

// The address of a picture by its place in the grid; none beyond the layer.
function addresses(entry, picture, key) {
  const scale = picture.dense ? "@2x" : "";
  const name = encodeURIComponent(entry.name);
  const reach = mercator(entry.info.bounds);
  return ([z, x, y]) => (touches(reach, z, x, y) ? `/${name}/${z}/${x}/${y}${scale}.png?${key}` : undefined);
}

export class Chart {
  constructor(target, state, told) {
    this.state = state;
    this.pictures = new Map();
    this.goal = null; // the zoom that an animation of `zoomBy` ends at
    // whole zooms only: there a pixel of a tile is one of the screen
    this.view = new View({ constrainResolution: true, minZoom: 1, maxZoom: 24, center: [0, 0], zoom: 2, enableRotation: false });
    const controls = [new ScaleLine({ minWidth: 70 })];
    controls.push(new Attribution({ collapsible: true, collapsed: !told.base_map }));
    // + and - are keys of the page (`zoomBy`): OpenLayers' own would zoom as well where the map has the focus
    const interactions = defaults({ keyboard: false }).extend([new KeyboardPan()]);
    this.map = new OlMap({ target, view: this.view, controls, interactions, layers: [] });
    if (told.base_map) this.map.addLayer(baseMap(told));
    this.far = new VectorSource();
    this.map.addLayer(new VectorLayer({ source: this.far, zIndex: 8000, style: FAR, className: "far" }));
    this.map.on("moveend", () => this.mark());
  }

  // Make the map show what the state says.
  update() {
    const shown = new Set();
    this.state.layers.forEach((entry, place) => {
      if (!this.isShown(entry) || awaitsLook(entry)) return;
      const dates = [["", entry.style.date]];
      if (this.state.comparesDates(entry)) dates.push([BEFORE, this.state.swipe.date]);
      for (const [which, date] of dates) {
        shown.add(entry.name + which);
        const picture = this.picture(entry, entry.name + which);
        picture.layer.setZIndex(place + 1);
        picture.layer.setOpacity(entry.opacity);
        picture.layer.setVisible(true);
        this.address(entry, picture, date);
      }
    });
    for (const [name, picture] of this.pictures) if (!shown.has(name)) picture.layer.setVisible(false);
    this.mark();
    this.map.render();
  }

  mark() {
    this.far.clear(true);
    for (const entry of this.state.layers) {
      if (!this.isShown(entry) || !this.isFar(entry)) continue;
      this.far.addFeature(new Feature(fromExtent(mercator(entry.info.bounds))));
    }
  }

  isFar(entry) {
    return this.view.getZoom() < entry.info.minzoom - 1;
  }

  // Whether a part of a layer lies in view.
  sees(entry) {
    const [west, south, east, north] = this.box();
    const [left, bottom, right, top] = entry.info.bounds;
    return bottom < north && top > south && [-360, 0, 360].some((turn) => left + turn < east && right + turn > west);
  }

  isShown(entry) {
    const { on, left, right } = this.state.swipe;
    return on ? entry.name === left || entry.name === right : entry.visible;
  }

  picture(entry, key) {
    const known = this.pictures.get(key);
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
    const layer = new TileLayer({
      source,
      preload: 0,
      minZoom: info.minzoom - 1,
      className: "picture",
    });
    layer.on("prerender", (event) => this.clip(key, event));
    layer.on("postrender", (event) => event.context.restore());
    const ended = (good) => (event) => {
      entry.loading = Math.max(0, (entry.loading ?? 0) - 1);
      if (!good) this.failed(entry, picture, event.tile.getTileCoord());
      this.state.tell("loading");
    };
    source.on("tileloadstart", () => { entry.loading = (entry.loading ?? 0) + 1; this.state.tell("loading"); });
    source.on("tileloadend", ended(true));
    source.on("tileloaderror", ended(false));
    this.map.addLayer(layer);
    const picture = { layer, source, dense, key: "" };
    this.pictures.set(key, picture);
    return picture;
  }

  address(entry, picture, date = entry.style.date) {
    const query = toQuery(entry.info, { ...entry.style, date });
    if (entry.info.kind === "process") query.set("v", entry.version);
    const key = query.toString();
    if (key === picture.key) return;
    picture.key = key;
    this.fail(entry, null);
    picture.source.setTileUrlFunction(addresses(entry, picture, key), key);
  }

  // Let the browser have the pictures of another date before they are asked for.
  fetchAhead(entry, date) {
    const picture = this.pictures.get(entry.name);
    if (!picture) return;
    const of = addresses(entry, picture, toQuery(entry.info, { ...entry.style, date }).toString());
    const grid = picture.source.getTileGrid();
    const zoom = Math.min(grid.getMaxZoom(), Math.max(grid.getMinZoom(), grid.getZForResolution(this.view.getResolution())));
    grid.forEachTileCoord(this.view.calculateExtent(this.map.getSize()), zoom, (place) => {
      const address = of(place);
      if (address) fetch(address, { priority: "low" }).catch(() => {}); // asked for again, and told, when it is shown
    });
  }

  // Ask for the tiles of a process anew: they were made again, or more of them are there.
  refresh(name) {
    const entry = this.state.get(name);
    if (!entry) return;
    entry.version += 1;
    if (this.pictures.has(name)) this.address(entry, this.pictures.get(name));
  }

  // A picture that cannot be had: the layer says why, in the server's words.
  async failed(entry, picture, place) {
    this.again(entry);
    if (entry.asking) return;
    entry.asking = true;
    const address = picture.source.getTileUrlFunction()(place, picture.source.getTilePixelRatio?.(1) ?? 1);
    const error = address ? await api.whyNot(address) : "";
    entry.asking = false;
    if (error) this.fail(entry, { message: error.message, tile: error.told?.traceback ? place : null });
  }

  fail(entry, failure) {
    if (failure?.message === entry.failure?.message) return;
    entry.failure = failure;
    this.state.tell("failure", entry);
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
    const { on, left, right, at, date } = this.state.swipe;
    if (!on || (left === right && !date)) return;
    const [width, height] = this.map.getSize();
    const edge = width * at;
    const isLeft = left === right ? name.endsWith(BEFORE) : name === left;
    const [from, to] = isLeft ? [0, edge] : [edge, width];
    const corners = [[from, 0], [to, 0], [to, height], [from, height]].map((corner) => getRenderPixel(event, corner));
    context.beginPath();
    corners.forEach(([x, y], number) => (number ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.clip();
  }

  // Leave room at the lower edge; what was in the middle is in the middle of the rest.
  spare(pixels) {
    const centre = this.view.getCenter();
    this.view.padding = [0, 0, pixels, 0];
    this.view.setCenter(centre);
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

  // Whole zooms, also when asked again while one is on its way.
  zoomBy(by) {
    const from = this.goal ?? Math.round(this.view.getZoom());
    this.view.cancelAnimations(); // forgets the goal
    this.goal = Math.min(this.view.getMaxZoom(), Math.max(this.view.getMinZoom(), from + by));
    this.view.animate({ zoom: this.goal, duration: 120 }, () => { this.goal = null; });
  }

  zoomTo(zoom) {
    this.view.animate({ zoom, duration: 250 });
  }

  // The zoom at which a box fills the map.
  zoomOf(bounds) {
    return this.view.getZoomForResolution(this.view.getResolutionForExtent(mercator(bounds), this.map.getSize()));
  }

  fit(bounds, animate = true) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.view.fit(mercator(bounds), { padding: [24, 24, 40, 24], maxZoom: 18, duration: animate && !calm ? 250 : 0 });
  }
}

// Attributions are plain text, and OpenLayers takes HTML.
function plain(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span.innerHTML;
}

function baseMap(told) {
  return new TileLayer({
    zIndex: 0,
    className: "base",
    source: new XYZ({ url: told.base_map, attributions: told.base_map_attribution ? plain(told.base_map_attribution) : undefined, maxZoom: 19 }),
  });
}
