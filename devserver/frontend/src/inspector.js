// What is at a place: values of every layer, the tile with its traceback, dates of the scenes.

import Feature from "ol/Feature.js";
import Point from "ol/geom/Point.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import { Circle, Stroke, Style } from "ol/style.js";
import { fromLonLat } from "ol/proj.js";
import * as api from "./api.js";
import { h, icon, iconButton, number } from "./dom.js";
import { mark } from "./statuses.js";
import { COLOURS, datedAt, Profiles } from "./profiles.js";

const FEW = 3; // layers that are not shown whose values stand open

export class Inspector {
  constructor(target, chart, state, actions) {
    Object.assign(this, { target, chart, state, actions, profiles: new Profiles(state, (entry, time) => this.showDate(entry, time)) });
    this.marker = new VectorSource();
    chart.map.addLayer(new VectorLayer({
      source: this.marker, zIndex: 9500, className: "place",
    }));
  }

  async show(lon, lat) {
    this.state.place = [lon, lat];
    this.state.tell("link");
    this.mark();
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.frame(lon, lat, [h("p", { class: "quiet", "aria-busy": "true" }, "Reading …")]);
    try {
      const told = await api.point(lon, lat, this.chart.zoom(), asking.signal);
      const tiles = await this.tiles(told, lon, lat, asking.signal);
      if (asking.signal.aborted) return;
      // many files are read for the dates: they come when they come
      const later = h("div", { class: "stack", "aria-live": "polite" });
      this.frame(lon, lat, [...tiles.map((tile) => this.tile(tile)), this.values(told), later]);
      this.renew = async () => later.replaceChildren(...(await this.series(lon, lat, asking.signal, later)));
      await this.renew();
    } catch (error) {
      if (error.name !== "AbortError") this.frame(lon, lat, [h("p", { class: "problem", role: "alert" }, error.message)]);
    }
  }

  // The point that was clicked, and those that are kept, in the colours of their lines.
  mark() {
    this.marker.clear();
    for (const point of this.points) {
      const feature = new Feature(new Point(fromLonLat([point.lon, point.lat])));
      feature.setStyle(ring(point.colour));
      this.marker.addFeature(feature);
    }
  }

  again() {
    if (this.state.place && !this.target.hidden) this.show(...this.state.place);
  }

  close() {
    this.asking?.abort();
    this.marker.clear();
    this.state.place = null;
    this.target.hidden = true;
    this.state.tell("link");
    this.actions.closed();
  }

  frame(lon, lat, parts) {
    this.target.hidden = false;
    this.target.replaceChildren(
      h("header", { class: "panel-head" }, h("h2", null, "Here"),
        h("span", { class: "code place" }, `${lat.toFixed(5)}, ${lon.toFixed(5)}`),
        iconButton("close", "Close the values", () => this.close())),
      h("div", { class: "panel-body" }, parts));
    // what went wrong stands at the end
    for (const traceback of this.target.querySelectorAll(".traceback")) traceback.scrollTop = traceback.scrollHeight;
    this.actions.opened();
  }

  // tiles of the processes at the place

  async tiles(told, lon, lat, signal) {
    const failed = new Map(told.layers.filter((one) => one.tile).map((one) => [one.layer, one.tile]));
    const found = [];
    for (const entry of this.state.processes) {
      // the tile of the place; on coarser zooms a failed one that it would be made from
      const near = await this.around(entry.name, lon, lat, signal);
      const index = failed.has(entry.name) && !(near && this.actions.isBase({ layer: entry.name, ...near })) ? parsed(failed.get(entry.name)) : near;
      if (!index) continue;
      try {
        found.push({ layer: entry.name, title: entry.info.title, ...(await api.tile(entry.name, index)) });
      } catch (error) {
        if (error.status !== 404) throw error;
      }
    }
    return found;
  }

  async around(name, lon, lat, signal) {
    const near = 1e-7;
    try {
      const found = await api.grid(name, [lon - near, lat - near, lon + near, lat + near], this.chart.zoom(), signal);
      return found.features[0]?.properties;
    } catch (error) {
      if (error.name === "AbortError") throw error;
      return null;
    }
  }

  tile(tile) {
    const again = h("button", { type: "button", class: tile.status === "failed" ? "main" : "chip", id: tile.status === "failed" ? "retry" : undefined, onclick: () => this.retry(tile, again) }, icon("again"), tile.status === "failed" ? "Try this tile again" : "Compute again");
    const may = this.actions.isBase(tile);
    return h("section", { class: `card tile ${tile.status}` },
      h("div", { class: "row" }, mark(tile.status), h("strong", null, tile.status), h("span", { class: "quiet" }, `${tile.title}, tile ${tile.zoom}/${tile.row}/${tile.col}${duration(tile.seconds)}`)),
      tile.error ? h("p", { class: "problem" }, tile.error) : "",
      tile.traceback ? h("details", { open: true }, h("summary", null, "Traceback"), h("pre", { class: "traceback", tabindex: 0 }, tile.traceback)) : "",
      may ? again : "");
  }

  async retry(tile, button) {
    button.disabled = true;
    button.replaceChildren("Computing …");
    try {
      const now = await api.retry(tile.layer, tile);
      if (now.status !== "failed") this.chart.refresh(tile.layer);
    } catch (error) {
      this.state.tell("trouble", error);
    }
    this.actions.retried();
    this.again();
  }

  // values

  values(told) {
    const order = this.state.layers.map((entry) => entry.name);
    const rows = told.layers.map((one) => ({ ...one, entry: this.state.get(one.layer) })).filter((one) => one.entry)
      .sort((a, b) => order.indexOf(b.layer) - order.indexOf(a.layer));
    const here = rows.filter((one) => one.values || one.error);
    const away = rows.length - here.length;
    const shown = here.filter((one) => this.chart.isShown(one.entry) || one.error);
    const hidden = here.filter((one) => !shown.includes(one));
    return h("section", { class: "all-values" }, shown.map((one) => this.layer(one)),
      hidden.length ? h("details", { class: "more", open: hidden.length <= FEW || !shown.length }, h("summary", null, `${hidden.length} ${hidden.length === 1 ? "layer that is" : "layers that are"} not shown`), hidden.map((one) => this.layer(one))) : "",
      away ? h("p", { class: "quiet" }, `${away} ${away === 1 ? "layer has" : "layers have"} nothing here.`) : "");
  }

  layer({ entry, values, error }) {
    const { info } = entry;
    if (error) return h("div", { class: "values" }, h("h3", null, info.title), h("p", { class: "problem" }, error));
    const one = info.classes?.find((each) => each.value === values[0]);
    return h("div", { class: "values", "data-values": entry.name }, h("h3", null, info.title),
      one ? h("p", { class: "row" }, h("span", { class: "swatch", style: { background: one.color } }), h("strong", null, one.name)) : "",
      h("dl", null, values.map((value, place) => [h("dt", null, info.bands[place]?.name ?? place + 1), h("dd", { class: value === null ? "quiet" : "" }, number(value))])));
  }

  // time: all dates at this point and at those that are kept

  get points() {
    const [lon, lat] = this.state.place;
    const kept = this.state.pins.filter((pin) => pin.lon !== lon || pin.lat !== lat);
    return [{ lon, lat, label: "here" }, ...kept.map((pin, number) => ({ ...pin, label: `point ${number + 1}` }))].map((point, number) => ({ ...point, colour: COLOURS[number % COLOURS.length] }));
  }

  async series(lon, lat, signal, place) {
    const entries = datedAt(this.state, this.chart, [lon, lat]);
    if (!entries.length) return [];
    place.replaceChildren(h("p", { class: "quiet" }, "Reading all dates …"));
    const cards = await Promise.all(entries.map((entry) => this.profiles.of(entry, this.points, signal)));
    const found = cards.filter(Boolean);
    return found.length ? [this.kept(), ...found] : [];
  }

  // The points that are compared.
  kept() {
    const { pins } = this.state;
    const change = (action) => () => { action(); this.state.tell("link"); this.again(); };
    return h("div", { class: "points" },
      this.points.map((point) => h("span", { class: "row" }, h("span", { class: "dot", style: { background: point.colour } }), point.label)),
      pins.length < COLOURS.length - 1 ? h("button", { type: "button", class: "chip", id: "keep-point", onclick: change(() => pins.push({ lon: this.state.place[0], lat: this.state.place[1] })) }, icon("pin"), "Keep this point") : "",
      pins.length ? h("button", { type: "button", class: "chip", onclick: change(() => pins.splice(0)) }, "Forget them") : "");
  }

  // Another date is shown: the spectra are those of that date.
  dated() {
    if (this.state.place && !this.target.hidden && this.target.querySelector(".spectrum")) {
      this.renew?.().catch((error) => { if (error.name !== "AbortError") this.state.tell("trouble", error); }); // another point has been clicked
    }
  }

  // A date on the map.
  showDate(entry, time) {
    const date = time.slice(0, 10);
    if (!entry.info.dates.includes(date)) return;
    entry.style.date = date;
    entry.visible = true;
    this.state.tell("layers");
    this.dated();
  }
}

const ring = (colour) => [["#fff", 5], [colour, 2.5]].map(([color, width]) => new Style({ image: new Circle({ radius: 6, stroke: new Stroke({ color, width }) }) }));

function duration(seconds) {
  if (!seconds) return "";
  return seconds < 0.01 ? ", less than 0.01 s" : `, ${Number(seconds.toPrecision(2))} s`;
}

function parsed(text) {
  const [zoom, row, col] = text.split("/").map(Number);
  return [zoom, row, col].every(Number.isInteger) ? { zoom, row, col } : null;
}
