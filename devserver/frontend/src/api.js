// What the server is asked. A refusal is an `ApiError` with the server's own words.

export class ApiError extends Error {
  constructor(status, told) {
    super(told.error ?? `the server answered ${status}`);
    this.status = status;
    this.told = told;
  }
}

async function ask(address, options) {
  let answer;
  try {
    answer = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { error: "the server does not answer" });
  }
  let told = {};
  try {
    told = await answer.json();
  } catch {
    // no JSON: the status says enough
  }
  if (!answer.ok) throw new ApiError(answer.status, told);
  return told;
}

const path = (layer) => `/api/${encodeURIComponent(layer)}`;
const json = (method, body) => ({
  method,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

export const layers = () => ask("/api/layers");
export const colormaps = () => ask("/api/colormaps");
export const statistics = (layer, bands, box, date) =>
  ask(`${path(layer)}/statistics?bbox=${box.join(",")}${bands.map((band) => `&bidx=${band}`).join("")}${date ? `&date=${date}` : ""}`);
export const histogram = (layer, bands, box, date, signal) =>
  ask(`${path(layer)}/histogram?bbox=${box.join(",")}${bands.map((band) => `&bidx=${band}`).join("")}${date ? `&date=${date}` : ""}`, { signal });
export const style = (layer) => ask(`${path(layer)}/style`);
export const view = (layer, box, zoom, signal) => ask(`${path(layer)}/view?bbox=${box.join(",")}&zoom=${zoom}`, { signal });
export const compute = (layer, box) => ask(`${path(layer)}/view/compute?bbox=${box.join(",")}`, { method: "POST" });
export const stop = (layer) => ask(`${path(layer)}/view/compute`, { method: "DELETE" });
// Why a picture cannot be had; "" where it can.
export const whyNot = (address) => ask(address).then(() => "", (error) => error);
export const point = (lon, lat, zoom, signal) =>
  ask(`/api/point?lon=${lon}&lat=${lat}&zoom=${zoom}`, { signal });
export const series = (layer, lon, lat, signal) =>
  ask(`${path(layer)}/series?lon=${lon}&lat=${lat}`, { signal });
export const grid = (layer, box, zoom, signal) =>
  ask(`${path(layer)}/grid?bbox=${box.join(",")}&zoom=${zoom}`, { signal });
export const tile = (layer, { zoom, row, col }) => ask(`${path(layer)}/tile/${zoom}/${row}/${col}`);
export const retry = (layer, { zoom, row, col }) =>
  ask(`${path(layer)}/tile/${zoom}/${row}/${col}/retry`, { method: "POST" });
export const process = (layer) => ask(`${path(layer)}/process`);
export const change = (layer, parameters, save) =>
  ask(`${path(layer)}/process`, json("PUT", { parameters, save }));
