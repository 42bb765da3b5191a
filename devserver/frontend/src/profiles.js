// What all dates of the layers saw of the points that were clicked: over time, and over the bands.

import * as api from "./api.js";
import { download, h, number, s } from "./dom.js";
import { formulas } from "./style.js";
import { timeChart } from "./timechart.js";

export const COLOURS = ["#0f766e", "#c2410c", "#4338ca", "#a16207", "#be185d", "#0369a1"];
const MOST = 4; // layers whose dates are read at once
const [WIDTH, HEIGHT, LEFT, BELOW] = [300, 120, 40, 18];

const inside = ([west, south, east, north], [lon, lat]) => lat >= south && lat <= north && [-360, 0, 360].some((turn) => lon + turn >= west && lon + turn <= east);

// Layers with dates that reach a point, those that are shown first.
export function datedAt(state, chart, place) {
  const found = state.layers.filter((entry) => new Set(entry.info.dates ?? []).size > 1 && inside(entry.info.bounds, place)).reverse();
  return found.sort((a, b) => chart.isShown(b) - chart.isShown(a)).slice(0, MOST);
}

export class Profiles {
  constructor(state, chosen) {
    Object.assign(this, { state, chosen, choice: new Map() });
  }

  // points: [{ lon, lat, colour, label }], the first is the one that was clicked last
  async of(entry, points, signal) {
    const read = await Promise.all(points.map((point) => api.series(entry.name, point.lon, point.lat, signal)));
    const lines = points.map((point, place) => ({ ...point, dates: read[place].inputs[0].dates })).filter((line) => line.dates.length);
    return lines.length ? this.card(entry, lines) : null;
  }

  card(entry, lines) {
    const { info } = entry;
    const choices = [
      ...info.bands.map((band, place) => ({ label: band.name, value: (values) => values[place] })),
      ...indices(info),
    ];
    const first = Math.min(this.choice.get(entry.name) ?? 0, choices.length - 1);
    const place = h("div");
    const draw = (choice) => {
      this.choice.set(entry.name, choice);
      const over = lines.map((line) => ({ ...line, dates: line.dates.map((date) => ({ ...date, value: choices[choice].value(date.values) })) }));
      place.replaceChildren(timeChart(over, `${info.title}, ${choices[choice].label}`, (time) => this.chosen(entry, time)));
    };
    draw(first);
    return h("section", { class: "card series", "data-series": entry.name },
      h("div", { class: "row spread" }, h("h3", null, info.title),
        h("select", { "aria-label": `Band of ${info.title}`, onchange: (event) => draw(Number(event.target.value)) }, choices.map(({ label }, at) => h("option", { value: at, selected: at === first }, label)))),
      place,
      info.bands.length > 2 ? spectrum(entry, lines) : "",
      h("div", { class: "row" }, h("button", { type: "button", class: "chip", onclick: () => download(new Blob([csv(info, lines)], { type: "text/csv" }), `${entry.name}.csv`) }, "Save as CSV")));
  }
}

// Indices whose bands the layer has by name, of its values.
function indices(info) {
  return formulas(info).map(({ label, text }) => {
    const [, one, two] = /^\(b(\d+)-b(\d+)\)/.exec(text).map(Number);
    return { label, value: (values) => {
      const sum = values[one - 1] + values[two - 1];
      return sum ? (values[one - 1] - values[two - 1]) / sum : null;
    } };
  });
}

// The bands of the date that is shown, of every point.
function spectrum(entry, lines) {
  const names = entry.info.bands.map((band) => band.name);
  const found = lines.map((line) => ({ ...line, values: line.dates.find((date) => date.time.slice(0, 10) === entry.style.date)?.values })).filter((line) => line.values);
  if (!found.length) return h("p", { class: "quiet" }, `Nothing was seen here on ${entry.style.date}.`);
  const all = found.flatMap((line) => line.values);
  let [low, high] = [Math.min(...all), Math.max(...all)];
  if (!(high > low)) [low, high] = [low - 0.5, high + 0.5];
  const x = (place) => LEFT + 8 + (place / Math.max(1, names.length - 1)) * (WIDTH - LEFT - 24);
  const y = (value) => HEIGHT - BELOW - ((value - low) / (high - low)) * (HEIGHT - BELOW - 8);
  const every = Math.ceil(names.length / 7);
  return h("figure", { class: "chart spectrum" },
    h("figcaption", { class: "quiet" }, `Bands on ${entry.style.date}`),
    s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Bands on ${entry.style.date}: ${found.map((line) => `${line.label} ${line.values.map(number).join(", ")}`).join("; ")}` },
      [low, (low + high) / 2, high].map((value) => s("g", null, s("line", { class: "axis", x1: LEFT, x2: WIDTH - 8, y1: y(value), y2: y(value) }), s("text", { x: LEFT - 5, y: y(value) + 3, "text-anchor": "end" }, number(Number(value.toPrecision(3)))))),
      names.map((name, place) => (place % every ? "" : s("text", { x: x(place), y: HEIGHT - 4, "text-anchor": "middle" }, name.length > 9 ? `${name.slice(0, 8)}…` : name))),
      found.map((line) => s("g", null,
        s("polyline", { class: "line", stroke: line.colour, points: line.values.map((value, place) => `${x(place).toFixed(1)},${y(value).toFixed(1)}`).join(" ") }),
        line.values.map((value, place) => s("circle", { cx: x(place), cy: y(value), r: 2.6, fill: line.colour }, s("title", null, `${names[place]}: ${number(value)}`)))))));
}

function csv(info, lines) {
  const cell = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  const head = ["point", "lon", "lat", "time", "masked", "reason", ...info.bands.map((band) => band.name)];
  const rows = lines.flatMap((line) => line.dates.map((date) => [line.label, line.lon, line.lat, date.time, date.masked, date.reason ?? "", ...date.values]));
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
