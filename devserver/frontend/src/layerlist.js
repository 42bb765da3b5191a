// The list of layers: the topmost first, each with its look below it.

import * as api from "./api.js";
import { debounce, h, icon, iconButton, number } from "./dom.js";
import { Histogram } from "./histogram.js";
import { formulas, initialStyle, needsStretch, presets, stretched } from "./style.js";

const KINDS = { output: "output", process: "process", input: "input" };
const MANY = 8;
const FEW = 6;

export class LayerList {
  constructor(target, chart, state, ramps) {
    Object.assign(this, { target, chart, state, ramps, filter: "" });
    this.changed = debounce(() => this.state.tell("look"), 120);
  }

  render() {
    const focus = document.activeElement?.dataset?.focus;
    const entries = [...this.state.layers].reverse().filter((entry) => this.fits(entry));
    this.target.replaceChildren(...[
      this.state.layers.length > MANY ? this.search() : "",
      this.state.swipe.on ? this.swipe() : "",
      this.rows(entries),
      entries.length ? "" : h("p", { class: "quiet pad" }, "No layer has such a name."),
    ].flat());
    if (focus) this.target.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  }

  // Many inputs that are not shown stand together at the end.
  rows(entries) {
    const hidden = (entry) => entry.info.kind === "input" && !this.chart.isShown(entry) && !entry.open;
    const apart = !this.filter && entries.filter(hidden).length > FEW;
    const rows = entries.filter((entry) => !apart || !hidden(entry)).map((entry) => this.row(entry));
    if (!apart) return h("ol", { class: "layers" }, rows);
    const rest = entries.filter(hidden);
    return [h("ol", { class: "layers" }, rows),
      h("details", { class: "group", open: this.unfolded, ontoggle: (event) => { this.unfolded = event.target.open; } },
        h("summary", null, `${rest.length} inputs that are not shown`), h("ol", { class: "layers" }, rest.map((entry) => this.row(entry))))];
  }

  fits(entry) {
    return `${entry.info.title} ${entry.name}`.toLowerCase().includes(this.filter.toLowerCase());
  }

  search() {
    return h("input", {
      type: "search", class: "search", placeholder: `Find among ${this.state.layers.length} layers`, "aria-label": "Find a layer",
      value: this.filter, "data-focus": "search",
      oninput: (event) => { this.filter = event.target.value; this.render(); },
    });
  }

  swipe() {
    const choose = (side, label) => h("label", { class: "field" }, h("span", null, label),
      h("select", { id: `swipe-${side}`, "data-focus": `swipe-${side}`, onchange: (event) => { this.state.swipe[side] = event.target.value; this.state.tell("layers"); } },
        this.state.layers.toReversed().map((entry) => h("option", { value: entry.name, selected: entry.name === this.state.swipe[side] }, entry.info.title))));
    return h("section", { class: "card", "aria-label": "Compare" }, h("div", { class: "row spread" }, h("strong", null, "Compare"),
      h("button", { type: "button", class: "plain", onclick: () => { const { left, right } = this.state.swipe; Object.assign(this.state.swipe, { left: right, right: left }); this.state.tell("layers"); } }, "Exchange")),
      h("div", { class: "pair" }, choose("left", "Left"), choose("right", "Right")), this.pairOfDates());
  }

  // Two dates of one layer: that of the left side; the right one is that of the slider.
  pairOfDates() {
    const { left, right, date } = this.state.swipe;
    const entry = this.state.get(left);
    if (left !== right || !entry?.info.dates) return "";
    return h("div", { class: "pair" }, this.select("Left date", "swipe-date", [...new Set(entry.info.dates)].map((day) => [day, day]), date, (day) => { this.state.swipe.date = day; this.state.tell("layers"); }));
  }

  row(entry) {
    const { info, name } = entry;
    const shown = this.chart.isShown(entry);
    const far = shown && this.chart.isFar(entry);
    const id = `look-${name}`;
    return h("li", { class: `layer${shown ? "" : " off"}`, "data-layer": name },
      h("div", { class: "head" },
        h("input", { type: "checkbox", checked: entry.visible, "aria-label": `Show ${info.title}`, "data-focus": `show-${name}`, onchange: (event) => { entry.visible = event.target.checked; this.state.tell("layers"); } }),
        h("button", { type: "button", class: "title", title: entry.style.date ? `${info.title}, ${entry.style.date}` : info.title, "aria-expanded": String(entry.open), "aria-controls": id, "data-focus": `open-${name}`, onclick: () => { entry.open = !entry.open; this.render(); } }, h("span", { class: "name" }, info.title), entry.style.date ? h("span", { class: "quiet" }, entry.style.date) : "", h("span", { class: `kind ${info.kind}` }, KINDS[info.kind])),
        h("span", { class: "moves" },
          iconButton("up", `Move ${info.title} up`, () => this.state.move(name, 1), { "data-focus": `up-${name}` }),
          iconButton("down", `Move ${info.title} down`, () => this.state.move(name, -1), { "data-focus": `down-${name}` }),
          iconButton("fit", `Zoom to ${info.title}`, () => this.chart.fit(info.bounds), { "data-focus": `fit-${name}` }))),
      entry.failure && shown ? h("p", { class: "problem failure", role: "alert" }, entry.failure.message) : "",
      entry.problem ? h("p", { class: "problem", role: "alert" }, entry.problem) : "",
      far ? h("p", { class: "quiet" }, "Zoom in to see it.") : "",
      info.classes && shown && !entry.open ? this.legend(entry) : "",
      entry.open ? h("div", { class: "look", id }, this.look(entry)) : "");
  }

  // Whether pictures of a layer are on their way.
  busy(entry) {
    const row = this.target.querySelector(`[data-layer="${CSS.escape(entry.name)}"]`);
    row?.setAttribute("aria-busy", String(this.chart.isShown(entry) && Boolean(entry.loading || entry.looking)));
  }

  look(entry) {
    const { info, style, name } = entry;
    const set = (change) => { Object.assign(style, change); entry.problem = ""; this.render(); this.state.tell("look"); };
    const modes = [
      info.classes && ["classes", "Classes"],
      info.bands.length >= 2 && ["rgb", "Colours"],
      ["single", "One band"],
      ["formula", "Formula"],
      Object.keys(info.styles ?? {}).length > 0 && ["named", "Named"],
    ].filter(Boolean);
    return [
      this.slider(`Opacity`, `opacity-${name}`, entry.opacity, { min: 0, max: 1, step: 0.05 }, (value) => `${Math.round(value * 100)} %`, (value) => { entry.opacity = value; this.state.tell("opacity"); }),
      info.dates ? this.dates(entry, set) : "",
      h("div", { class: "modes", role: "radiogroup", "aria-label": `How ${info.title} is shown` },
        modes.map(([mode, label]) => h("button", {
          type: "button", role: "radio", "aria-checked": String(style.mode === mode), "data-focus": `mode-${name}-${mode}`,
          onclick: () => this.mode(entry, mode, set),
        }, label))),
      ...this.choices(entry, set),
    ];
  }

  mode(entry, mode, set) {
    const { info, style } = entry;
    if (mode === style.mode) return;
    const change = { mode, ranges: [] };
    if (mode === "formula") {
      change.expression = style.expression || formulas(info)[0]?.text || (info.bands.length > 1 ? "(b2-b1)/(b2+b1)" : "b1");
      change.ranges = [[-1, 1]];
      change.colormap = style.colormap || "viridis";
    }
    if (mode === "named") change.named = style.named || Object.keys(info.styles)[0];
    if (mode === "rgb" || mode === "single") {
      const usual = initialStyle(info);
      if (usual.mode === mode) Object.assign(change, { bands: usual.bands, band: usual.band, ranges: usual.ranges });
    }
    set(change);
    if (needsStretch(style)) this.stretch(entry);
  }

  choices(entry, set) {
    const { info, style, name } = entry;
    switch (style.mode) {
      case "classes":
        return [this.legend(entry)];
      case "named":
        return [this.select("Style", `named-${name}`, Object.keys(info.styles).map((each) => [each, each]), style.named, (named) => set({ named }))];
      case "formula":
        return [this.formula(entry, set), this.colormap(entry, set), this.ranges(entry, ["Values"], set), this.gamma(entry)];
      case "single":
        return [
          this.select("Band", `band-${name}`, bandsOf(info), style.band, (band) => { set({ band: Number(band), ranges: [] }); this.stretch(entry); }),
          this.colormap(entry, set), this.ranges(entry, ["Values"], set), this.gamma(entry),
        ];
      default:
        return [
          this.presets(entry, set),
          h("div", { class: "triple" }, ["Red", "Green", "Blue"].map((colour, place) => this.select(colour, `band-${name}-${place}`, bandsOf(info), style.bands[place], (band) => {
            const bands = [...style.bands];
            bands[place] = Number(band);
            set({ bands, ranges: [] });
            this.stretch(entry);
          }))),
          this.ranges(entry, ["Red", "Green", "Blue"], set), this.gamma(entry),
        ];
    }
  }

  dates(entry, set) {
    const { info, style, name } = entry;
    const place = info.dates.indexOf(style.date);
    const step = (by, label, symbol) => iconButton(symbol, label, () => set({ date: info.dates[place + by] }), { disabled: !info.dates[place + by], "data-focus": `date-${name}-${by}` });
    return h("div", { class: "row end" }, step(-1, "Earlier date", "left"),
      this.select(`Date, one of ${info.dates.length}`, `date-${name}`, [...new Set(info.dates)].map((date) => [date, date]), style.date, (date) => set({ date })),
      step(1, "Later date", "right"));
  }

  select(label, focus, options, value, action) {
    return h("label", { class: "field" }, h("span", null, label),
      h("select", { "aria-label": label, "data-focus": focus, onchange: (event) => action(event.target.value) }, options.map(([key, text]) => h("option", { value: key, selected: String(key) === String(value) }, text))));
  }

  formula(entry, set) {
    const known = formulas(entry.info);
    return h("div", null,
      h("label", { class: "field" }, h("span", null, "Formula of bands"),
        h("input", { type: "text", class: "code", spellcheck: false, value: entry.style.expression, "data-focus": `formula-${entry.name}`, title: entry.info.bands.map((band) => `b${band.index} ${band.name}`).join(", "), onchange: (event) => set({ expression: event.target.value.trim() || "b1" }) })),
      known.length ? h("div", { class: "row" }, known.map((formula) => h("button", { type: "button", class: "chip", onclick: () => set({ expression: formula.text, ranges: [[-1, 1]] }) }, formula.label))) : "");
  }

  colormap(entry, set) {
    const { style, name } = entry;
    const names = Object.keys(this.ramps);
    const reversed = style.colormap.endsWith("_r");
    const plain = style.colormap.replace(/_r$/, "");
    const change = (next, turned) => set({ colormap: next ? `${next}${turned ? "_r" : ""}` : "" });
    return h("div", null,
      h("div", { class: "row end" },
        this.select("Colour map", `colormap-${name}`, [["", "grey"], ...names.map((each) => [each, each])], plain, (next) => change(next, reversed)),
        h("label", { class: "check" }, h("input", { type: "checkbox", checked: reversed, disabled: !plain, "data-focus": `reverse-${name}`, onchange: (event) => change(plain, event.target.checked) }), "reversed")),
      this.ramp(style));
  }

  ramp(style) {
    const plain = style.colormap.replace(/_r$/, "");
    const colours = [...(this.ramps[plain] ?? ["#000000", "#ffffff"])];
    if (style.colormap.endsWith("_r")) colours.reverse();
    const [low, high] = style.ranges[0] ?? [];
    return h("div", { class: "ramp" }, h("div", { class: "bar", style: { background: `linear-gradient(90deg, ${colours.join(",")})` }, role: "img", "aria-label": `Colours of ${style.colormap || "grey"}` }),
      h("div", { class: "row spread quiet" }, h("span", null, number(low ?? null) === "no data" ? "" : number(low)), h("span", null, high === undefined ? "" : number(high))));
  }

  // Bands that show one thing well, where the layer has them.
  presets(entry, set) {
    const found = presets(entry.info);
    if (!found.length) return "";
    const chosen = (bands) => String(entry.style.mode === "rgb" && bands.join() === entry.style.bands.join());
    return h("div", { class: "row" }, found.map(({ label, bands }) => h("button", {
      type: "button", class: "chip", "aria-pressed": chosen(bands), "data-focus": `preset-${entry.name}-${label}`,
      onclick: () => { set({ mode: "rgb", bands, ranges: [] }); this.stretch(entry); },
    }, label)));
  }

  ranges(entry, every, set) {
    const { style, name } = entry;
    // colours have one stretch unless somebody wants one for each
    const together = every.length === 3 && style.ranges.length < 2;
    const labels = together ? ["All"] : every;
    const rows = labels.map((label, place) => {
      const [low, high] = style.ranges[place] ?? style.ranges[0] ?? ["", ""];
      const field = (which, value) => h("input", {
        type: "number", step: "any", class: "num", value: value === "" ? "" : Number(Number(value).toPrecision(6)),
        "aria-label": `${label}, ${which ? "highest" : "lowest"} value`, "data-focus": `range-${name}-${place}-${which}`,
        onchange: (event) => this.setRange(entry, place, which, event.target.valueAsNumber, labels.length, set),
      });
      return h("div", { class: "range" }, h("span", null, label), field(0, low), h("span", { class: "quiet" }, "to"), field(1, high));
    });
    const apart = () => {
      const [range = [0, 1]] = style.ranges;
      set({ ranges: together ? [range, range, range].map((each) => [...each]) : [[Math.min(...style.ranges.map(([low]) => low)), Math.max(...style.ranges.map(([, high]) => high))]] });
    };
    const drawn = new Histogram(this.chart, entry, (ranges, ended) => {
      style.ranges = ranges;
      if (ended) this.render();
      this.changed();
    });
    return h("fieldset", null, h("legend", null, "Stretch"), stretched(style).length && style.ranges.length ? drawn.element : "", rows,
      every.length === 3 ? h("label", { class: "check" }, h("input", { type: "checkbox", checked: !together, "data-focus": `apart-${name}`, onchange: apart }), "each band by itself") : "",
      stretched(style).length ? h("div", { class: "row" },
        h("button", { type: "button", class: "chip", "data-focus": `view-${name}`, title: "From the 2nd to the 98th percentile of what is in view", onclick: () => this.stretch(entry) }, "Fit to view"),
        h("button", { type: "button", class: "chip", "data-focus": `usual-${name}`, onclick: () => { entry.style = initialStyle(entry.info); entry.problem = ""; this.render(); this.state.tell("look"); if (needsStretch(entry.style)) this.stretch(entry); } }, "As at first")) : "");
  }

  setRange(entry, place, which, value, count, set) {
    const ranges = Array.from({ length: count }, (_, number) => [...(entry.style.ranges[number] ?? entry.style.ranges[0] ?? [0, 1])]);
    if (!Number.isFinite(value)) return;
    ranges[place][which] = value;
    if (ranges[place][0] >= ranges[place][1]) {
      entry.problem = "The lowest value must be below the highest.";
      this.render();
      return;
    }
    set({ ranges });
  }

  gamma(entry) {
    return this.slider("Gamma", `gamma-${entry.name}`, entry.style.gamma, { min: 0.3, max: 3, step: 0.1 }, (value) => value.toFixed(1), (value) => { entry.style.gamma = value; this.changed(); });
  }

  slider(label, focus, value, { min, max, step }, text, action) {
    const out = h("output", null, text(value));
    return h("label", { class: "slider" }, h("span", null, label),
      h("input", { type: "range", "aria-label": label, min, max, step, value, "data-focus": focus, oninput: (event) => { const now = event.target.valueAsNumber; out.textContent = text(now); action(now); } }), out);
  }

  legend(entry) {
    return h("ul", { class: "legend", "aria-label": `Legend of ${entry.info.title}` },
      entry.info.classes.map((one) => h("li", null, h("span", { class: "swatch", style: { background: one.color } }), h("span", null, one.name), h("span", { class: "quiet" }, one.name === String(one.value) ? "" : String(one.value)))));
  }

  // Percentiles of what is in view.
  async stretch(entry) {
    const bands = stretched(entry.style);
    if (!bands.length) return;
    const chosen = [...new Set(bands)];
    try {
      const told = await api.statistics(entry.name, chosen, this.chart.box(), entry.style.date);
      if (!told.statistics) {
        entry.problem = "";
        return;
      }
      const six = ({ low, high }) => [Number(low.toPrecision(6)), Number(high.toPrecision(6))];
      const each = new Map(told.statistics.map((one) => [one.band, six(one)]));
      // colours together, so that they stay those of the numbers, unless somebody wants each by itself
      entry.style.ranges = entry.style.ranges.length === 3 ? bands.map((band) => each.get(band)) : [six(told.common)];
      entry.problem = "";
    } catch (error) {
      entry.problem = error.message;
    }
    this.render();
    this.state.tell("look");
  }
}

const bandsOf = (info) => info.bands.map((band) => [band.index, band.name === `b${band.index}` ? `band ${band.index}` : `${band.index} ${band.name}`]);

export { icon };
