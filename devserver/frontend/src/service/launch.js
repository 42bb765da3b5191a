// The form of a launch: only what means something in the chosen mode; a boundary that is drawn
// becomes a file as if it had been uploaded.

import Draw, { createBox } from "ol/interaction/Draw.js";
import GeoJSON from "ol/format/GeoJSON.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import Feature from "ol/Feature.js";
import { fromExtent } from "ol/geom/Polygon.js";
import { transformExtent } from "ol/proj.js";
import { Chart } from "./maps.js";

export function startLaunch() {
  const form = document.getElementById("launch");
  if (!form) return;
  const mode = form.querySelector("#mode");
  mode.addEventListener("change", () => showModes(form, mode.value));
  showModes(form, mode.value);
  form.addEventListener("submit", (event) => {
    const isCheck = event.submitter?.value === "check";
    form.querySelector("#busy").textContent = isCheck ? "The scenes are looked for …" : "It is launched …";
    // after the browser has taken the values: a disabled button would not be sent
    setTimeout(() => form.querySelectorAll(".bar button").forEach((button) => (button.disabled = true)));
  });
  window.addEventListener("pageshow", () => form.querySelectorAll(".bar button").forEach((button) => (button.disabled = false)));
  new Drawing(form);
}

function showModes(form, mode) {
  for (const part of form.querySelectorAll("[data-modes]")) part.hidden = !part.dataset.modes.split(" ").includes(mode);
}

class Drawing {
  constructor(form) {
    this.part = form.querySelector("#drawing");
    this.choice = form.querySelector("#boundary");
    this.part.hidden = false;
    this.chart = new Chart(form.querySelector("#where-map"), "Map of the boundary");
    this.drawn = new VectorSource();
    this.chart.map.addLayer(new VectorLayer({ source: this.drawn, zIndex: 5 }));
    this.draw = null;
    this.button("draw-shape", (button) => this.start(button, { type: "Polygon" }));
    this.button("draw-box", (button) => this.start(button, { type: "Circle", geometryFunction: createBox() }));
    this.button("take-box", () => this.takeBox());
    this.button("keep-drawn", () => this.keep());
    this.button("drop-drawn", () => this.drop());
    this.choice.addEventListener("change", () => this.showChosen());
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && this.part.contains(event.target) && event.target.matches("input")) {
        event.preventDefault();
        if (event.target.id === "drawn-name") this.keep();
        else this.takeBox();
      }
    });
    this.showChosen();
  }

  button(id, action) {
    const button = this.part.querySelector(`#${id}`);
    button.addEventListener("click", () => action(button));
  }

  say(text) {
    this.part.querySelector("#drawing-said").textContent = text;
  }

  async showChosen() {
    this.chart.clear();
    if (!this.choice.value) return;
    try {
      const answer = await fetch(`/files/boundaries/${encodeURIComponent(this.choice.value)}`, { headers: { Accept: "application/json" } });
      const { id, kind, bounds } = await answer.json();
      await this.chart.addFile({ id, kind, bounds });
      this.chart.fit();
    } catch {
      this.say("The boundary cannot be shown now.");
    }
  }

  start(button, options) {
    const isOn = button.getAttribute("aria-pressed") === "true";
    this.end();
    if (isOn) return;
    button.setAttribute("aria-pressed", "true");
    this.drawn.clear();
    this.draw = new Draw({ source: this.drawn, ...options });
    this.draw.on("drawend", () => setTimeout(() => this.finish()));
    this.chart.map.addInteraction(this.draw);
    this.say(options.type === "Polygon" ? "Click corner by corner; a double click ends the shape." : "Click one corner, then the one across.");
  }

  end() {
    if (this.draw) this.chart.map.removeInteraction(this.draw);
    this.draw = null;
    for (const id of ["draw-shape", "draw-box"]) this.part.querySelector(`#${id}`).setAttribute("aria-pressed", "false");
  }

  finish() {
    this.end();
    const keep = this.part.querySelector("#keep");
    keep.hidden = false;
    const name = this.part.querySelector("#drawn-name");
    if (!name.value) name.value = `drawn ${new Date().toISOString().slice(0, 16).replace("T", " ")}`;
    name.focus();
    this.say("Give it a name and keep it: it is one of your files then.");
  }

  takeBox() {
    const corners = ["west", "south", "east", "north"].map((id) => this.part.querySelector(`#${id}`).valueAsNumber);
    const [west, south, east, north] = corners;
    if (!corners.every(Number.isFinite) || west >= east || south >= north || Math.abs(south) > 85 || Math.abs(north) > 85) {
      this.say("A box has a west smaller than its east and a south smaller than its north, in degrees.");
      return;
    }
    this.drawn.clear();
    this.drawn.addFeature(new Feature(fromExtent(transformExtent(corners, "EPSG:4326", "EPSG:3857"))));
    this.chart.view.fit(this.drawn.getExtent(), { padding: [24, 24, 24, 24], maxZoom: 14 });
    this.finish();
  }

  drop() {
    this.drawn.clear();
    this.part.querySelector("#keep").hidden = true;
    this.say("");
  }

  async keep() {
    const name = this.part.querySelector("#drawn-name").value.trim();
    if (!name) {
      this.say("It needs a name.");
      return;
    }
    const known = [...this.choice.options].map((option) => option.value);
    if (known.includes(name) && !confirm(`There is a boundary ${name}: replace it?`)) return;
    const body = new GeoJSON().writeFeatures(this.drawn.getFeatures(), { dataProjection: "EPSG:4326", featureProjection: "EPSG:3857", decimals: 6 });
    this.say("It is kept …");
    const answer = await fetch(`/files/boundaries/${encodeURIComponent(name)}`, {
      method: "PUT",
      headers: { "Content-Type": "application/geo+json", "X-CSRF-Token": document.body.dataset.csrf },
      body,
    });
    const told = await answer.json();
    if (!answer.ok) {
      this.say(told.detail ?? told.title);
      return;
    }
    if (!known.includes(told.name)) this.choice.add(new Option(told.name, told.name));
    this.choice.value = told.name;
    this.drop();
    this.say(`${told.name} is kept: ${told.km2.toLocaleString("en")} km².`);
    this.showChosen();
    this.choice.focus();
  }
}
