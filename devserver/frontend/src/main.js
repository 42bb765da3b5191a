import "ol/ol.css";
import "./page.css";
import { toLonLat } from "ol/proj.js";
import * as api from "./api.js";
import { debounce, h, icon, iconButton } from "./dom.js";
import { Find } from "./find.js";
import { TileGrid } from "./grid.js";
import { Ground } from "./ground.js";
import { helpDialog } from "./help.js";
import { Inspector } from "./inspector.js";
import { LayerList } from "./layerlist.js";
import { Live } from "./live.js";
import { Chart } from "./map.js";
import { Measure } from "./measure.js";
import { ProcessPanel } from "./process.js";
import { SaveView } from "./saveview.js";
import { State } from "./state.js";
import { mark, STATUSES } from "./statuses.js";
import { awaitsLook, initialStyle, needsStretch } from "./style.js";
import { Swipe } from "./swipe.js";
import { TimeBar } from "./timebar.js";
import { startTheme, turnTheme } from "./theme.js";
import { ViewHint } from "./view.js";

const NARROW = "(max-width: 720px)"; // as in page.css
const $ = (id) => document.getElementById(id);
const state = new State();
startTheme();
start().catch((error) => $("banners").append(h("div", { class: "banner failed", role: "alert" }, error.message)));

async function start() {
  const [told, ramps] = await Promise.all([api.layers(), api.colormaps().catch(() => ({}))]);
  state.load(told);
  state.fromHash(location.hash);
  document.title = told.layers[0] ? `${told.layers[0].title} · AutoMap` : "AutoMap";
  page(told, ramps);
}

function page(told, ramps) {
  const chart = new Chart($("map"), state, told);
  const layersPanel = h("div", { class: "panel-body", id: "panel-layers", role: "tabpanel", "aria-label": "Layers" });
  const processPanel = h("div", { class: "panel-body", id: "panel-process", role: "tabpanel", "aria-label": "Process", hidden: true });
  const list = new LayerList(layersPanel, chart, state, ramps);
  const grid = new TileGrid(chart, state);
  const swipe = new Swipe($("stage"), chart, state);
  const ground = new Ground(chart);
  const measure = new Measure(chart, $("measure"), state);
  const find = new Find(chart, state, ground, (lon, lat) => inspector.show(lon, lat));
  const saved = new SaveView(chart, $("save"), say);
  const timebar = new TimeBar($("timebar"), chart, state, { compare: (entry) => compareDates(entry), saved, say });
  const hint = new ViewHint($("hints"), chart, state);
  const live = new Live(state);
  const help = helpDialog();
  const process = new ProcessPanel(processPanel, state, { changed: (name) => renew(name) });
  const inspector = new Inspector($("inspector"), chart, state, {
    opened: () => panels.inspect(),
    closed: () => panels.inspected(),
    retried: () => grid.soon(),
    isBase: (tile) => process.isBase(tile),
  });
  const panels = new Panels(layersPanel, processPanel, inspector);
  const bar = new Bar($("bar"), chart, grid);

  // what can be done

  const fitAll = (animate = true) => {
    const box = told.start?.bounds ?? state.layers[0]?.info.bounds;
    if (!box) return;
    chart.fit(box, animate);
    // layers far from each other: all of them would be too small to see
    const outputs = state.layers.filter((entry) => entry.info.kind !== "input");
    if (outputs.length && outputs.every((entry) => chart.zoomOf(box) < entry.info.minzoom)) chart.fit(outputs.at(-1).info.bounds, animate);
  };
  let chosen = state.swipe.on;
  const toggleSwipe = () => {
    state.swipe.on = !state.swipe.on;
    if (state.swipe.on && !chosen) state.chooseSwipe(chart.box());
    chosen ||= state.swipe.on;
    state.tell("layers");
    if (state.swipe.on) $("swipe").focus();
  };
  const compareDates = (entry) => {
    const on = state.comparesDates(entry);
    Object.assign(state.swipe, { on: !on, left: entry.name, right: entry.name, date: on ? "" : entry.style.date });
    if (on) state.chooseSwipe();
    state.tell("layers");
    if (!on) timebar.step(timebar.entry.style.date === [...entry.info.dates].at(-1) ? -1 : 1);
  };
  const toggleGrid = () => {
    state.grid = !state.grid;
    state.tell("layers");
  };
  const copyLink = async () => {
    saveLink();
    try {
      await navigator.clipboard.writeText(location.href);
      say("The address of this view is copied.");
    } catch {
      say("Copy the address from the browser's address line.");
    }
  };
  const toggleMeasure = () => {
    measure.toggle();
    $("tool-measure").setAttribute("aria-pressed", String(measure.on));
  };
  const toggleSave = () => saved.toggle();
  const toggleDegrees = () => {
    ground.degrees = !ground.degrees;
    $("tool-degrees").setAttribute("aria-pressed", String(ground.degrees));
  };
  const toggleBorders = () => { ground.borders = !ground.land.getVisible(); };
  const inspectCentre = () => inspector.show(...chart.centre());
  const zoomBy = (by) => chart.zoomBy(by);

  const swipeButton = iconButton("swipe", "Compare two layers (S)", toggleSwipe, { id: "tool-swipe" });
  const gridButton = iconButton("grid", "Tiles and where they are (T)", toggleGrid, { id: "tool-grid" });
  $("tools").append(
    iconButton("plus", "Zoom in (+)", () => zoomBy(1)),
    iconButton("minus", "Zoom out (−)", () => zoomBy(-1)),
    iconButton("fit", "Zoom to all layers (F)", () => fitAll()),
    h("hr"), swipeButton, gridButton,
    iconButton("find", "Find a place or coordinates (/)", () => find.open(), { id: "tool-find" }),
    iconButton("ruler", "Measure, draw an area (M)", () => toggleMeasure(), { id: "tool-measure" }),
    iconButton("globe", "Latitude and longitude (G)", () => toggleDegrees(), { id: "tool-degrees" }),
    iconButton("target", "Values in the middle of the map (I)", inspectCentre),
    h("hr"),
    iconButton("link", "Copy the address of this view (C)", copyLink),
    iconButton("save", "Save this view as a picture or GeoTIFF (V)", toggleSave, { id: "tool-save" }),
    iconButton("theme", "Light or dark (D)", turnTheme, { id: "tool-theme" }),
    iconButton("help", "Keys (?)", () => help.showModal(), { id: "tool-help" }));
  gridButton.hidden = !state.processes.length;

  // what follows from what

  const saveLink = () => {
    state.view = chart.place();
    const hash = state.toHash();
    own = hash;
    history.replaceState(null, "", hash);
  };
  let own = "";
  const link = debounce(saveLink, 200);
  const draw = () => {
    chart.update();
    swipe.update();
    grid.update();
    swipeButton.setAttribute("aria-pressed", String(state.swipe.on));
    gridButton.setAttribute("aria-pressed", String(state.grid));
    hint.soon();
    timebar.render();
    bar.render();
    link();
  };
  state.addEventListener("layers", () => {
    draw();
    list.render();
    stretchNew();
  });
  const soonList = debounce(() => { list.render(); inspector.dated(); }, 150);
  state.addEventListener("date", () => { draw(); soonList(); });
  for (const kind of ["look", "opacity"]) state.addEventListener(kind, draw);
  state.addEventListener("link", link);
  state.addEventListener("counts", () => bar.render());
  state.addEventListener("loading", () => loading());
  const loading = debounce(() => {
    const sum = state.layers.reduce((before, entry) => before + (chart.isShown(entry) ? entry.loading || Number(entry.looking ?? 0) : 0), 0);
    $("loading").hidden = !sum;
    for (const entry of state.layers) list.busy(entry);
  }, 60);
  state.addEventListener("failure", ({ detail: entry }) => {
    list.render();
    if (entry.failure && matchMedia(NARROW).matches) say(`${entry.info.title}: ${entry.failure.message}`, "failed");
  });
  state.addEventListener("trouble", (event) => say(event.detail.message, "failed"));
  chart.map.on("moveend", () => {
    link();
    bar.moved();
    timebar.render();
    bar.render();
    if (list.wasFar !== farOnes()) list.render();
    list.wasFar = farOnes();
    stretchNew();
  });
  chart.map.on("singleclick", (event) => { if (!measure.on) inspector.show(...toLonLat(event.coordinate)); });
  chart.map.on("pointermove", (event) => { if (!event.dragging) bar.cursor(toLonLat(event.coordinate)); });
  const farOnes = () => state.layers.filter((entry) => chart.isFar(entry)).map((entry) => entry.name).join();

  // Layers of which the server cannot tell how they look before one has looked at them.
  const stretchNew = () => {
    for (const entry of state.layers) {
      if (chart.isShown(entry) && awaitsLook(entry)) lookAt(entry);
      else if (!chart.isShown(entry) || !needsStretch(entry.style) || entry.stretching) continue;
      entry.stretching = true;
      list.stretch(entry).finally(() => { entry.stretching = false; });
    }
  };

  // The first look at a process: the server computes a few tiles for it.
  const lookAt = async (entry) => {
    if (entry.looking) return;
    entry.looking = true;
    state.tell("loading");
    try {
      entry.info = (await api.style(entry.name)).layer;
      if (needsStretch(entry.style)) entry.style = initialStyle(entry.info);
      entry.lookFailed = needsStretch(entry.style);
    } catch (error) {
      entry.lookFailed = true;
      chart.fail(entry, { message: error.message });
    }
    entry.looking = false;
    state.tell("loading");
    state.tell("layers");
  };

  const renew = async (name) => {
    state.load(await api.layers());
    const entry = state.get(name);
    if (entry) Object.assign(entry, { again: 0, lookFailed: false });
    chart.refresh(name);
    state.tell("layers");
    inspector.again();
  };

  // news

  const versions = new Map();
  const reload = debounce((name) => { chart.refresh(name); list.render(); stretchNew(); }, 700);
  state.addEventListener("live-tile", ({ detail }) => {
    grid.set(detail);
    bar.heard(detail);
    hint.heard(detail);
  });
  state.addEventListener("live-journal", ({ detail }) => {
    const before = JSON.stringify(bar.journals.get(detail.layer)?.tiles);
    bar.journal(detail);
    if (before === undefined || before === JSON.stringify(detail.tiles)) return;
    grid.soon();
    reload(detail.layer);
  });
  state.addEventListener("live-process", ({ detail }) => {
    process.heard(detail);
    problems.set(detail.layer, detail.error);
    banner();
    const before = versions.get(detail.layer);
    versions.set(detail.layer, detail.version);
    if (before !== undefined && before !== detail.version) renew(detail.layer);
    if (detail.notice && before !== detail.version && before !== undefined) say(detail.notice);
  });
  state.addEventListener("live-missed", () => {
    grid.soon();
    state.processes.forEach((entry) => reload(entry.name));
    process.loadAll();
  });
  state.addEventListener("live", ({ detail }) => bar.live(detail));

  const problems = new Map();
  const banner = () => {
    $("banners").querySelector(".process-problem")?.remove();
    const [found] = [...problems].filter(([, error]) => error);
    if (!found) return;
    const [name, error] = found;
    const place = error.file ? `${error.file.split(/[\\/]/).at(-1)}${error.line ? `:${error.line}` : ""}: ` : "";
    $("banners").append(h("div", { class: "banner failed process-problem", role: "alert" }, h("span", null, h("strong", { class: "code" }, place), error.message),
      h("button", { type: "button", class: "plain", onclick: () => { process.chosen = name; process.render(); panels.show("process"); } }, "Show")));
  };

  // keys

  const keys = {
    "?": () => help.showModal(), f: () => fitAll(), s: toggleSwipe, t: toggleGrid, i: inspectCentre, l: () => panels.show("layers"),
    p: () => panels.show("process"), d: turnTheme, "/": () => find.open(), m: toggleMeasure, g: toggleDegrees, b: toggleBorders, ",": () => timebar.step(-1), ".": () => timebar.step(1), c: copyLink, v: toggleSave, "+": () => zoomBy(1), "=": () => zoomBy(1), "-": () => zoomBy(-1),
    Escape: () => saved.on ? toggleSave() : measure.on ? toggleMeasure() : (inspector.target.hidden ? state.swipe.on && toggleSwipe() : inspector.close()),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open || find.dialog.open) return;
    if (event.target.closest?.("input, select, textarea") && event.key !== "Escape") return;
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    const digit = /^[1-9]$/.test(event.key) ? [...state.layers].reverse()[Number(event.key) - 1] : null;
    if (digit) {
      digit.visible = !digit.visible;
      state.tell("layers");
    } else if (action) {
      event.preventDefault();
      action();
    }
  });
  addEventListener("hashchange", () => {
    if (location.hash === own) return;
    state.fromHash(location.hash);
    if (state.view) chart.go(state.view);
    state.tell("layers");
    if (state.place) inspector.show(...state.place);
  });

  // the beginning

  if (state.view) chart.go(state.view);
  else fitAll(false);
  process.loadAll();
  process.render();
  state.tell("layers");
  live.start();
  if (told.base_map) ground.borders = false;
  else ground.load().catch((error) => say(error.message, "failed"));
  if (state.place) inspector.show(...state.place);
  document.documentElement.dataset.ready = "true";
}

// Panels: beside the map where there is room, from below where there is not.
class Panels {
  constructor(layersPanel, processPanel, inspector) {
    this.bodies = { layers: layersPanel, process: processPanel };
    this.inspector = inspector;
    const tab = (name, label, symbol) => h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => this.show(name, true) }, icon(symbol), label);
    this.top = { layers: tab("layers", "Layers", "layers"), process: tab("process", "Process", "process") };
    $("side").append(
      h("header", { class: "panel-head" }, h("h1", null, "AutoMap"), h("div", { class: "tabs", role: "tablist", "aria-label": "Panels" }, Object.values(this.top))),
      layersPanel, processPanel);
    const low = (name, label, symbol) => h("button", { type: "button", "data-panel": name, onclick: () => this.low(name) }, icon(symbol), label);
    this.bottom = [low("layers", "Layers", "layers"), low("process", "Process", "process"), low("inspect", "Here", "target")];
    $("tabs").append(...this.bottom);
    this.open = "";
    this.show("layers");
    if (matchMedia(NARROW).matches) this.set("");
  }

  show(name) {
    for (const [key, body] of Object.entries(this.bodies)) {
      body.hidden = key !== name;
      this.top[key].setAttribute("aria-selected", String(key === name));
      this.top[key].tabIndex = 0;
    }
    this.set(name);
  }

  low(name) {
    if (this.open === name) this.set("");
    else if (name === "inspect") this.inspector.show(...(this.inspector.state.place ?? this.inspector.chart.centre()));
    else this.show(name);
  }

  inspect() {
    this.set("inspect");
  }

  inspected() {
    if (this.open === "inspect") this.set("");
  }

  // Which panel is over the map on a narrow screen.
  set(name) {
    this.open = name;
    document.body.dataset.panel = name;
    for (const button of this.bottom) button.setAttribute("aria-pressed", String(button.dataset.panel === name));
    // what is looked at stays above a panel that comes from below
    const panel = name === "inspect" ? $("inspector") : $("side");
    const below = name && matchMedia(NARROW).matches ? panel.offsetHeight : 0;
    this.inspector.chart.spare(below);
  }
}

// The line below the map: where one is, and how far a run is.
class Bar {
  constructor(target, chart, grid) {
    Object.assign(this, { target, chart, grid, journals: new Map(), busy: new Map() });
    this.where = h("span", { class: "code where" });
    this.runs = h("span", { class: "runs", id: "runs", role: "status" });
    this.counts = h("span", { class: "counts", id: "counts" });
    this.dot = h("span", { class: "live", id: "live", title: "Asking for news" }, "…");
    target.append(this.where, this.counts, this.runs, this.dot);
  }

  // The zoom is another one now, wherever the pointer is.
  moved() {
    if (this.last) this.cursor(this.last);
  }

  cursor([lon, lat]) {
    this.last = [lon, lat];
    this.where.textContent = `${lat.toFixed(5)}, ${lon.toFixed(5)}  z${this.chart.view.getZoom().toFixed(1)}`;
  }

  live(on) {
    this.dot.textContent = on ? "live" : "offline";
    this.dot.title = on ? "News come at once" : "No connection for news";
    this.dot.classList.toggle("on", on);
  }

  journal(told) {
    this.journals.set(told.layer, told);
    this.render();
  }

  heard({ layer, zoom, row, col, status }) {
    const key = `${layer} ${zoom}/${row}/${col}`;
    if (status === "running") this.busy.set(key, layer);
    else this.busy.delete(key);
    this.render();
  }

  render() {
    if (!this.where.textContent) this.cursor(this.chart.centre());
    const counts = this.grid.counts;
    this.counts.replaceChildren(...(state.grid ? STATUSES.map((status) => h("span", { class: "count", title: `${status}, of the tiles in view`, "data-status": status }, mark(status), `${status} ${counts[status] ?? 0}`)) : []));
    const parts = [];
    if (this.busy.size) parts.push(h("span", { class: "count" }, mark("running"), `computing ${this.busy.size}`));
    for (const { layer, running, tiles } of this.journals.values()) {
      const sums = {};
      for (const zoom of Object.values(tiles)) for (const [status, number] of Object.entries(zoom)) sums[status] = (sums[status] ?? 0) + number;
      if (!running && !sums.failed) continue;
      const text = STATUSES.filter((status) => sums[status]).map((status) => `${sums[status]} ${status}`).join(", ");
      parts.push(h("span", { class: `count${running ? " running" : ""}`, "data-run": layer }, mark(running ? "running" : "failed"), `${state.get(layer)?.info.title ?? layer}: ${running ? "a run goes on, " : ""}${text || "no tile yet"}`));
    }
    this.runs.replaceChildren(...parts);
  }
}

function say(text, kind = "") {
  const note = h("div", { class: `banner ${kind}` }, h("span", null, text), iconButton("close", "Close", () => note.remove()));
  for (const old of $("banners").querySelectorAll(".banner:not(.process-problem)")) if (old.textContent === note.textContent) old.remove();
  $("banners").append(note);
  setTimeout(() => note.remove(), 8000);
}
