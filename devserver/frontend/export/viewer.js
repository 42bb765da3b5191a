// The page of an exported map: tiles beside the page, nothing else.

import OlMap from "ol/Map.js";
import View from "ol/View.js";
import TileLayer from "ol/layer/Tile.js";
import ImageTile from "ol/source/ImageTile.js";
import XYZ from "ol/source/XYZ.js";
import Attribution from "ol/control/Attribution.js";
import ScaleLine from "ol/control/ScaleLine.js";
import Zoom from "ol/control/Zoom.js";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj.js";
import { createXYZ } from "ol/tilegrid.js";
import "ol/ol.css";
import "./viewer.css";
import { PmTiles } from "./pmtiles.js";

const told = JSON.parse(document.getElementById("config").textContent);
const element = (name) => document.getElementById(name);
const beside = (path) => new URL(path, location.href).href;
const [minZoom, maxZoom] = told.zooms;
const extent = transformExtent(told.bounds, "EPSG:4326", "EPSG:3857");

function say(text) {
  const message = element("message");
  message.textContent = text;
  message.hidden = false;
}

// Attributions are plain text, and OpenLayers takes HTML.
function plain(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span.innerHTML;
}

function pictures() {
  const shared = {
    attributions: told.attribution ? plain(told.attribution) : undefined,
    interpolate: told.legend.length === 0,
    tileGrid: createXYZ({ minZoom, maxZoom }),
    wrapX: true,
    transition: 0,
  };
  // not through URL(): it would escape the braces
  if (told.xyz) return new XYZ({ ...shared, url: beside("./") + told.xyz.slice(2), minZoom, maxZoom });
  const archive = new PmTiles(beside(encodeURIComponent(told.pmtiles.slice(2))));
  const blank = document.createElement("canvas");
  blank.width = blank.height = 256;
  const loader = async (z, x, y) => {
    try {
      if (location.protocol === "file:") throw new Error("Browsers read PMTiles through a web server only; open this page through one.");
      const content = await archive.tile(z, x, y);
      return content ? await createImageBitmap(new Blob([content], { type: told.type })) : blank;
    } catch (error) {
      say(error.message);
      return blank;
    }
  };
  return new ImageTile({ ...shared, loader, tileSize: 256 });
}

function view() {
  const found = new View({ maxZoom: Math.max(maxZoom + 4, 19), enableRotation: false, center: [0, 0], zoom: 1 });
  const [, zoom, lat, lon] = location.hash.match(/^#([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/) ?? [];
  if (zoom) {
    found.setCenter(fromLonLat([Number(lon), Number(lat)]));
    found.setZoom(Number(zoom));
  }
  return found;
}

function legend() {
  for (const { name, color } of told.legend) {
    const entry = document.createElement("li");
    const patch = document.createElement("span");
    patch.style.background = color;
    entry.append(patch, name);
    element("legend").append(entry);
  }
  element("legend").hidden = told.legend.length === 0;
}

// The colours of a single band, and the values at their ends.
function ramp() {
  if (!told.ramp) return;
  const { colors, low, high } = told.ramp;
  const text = (value) => String(Number(value.toPrecision(4)));
  element("ramp-colours").style.background = `linear-gradient(90deg, ${colors.join(",")})`;
  element("ramp-low").textContent = text(low);
  element("ramp-high").textContent = text(high);
  element("ramp").setAttribute("aria-label", `Colours from ${text(low)} to ${text(high)}`);
  element("ramp").hidden = false;
}

// On a phone the map comes first.
if (matchMedia("(max-width: 600px)").matches) element("panel").open = false;

const layer = new TileLayer({ source: pictures(), extent });
const layers = [layer];
if (told.base) {
  layers.unshift(new TileLayer({ source: new XYZ({ url: told.base }) }));
  const opacity = element("opacity");
  opacity.hidden = false;
  opacity.addEventListener("input", (event) => layer.setOpacity(event.target.value / 100));
}
const controls = [new Zoom(), new ScaleLine({ minWidth: 70 }), new Attribution({ collapsible: false })];
const map = new OlMap({ target: "map", layers, controls, view: view() });
if (!location.hash) map.getView().fit(extent, { padding: [24, 24, 24, 24], maxZoom });
map.on("moveend", () => {
  const [lon, lat] = toLonLat(map.getView().getCenter());
  history.replaceState(null, "", `#${map.getView().getZoom().toFixed(2)}/${lat.toFixed(5)}/${lon.toFixed(5)}`);
});
map.once("rendercomplete", () => (document.documentElement.dataset.ready = "yes"));
legend();
ramp();
