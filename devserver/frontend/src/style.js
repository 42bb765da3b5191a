// How a layer looks: a few choices, and the query that the server understands.

export const FORMULAS = [
  { label: "NDVI", needs: ["nir", "red"], text: ([nir, red]) => `(${nir}-${red})/(${nir}+${red})` },
  { label: "NDWI", needs: ["green", "nir"], text: ([green, nir]) => `(${green}-${nir})/(${green}+${nir})` },
  { label: "NBR", needs: ["nir", "swir2"], text: ([nir, swir]) => `(${nir}-${swir})/(${nir}+${swir})` },
];

// Sentinel-2, by ESA's names with two digits; those of Landsat have one.
const ESA = { blue: "b02", green: "b03", red: "b04", nir: "b08", swir1: "b11", swir2: "b12" };

const bandNumber = (info, name) => {
  const named = (wanted) => info.bands.find(({ name: own }) => own.toLowerCase() === wanted || own.toLowerCase().endsWith(`_${wanted}`));
  return (named(name) ?? named(ESA[name]))?.index ?? 0;
};

// Bands for red, green and blue that show one thing well.
const PRESETS = [
  ["Natural", ["red", "green", "blue"]],
  ["False colour", ["nir", "red", "green"]],
  ["Agriculture", ["swir1", "nir", "blue"]],
  ["Water", ["nir", "swir1", "red"]],
];

// Those whose bands the layer has by name: { label, bands }.
export const presets = (info) => PRESETS.map(([label, names]) => ({ label, bands: names.map((name) => bandNumber(info, name)) })).filter(({ bands }) => bands.every(Boolean));

// Formulas whose bands the layer has by name.
export function formulas(info) {
  return FORMULAS.map((formula) => ({ ...formula, bands: formula.needs.map((name) => bandNumber(info, name)) }))
    .filter((formula) => formula.bands.every(Boolean))
    .map((formula) => ({ label: formula.label, text: formula.text(formula.bands.map((band) => `b${band}`)) }));
}

const pair = (text) => text.split(",").map(Number);

// From a query (names to lists of texts) to the choices of the editor.
export function fromQuery(info, query) {
  const style = {
    mode: info.bands.length >= 3 ? "rgb" : "single",
    bands: [1, Math.min(2, info.bands.length), Math.min(3, info.bands.length)],
    band: 1,
    expression: "",
    ranges: (query.rescale ?? []).map(pair),
    gamma: Number(query.gamma?.[0] ?? 1),
    colormap: query.colormap_name?.[0] ?? "",
    named: query.style?.[0] ?? "",
    date: info.dates ? (query.date?.[0] ?? info.date) : "",
  };
  const bidx = (query.bidx ?? []).map(Number);
  if (bidx.length === 3) Object.assign(style, { mode: "rgb", bands: bidx });
  else if (bidx.length === 1) Object.assign(style, { mode: "single", band: bidx[0], bands: style.bands });
  if (query.expression) Object.assign(style, { mode: "formula", expression: query.expression[0] });
  if (query.colormap && info.classes) style.mode = "classes";
  if (style.named) style.mode = "named";
  return style;
}

export function initialStyle(info) {
  return fromQuery(info, info.default_style ?? {});
}

export function toQuery(info, style) {
  const query = new URLSearchParams();
  const add = (name, values) => values.forEach((value) => query.append(name, value));
  if (style.date) query.set("date", style.date);
  switch (style.mode) {
    case "named":
      query.set("style", style.named);
      return query;
    case "classes":
      add("bidx", info.default_style?.bidx ?? ["1"]);
      add("colormap", info.default_style?.colormap ?? []);
      return query;
    case "formula":
      query.set("expression", style.expression);
      break;
    case "single":
      query.set("bidx", style.band);
      break;
    default:
      add("bidx", style.bands);
  }
  const count = style.mode === "rgb" ? 3 : 1;
  const usable = style.ranges.filter(([low, high]) => Number.isFinite(low) && high > low);
  if (usable.length === style.ranges.length) add("rescale", usable.slice(0, count).map((range) => range.join(",")));
  if (style.gamma !== 1) query.set("gamma", style.gamma);
  if (count === 1 && style.colormap) query.set("colormap_name", style.colormap);
  return query;
}

// Bands whose values are stretched; none where that is not known.
export function stretched(style) {
  if (style.mode === "rgb") return style.bands;
  return style.mode === "single" ? [style.band] : [];
}

export const needsStretch = (style) =>
  (style.mode === "rgb" || style.mode === "single") && style.ranges.length === 0;

// A process that nobody has looked at: how it looks has to be found out first.
export const awaitsLook = (entry) => entry.info.is_looked_at === false && needsStretch(entry.style) && !entry.lookFailed;
