// What is shown, and the same as the part of the address behind the #.

import { fromQuery, initialStyle, toQuery } from "./style.js";

export class State extends EventTarget {
  constructor() {
    super();
    this.layers = []; // from the bottom to the top
    this.swipe = { on: false, left: "", right: "", at: 0.5, date: "" }; // date: of the left one of two dates
    this.grid = false;
    this.view = null; // { zoom, lon, lat }
    this.place = null; // [lon, lat] of the inspector
    this.pins = []; // points that are kept: { lon, lat }
  }

  tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  load(told) {
    const before = new Map(this.layers.map((layer) => [layer.name, layer]));
    const entries = told.layers.map((info) => {
      const old = before.get(info.name);
      if (old) return Object.assign(old, { info });
      return { name: info.name, info, visible: info.kind !== "input", opacity: 1, open: false, version: 1, style: initialStyle(info) };
    });
    if (before.size) {
      const order = this.layers.map((layer) => layer.name);
      const place = (entry) => (order.includes(entry.name) ? order.indexOf(entry.name) : order.length);
      entries.sort((a, b) => place(a) - place(b));
    } else {
      // what is made lies above what it is made of
      entries.sort((a, b) => (a.info.kind !== "input") - (b.info.kind !== "input"));
    }
    this.layers = entries;
    if (!this.swipe.left) this.chooseSwipe();
  }

  get(name) {
    return this.layers.find((layer) => layer.name === name);
  }

  get processes() {
    return this.layers.filter((layer) => layer.info.kind === "process");
  }

  // Whether two dates of a layer are side by side.
  comparesDates(entry) {
    const { on, left, right, date } = this.swipe;
    return on && left === right && left === entry.name && Boolean(date);
  }

  // The two topmost that are shown and lie in the box (degrees); else what else there is.
  chooseSwipe(box = [-180, -90, 180, 90]) {
    const rank = (layer) => (inside(layer.info.bounds, box) ? 0 : 2) + (layer.visible ? 0 : 1);
    const [left, right] = [...this.layers].reverse().sort((a, b) => rank(a) - rank(b));
    this.swipe.left = left?.name ?? "";
    this.swipe.right = right?.name ?? left?.name ?? "";
  }

  move(name, by) {
    const from = this.layers.findIndex((layer) => layer.name === name);
    const to = from + by;
    if (from < 0 || to < 0 || to >= this.layers.length) return;
    this.layers.splice(to, 0, ...this.layers.splice(from, 1));
    this.tell("layers");
  }

  // the address

  toHash() {
    const parts = new URLSearchParams();
    if (this.view) {
      const { zoom, lat, lon } = this.view;
      parts.set("map", `${Number(zoom.toFixed(2))}/${lat.toFixed(6)}/${lon.toFixed(6)}`);
    }
    for (const layer of this.layers) {
      const style = toQuery(layer.info, layer.style).toString();
      const usual = toQuery(layer.info, initialStyle(layer.info)).toString();
      // inputs that are not shown and look as usual need no word
      if (!layer.visible && layer.info.kind === "input" && style === usual) continue;
      parts.append("l", [layer.name, layer.visible ? 1 : 0, layer.opacity, style === usual ? "" : style].join("~"));
    }
    if (this.swipe.on) parts.set("swipe", [this.swipe.left, this.swipe.right, this.swipe.at.toFixed(3), ...(this.swipe.date && this.swipe.left === this.swipe.right ? [this.swipe.date] : [])].join("~"));
    if (this.grid) parts.set("grid", "1");
    if (this.pins.length) parts.set("pins", this.pins.map(({ lon, lat }) => `${lon.toFixed(6)},${lat.toFixed(6)}`).join(","));
    if (this.place) parts.set("at", this.place.map((value) => value.toFixed(6)).join(","));
    // slashes and tildes need no escape in this part of an address
    return `#${parts.toString().replaceAll("%2F", "/").replaceAll("%7E", "~").replaceAll("%2C", ",")}`;
  }

  fromHash(hash) {
    const parts = new URLSearchParams(hash.replace(/^#/, ""));
    const [zoom, lat, lon] = (parts.get("map") ?? "").split("/").map(Number);
    if ([zoom, lat, lon].every(Number.isFinite) && parts.has("map")) this.view = { zoom, lat, lon };
    const order = [];
    for (const text of parts.getAll("l")) {
      const [name, visible, opacity, ...style] = text.split("~");
      const layer = this.get(name);
      if (!layer) continue;
      order.push(name);
      layer.visible = visible === "1";
      layer.opacity = Math.min(1, Math.max(0, Number(opacity) || 0));
      const query = style.join("~");
      if (query) layer.style = fromQuery(layer.info, lists(query));
    }
    if (order.length) {
      for (const layer of this.layers) if (!order.includes(layer.name) && layer.info.kind === "input") layer.visible = false;
      const place = (layer) => (order.includes(layer.name) ? order.indexOf(layer.name) : -1);
      this.layers.sort((a, b) => place(a) - place(b));
    }
    const [left, right, at, date] = (parts.get("swipe") ?? "").split("~");
    this.swipe.on = Boolean(this.get(left) && this.get(right));
    if (this.swipe.on) Object.assign(this.swipe, { left, right, date: date ?? "", at: Math.min(1, Math.max(0, Number(at) || 0.5)) });
    this.grid = parts.get("grid") === "1";
    const pins = (parts.get("pins") ?? "").split(",").map(Number);
    this.pins = parts.has("pins") && pins.every(Number.isFinite) ? Array.from({ length: Math.floor(pins.length / 2) }, (_, number) => ({ lon: pins[2 * number], lat: pins[2 * number + 1] })) : [];
    const place = (parts.get("at") ?? "").split(",").map(Number);
    this.place = parts.has("at") && place.length === 2 && place.every(Number.isFinite) ? place : null;
  }
}

const inside = ([west, south, east, north], box) => west < box[2] && east > box[0] && south < box[3] && north > box[1];

function lists(query) {
  const found = {};
  for (const [name, value] of new URLSearchParams(query)) (found[name] ??= []).push(value);
  return found;
}
