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
import { timeChart } from "./timechart.js";

const FEW = 3; // layers that are not shown whose values stand open
const DATED = /(\d{4})[-_]?(\d{2})[-_]?(\d{2})$/;

export class Inspector {
  constructor(target, chart, state, actions) {
    Object.assign(this, { target, chart, state, actions, band: new Map() });
    this.marker = new VectorSource();
    chart.map.addLayer(new VectorLayer({
      source: this.marker, zIndex: 9500, className: "place",
      style: [[5, "#fff", 5], [5, "#0f766e", 2.5]].map(([radius, color, width]) => new Style({ image: new Circle({ radius: radius + 1, stroke: new Stroke({ color, width }) }) })),
    }));
  }

  async show(lon, lat) {
    this.state.place = [lon, lat];
    this.state.tell("link");
    this.marker.clear();
    this.marker.addFeature(new Feature(new Point(fromLonLat([lon, lat]))));
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.frame(lon, lat, [h("p", { class: "quiet", "aria-busy": "true" }, "Reading …")]);
    try {
      const told = await api.point(lon, lat, this.chart.zoom(), asking.signal);
      const tiles = await this.tiles(told, lon, lat, asking.signal);
      if (asking.signal.aborted) return;
      // many files are read for the dates: they come when they come
      const later = h("div", { class: "stack", "aria-live": "polite" });
      this.frame(lon, lat, [...tiles.map((tile) => this.tile(tile)), this.values(told), ...this.dated(told), later]);
      later.replaceChildren(...(await this.series(lon, lat, asking.signal, later)));
    } catch (error) {
      if (error.name !== "AbortError") this.frame(lon, lat, [h("p", { class: "problem", role: "alert" }, error.message)]);
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

  // time

  async series(lon, lat, signal, place) {
    const parts = [];
    for (const entry of this.state.processes) {
      if (this.state.layers.some((one) => one.info.dates && one.name.startsWith(entry.name))) place.replaceChildren(...parts, h("p", { class: "quiet" }, "Reading all dates …"));
      const told = await api.series(entry.name, lon, lat, signal);
      for (const input of told.inputs) {
        if (!input.dates.length) continue;
        parts.push(this.chartOf(`${entry.info.title}: ${input.input}`, input.bands, (time) => this.showDate(entry, input.input, time), (band) => input.dates.map((date) => ({ time: date.time, value: date.values[band], masked: date.masked, reason: date.reason }))));
      }
    }
    return parts;
  }

  // Inputs of one raster for each date, known by their names.
  dated(told) {
    const found = told.layers.map((one) => ({ ...one, entry: this.state.get(one.layer), date: DATED.exec(this.state.get(one.layer)?.info.title ?? "") }))
      .filter((one) => one.entry?.info.kind === "input" && one.date && one.values);
    if (found.length < 3) return [];
    const bands = found[0].entry.info.bands.map((band) => band.name);
    const time = ({ date: [, year, month, day] }) => `${year}-${month}-${day}`;
    return [this.chartOf("Inputs by date", bands, undefined, (band) => found.map((one) => ({ time: time(one), value: one.values[band] ?? null, masked: false })).sort((a, b) => a.time.localeCompare(b.time)))];
  }

  // The scenes of a date on the map.
  showDate(process, input, time) {
    const scenes = this.state.layers.find((entry) => entry.info.dates && entry.info.title === input && entry.name.startsWith(process.name));
    const date = time.slice(0, 10);
    if (!scenes?.info.dates.includes(date)) return;
    scenes.style.date = date;
    scenes.visible = true;
    this.state.tell("layers");
  }

  chartOf(title, bands, chosen, dates) {
    const first = Math.min(this.band.get(title) ?? 0, bands.length - 1);
    const place = h("div", null, timeChart(dates(first), `${title}, ${bands[first]}`, chosen));
    return h("section", { class: "card series" },
      h("div", { class: "row spread" }, h("h3", null, title),
        h("select", { "aria-label": `Band of ${title}`, onchange: (event) => { const band = Number(event.target.value); this.band.set(title, band); place.replaceChildren(timeChart(dates(band), `${title}, ${bands[band]}`, chosen)); } },
          bands.map((band, number) => h("option", { value: number, selected: number === first }, band)))),
      place);
  }
}

function duration(seconds) {
  if (!seconds) return "";
  return seconds < 0.01 ? ", less than 0.01 s" : `, ${Number(seconds.toPrecision(2))} s`;
}

function parsed(text) {
  const [zoom, row, col] = text.split("/").map(Number);
  return [zoom, row, col].every(Number.isInteger) ? { zoom, row, col } : null;
}
