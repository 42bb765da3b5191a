// The dates of a layer: a slider, steps, a run through them, and two of them side by side.

import { debounce, download, h, iconButton } from "./dom.js";
import { why } from "./saveview.js";
import { animated } from "./webp.js";

const CLEAR = 20; // per cent of clouds up to which a date counts as clear
const PAUSE = 700; // milliseconds that a date is shown at least
const LATEST = 5000; // and at most, where its pictures do not come

export class TimeBar {
  constructor(target, chart, state, { compare, saved, say }) {
    Object.assign(this, { target, chart, state, compare, saved, say, playing: 0, recording: null, clear: false, name: "" });
    this.settle = debounce(() => this.ahead(), 250);
  }

  // Layers with dates that are shown, the topmost first.
  get entries() {
    return this.state.layers.filter((entry) => this.chart.isShown(entry) && new Set(entry.info.dates ?? []).size > 1).reverse();
  }

  get entry() {
    const { entries } = this;
    return entries.find((entry) => entry.name === this.name) ?? entries.find((entry) => this.chart.sees(entry)) ?? entries[0];
  }

  // Each day once, with the fewest clouds that are told of it.
  days(entry) {
    const found = new Map();
    entry.info.dates.forEach((day, place) => {
      const clouds = entry.info.clouds?.[place] ?? null;
      const before = found.get(day);
      found.set(day, before === undefined || before === null ? clouds : Math.min(before, clouds ?? before));
    });
    const all = [...found].map(([day, clouds]) => ({ day, clouds }));
    const known = all.some(({ clouds }) => clouds !== null);
    const chosen = this.clear && known ? all.filter(({ day, clouds }) => day === entry.style.date || (clouds !== null && clouds <= CLEAR)) : all;
    return { all, chosen, known };
  }

  render() {
    const entry = this.entry;
    this.target.hidden = !entry;
    if (!entry) {
      this.stop();
      return;
    }
    const focus = document.activeElement?.dataset?.time;
    const { all, chosen, known } = this.days(entry);
    const place = chosen.findIndex(({ day }) => day === entry.style.date);
    const now = chosen[place];
    const clouds = now && now.clouds !== null ? `, ${Math.round(now.clouds)} % clouds` : "";
    const compared = this.state.comparesDates(entry);
    this.target.replaceChildren(
      this.entries.length > 1 ? h("select", { "aria-label": "Layer whose date is changed", "data-time": "layer", onchange: (event) => { this.name = event.target.value; this.render(); } },
        this.entries.map((each) => h("option", { value: each.name, selected: each === entry }, each.info.title))) : "",
      iconButton("left", "Earlier date (,)", () => this.step(-1), { disabled: place <= 0, "data-time": "left" }),
      iconButton(this.playing ? "pause" : "play", this.playing ? "Stop" : "Run through the dates", () => (this.playing ? this.stop() : this.play()), { "data-time": "play", id: "play" }),
      iconButton("right", "Later date (.)", () => this.step(1), { disabled: place >= chosen.length - 1, "data-time": "right" }),
      h("input", { type: "range", min: 0, max: chosen.length - 1, step: 1, value: Math.max(0, place), "aria-label": `Date of ${entry.info.title}`, "aria-valuetext": entry.style.date, "data-time": "slider", oninput: (event) => this.to(chosen[event.target.valueAsNumber].day) }),
      h("output", { class: "day", id: "day" }, h("strong", null, entry.style.date), h("span", { class: "quiet" }, `${clouds}  ${place + 1} of ${chosen.length}`)),
      known ? h("label", { class: "check" }, h("input", { type: "checkbox", checked: this.clear, "data-time": "clear", onchange: (event) => { this.clear = event.target.checked; this.render(); } }), `only clear (${all.filter((each) => each.clouds !== null && each.clouds <= CLEAR).length})`) : "",
      h("button", { type: "button", class: "chip", "aria-pressed": String(compared), "data-time": "compare", id: "compare-dates", onclick: () => this.compare(entry) }, compared ? "One date" : "Two dates"),
      this.recorder(chosen));
    if (focus) this.target.querySelector(`[data-time="${focus}"]`)?.focus();
  }

  to(day) {
    const entry = this.entry;
    if (!entry || entry.style.date === day) return;
    this.forward = day > entry.style.date;
    entry.style.date = day;
    this.state.tell("date", entry);
    this.settle();
  }

  step(by) {
    const entry = this.entry;
    if (!entry) return;
    const { chosen } = this.days(entry);
    const next = chosen[chosen.findIndex(({ day }) => day === entry.style.date) + by];
    if (next) this.to(next.day);
  }

  play() {
    const entry = this.entry;
    if (!entry) return;
    const { chosen } = this.days(entry);
    const place = chosen.findIndex(({ day }) => day === entry.style.date);
    // from the beginning again behind the last one
    const next = chosen[(place + 1) % chosen.length].day;
    const began = performance.now();
    const wait = () => {
      const away = performance.now() - began;
      if (away < PAUSE || (entry.loading && away < LATEST)) {
        this.playing = setTimeout(wait, 60);
        return;
      }
      this.to(next);
      this.play();
    };
    this.playing = setTimeout(wait, 60);
    this.chart.fetchAhead(entry, next);
    this.render();
  }

  recorder(chosen) {
    const { recording } = this;
    if (recording) return h("button", { type: "button", class: "chip", id: "record", "data-time": "record", onclick: () => { recording.stopped = true; } }, `Stop (${recording.done} of ${recording.of})`);
    const title = "An animated WebP of these dates as they are shown here";
    return h("button", { type: "button", class: "chip", id: "record", "data-time": "record", title, disabled: chosen.length < 2, onclick: () => this.record() }, "Time-lapse");
  }

  // Show one date after the other and keep what is seen; afterwards the date of before is shown again.
  async record() {
    const entry = this.entry;
    const before = entry.style.date;
    const { chosen } = this.days(entry);
    this.stop();
    const recording = (this.recording = { done: 0, of: chosen.length, stopped: false });
    try {
      const frames = [];
      for (const { day } of chosen) {
        this.to(day);
        this.render();
        frames.push(await this.saved.picture("image/webp", day));
        recording.done += 1;
        if (recording.stopped) return;
      }
      const [{ width, height }] = frames;
      if (frames.some((frame) => frame.width !== width || frame.height !== height)) throw new Error("The map has changed its size meanwhile: once more, please.");
      download(await animated(frames.map(({ blob }) => blob), width, height, PAUSE), `${entry.name}_${chosen[0].day}_${chosen.at(-1).day}.webp`);
    } catch (error) {
      this.say(why(error), "failed");
    } finally {
      this.recording = null;
      this.to(before);
      this.render();
    }
  }

  stop() {
    if (!this.playing) return;
    clearTimeout(this.playing);
    this.playing = 0;
    this.render();
  }

  // The pictures of the date that is likely to come next.
  ahead() {
    const entry = this.entry;
    if (!entry || this.playing) return;
    const { chosen } = this.days(entry);
    const next = chosen[chosen.findIndex(({ day }) => day === entry.style.date) + (this.forward ? 1 : -1)];
    if (next) this.chart.fetchAhead(entry, next.day);
  }
}
