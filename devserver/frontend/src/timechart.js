// A time series as a small picture: what counts as discs, what is masked as crosses.

import { h, number, s } from "./dom.js";

const WIDTH = 300;
const HEIGHT = 132;
const EDGE = { left: 40, right: 8, top: 8, bottom: 20 };

// lines: [{ dates, colour, label }], one for each point; dates: [{ time, value, masked, reason }] by time.
// `chosen` is called with the time of one that is clicked.
export function timeChart(lines, title, chosen) {
  const dates = lines.flatMap((each) => each.dates);
  const told = h("p", { class: "quiet told", "aria-live": "polite" }, hint(lines[0].dates));
  const seen = dates.filter((date) => date.value !== null);
  const clear = seen.filter((date) => !date.masked);
  if (!seen.length) return h("p", { class: "quiet" }, "No date has a value here.");
  const scale = scaleOf(seen, clear.length ? clear : seen);
  const many = lines.length > 1;
  const marks = lines.map((each) => each.dates.filter((date) => date.value !== null).map((date) => point(date, scale, told, chosen, { colour: each.colour, label: many ? each.label : "" })));
  return h("figure", { class: "chart" },
    s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": `${title}: ${clear.length} dates that count, ${dates.length - clear.length} masked` },
      axes(scale), lines.map((each) => line(each.dates.filter((date) => date.value !== null && !date.masked), scale, each.colour)), marks),
    told);
}

const hint = (dates) => {
  const masked = dates.filter((date) => date.masked).length;
  return `${dates.length} dates, ${masked} masked (crosses). Point at one, or move through them with Tab.`;
};

function scaleOf(seen, inside) {
  const times = seen.map((date) => Date.parse(date.time));
  const values = inside.map((date) => date.value);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (!(high > low)) [low, high] = [low - 0.5, high + 0.5];
  const room = (high - low) * 0.08;
  [low, high] = [low - room, high + room];
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const span = last - first || 1;
  return {
    first, last, low, high,
    x: (time) => EDGE.left + ((Date.parse(time) - first) / span) * (WIDTH - EDGE.left - EDGE.right),
    // clouds are brighter than all else: they stay at the edge rather than press the rest together
    y: (value) => {
      const part = (Math.min(high, Math.max(low, value)) - low) / (high - low);
      return HEIGHT - EDGE.bottom - part * (HEIGHT - EDGE.top - EDGE.bottom);
    },
  };
}

function axes(scale) {
  const rows = [0, 0.5, 1].map((part) => {
    const value = scale.low + part * (scale.high - scale.low);
    const y = scale.y(value);
    return s("g", null, s("line", { class: "axis", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y, y2: y }), s("text", { x: EDGE.left - 5, y: y + 3, "text-anchor": "end" }, number(Number(value.toPrecision(3)))));
  });
  const day = (time) => new Date(time).toISOString().slice(0, 10);
  return s("g", { class: "axes", "aria-hidden": "true" }, rows,
    s("text", { x: EDGE.left, y: HEIGHT - 5 }, day(scale.first)),
    s("text", { x: WIDTH - EDGE.right, y: HEIGHT - 5, "text-anchor": "end" }, day(scale.last)));
}

function line(clear, scale, colour) {
  const points = clear.map((date) => `${scale.x(date.time).toFixed(1)},${scale.y(date.value).toFixed(1)}`);
  return s("polyline", { class: "line", stroke: colour, points: points.join(" ") });
}

function point(date, scale, told, chosen, { colour, label }) {
  const [x, y] = [scale.x(date.time), scale.y(date.value)];
  const text = `${label ? `${label}, ` : ""}${date.time.slice(0, 10)}: ${number(date.value)}${date.masked ? `, masked: ${date.reason}` : ""}`;
  const say = () => { told.textContent = text; };
  const shape = date.masked
    ? s("path", { class: "masked", d: `M${x - 3} ${y - 3}l6 6M${x + 3} ${y - 3}l-6 6` })
    : s("circle", { class: "clear", cx: x, cy: y, r: 3, fill: colour });
  return s("g", { class: "date", tabindex: 0, role: "img", "aria-label": text, onfocus: say, onpointerenter: say, onclick: () => chosen?.(date.time), onkeydown: (event) => { if (event.key === "Enter") chosen?.(date.time); } }, s("title", null, text), s("circle", { cx: x, cy: y, r: 7, fill: "transparent" }), shape);
}
