// Tiles and where they are: every status has a shape besides its colour.

import { s } from "./dom.js";

export const STATUSES = ["waiting", "running", "done", "empty", "failed"];

export const COLOURS = {
  waiting: "#8a94a6",
  running: "#2f7de1",
  done: "#1a9c6b",
  empty: "#a97c1d",
  failed: "#d43c4a",
};

const SHAPES = {
  waiting: () => s("rect", { x: 4, y: 4, width: 6, height: 6, fill: "none" }),
  running: (colour) => s("path", { d: "M4 3l7 4-7 4z", fill: colour }),
  done: (colour) => s("circle", { cx: 7, cy: 7, r: 4, fill: colour }),
  empty: () => s("circle", { cx: 7, cy: 7, r: 4, fill: "none" }),
  failed: () => s("path", { d: "M3.5 3.500l7 7M10.5 3.500l-7 7", "stroke-width": 2.4 }),
};

export function mark(status) {
  const colour = COLOURS[status];
  return s(
    "svg",
    { class: "mark", viewBox: "0 0 14 14", "aria-hidden": "true", stroke: colour, "stroke-width": 1.6 },
    SHAPES[status](colour),
  );
}
