// Elements in one call; text is always text, never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.setAttribute("class", value);
    else if (name === "style") for (const [key, to] of Object.entries(value)) element.style.setProperty(key, to);
    else if (name in element && !(element instanceof SVGElement) && name !== "list") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function s(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

const ICONS = {
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  swipe: "M8 2v12M5 6 3 8l2 2M11 6l2 2-2 2",
  grid: "M2.5 2.5h11v11h-11zM2.5 8h11M8 2.5v11",
  link: "M6.5 9.5l3-3M7 4.5l1.2-1.2a2.6 2.6 0 0 1 3.7 3.7L10.7 8.200M9 11.500l-1.2 1.200a2.6 2.6 0 0 1-3.7-3.700L5.3 7.8",
  save: "M8 2.500v7M5 7l3 3 3-3M2.500 11.500v2h11v-2",
  theme: "M8 2.500a5.5 5.5 0 1 0 0 11zM8 2.500a5.5 5.5 0 0 1 0 11",
  help: "M5.8 6a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.5M8 12v.3",
  up: "M4 10l4-4 4 4",
  down: "M4 6l4 4 4-4",
  left: "M10 4L6 8l4 4",
  right: "M6 4l4 4-4 4",
  close: "M4 4l8 8M12 4l-8 8",
  eye: "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM8 6.300a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4",
  layers: "M8 2.500l6 3-6 3-6-3zM2.5 8.200L8 11l5.5-2.800M2.5 10.900L8 13.700l5.5-2.8",
  process: "M5 3L2 8l3 5M11 3l3 5-3 5",
  target: "M8 1.500v4M8 10.500v4M1.5 8h4M10.5 8h4M8 5.500a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5",
  find: "M7 2.500a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.300l3.200 3.200",
  ruler: "M2 11L11 2l3 3-9 9zM5 8l1.500 1.500M7.500 5.500L9 7",
  globe: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M2 8h12M8 2c2.200 2 2.200 10 0 12M8 2c-2.200 2-2.200 10 0 12",
  play: "M4.500 3l8 5-8 5z",
  pause: "M5 3v10M11 3v10",
  pin: "M8 1.800a4.2 4.2 0 0 1 4.2 4.200c0 3-4.2 8.2-4.2 8.200S3.8 9 3.8 6A4.2 4.2 0 0 1 8 1.800M8 4.600a1.4 1.4 0 1 1 0 2.800 1.4 1.4 0 0 1 0-2.800",
  again: "M13 8a5 5 0 1 1-1.5-3.600M13 2.500V5h-2.5",
};

export function icon(name) {
  return s("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, s("path", { d: ICONS[name] }));
}

export function iconButton(name, label, onclick, more = {}) {
  return h("button", { type: "button", class: "tool", title: label, "aria-label": label, onclick, ...more }, icon(name));
}

export function debounce(action, wait) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), wait);
  };
}

// Give the user a file.
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// Four significant digits, for values of any size.
export function number(value) {
  if (value === null || value === undefined) return "no data";
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(4)));
}
