// How often values occur in view, and the ends of the stretch, which are dragged or moved by keys.

import * as api from "./api.js";
import { h, number, s } from "./dom.js";
import { stretched } from "./style.js";

const [WIDTH, HEIGHT] = [240, 62];
const COLOURS = ["#d43c4a", "#1a9c6b", "#2f7de1"];

export class Histogram {
  // `changed` hears of new ranges, and whether the drag has ended
  constructor(chart, entry, changed) {
    Object.assign(this, { chart, entry, changed });
    this.element = h("div", { class: "histogram" });
    if (entry.open) this.load();
  }

  async load() {
    const { entry } = this;
    const bands = stretched(entry.style);
    const key = JSON.stringify([bands, this.chart.box(), entry.style.date, entry.version]);
    if (entry.histogram?.key !== key) {
      entry.histogram = { key, told: api.histogram(entry.name, bands, this.chart.box(), entry.style.date) };
    }
    try {
      const { histogram } = await entry.histogram.told;
      if (histogram) this.draw(histogram);
    } catch {
      entry.histogram = null; // the layer says why it cannot be read
    }
  }

  draw({ low, high, counts }) {
    const { ranges } = this.entry.style;
    this.low = Math.min(low, ...ranges.map(([from]) => from));
    this.high = Math.max(high, ...ranges.map(([, to]) => to));
    const most = Math.max(1, ...counts.flat().slice(0));
    const step = (high - low) / counts[0].length;
    const area = (values) => `M${this.x(low)} ${HEIGHT} ${values.map((value, at) => `L${this.x(low + at * step).toFixed(1)} ${(HEIGHT - (Math.sqrt(value / most)) * (HEIGHT - 4)).toFixed(1)} L${this.x(low + (at + 1) * step).toFixed(1)} ${(HEIGHT - (Math.sqrt(value / most)) * (HEIGHT - 4)).toFixed(1)}`).join(" ")} L${this.x(high)} ${HEIGHT}Z`;
    const one = counts.length === 1;
    const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      counts.map((values, band) => s("path", { d: area(values), fill: one ? "currentcolor" : COLOURS[band], opacity: one ? 0.45 : 0.4 })));
    const ends = ranges.flatMap((range, band) => [0, 1].map((which) => this.end(band, which, ranges.length > 1 ? COLOURS[band] : "")));
    this.element.replaceChildren(svg, ...ends);
  }

  x(value) {
    return ((value - this.low) / (this.high - this.low)) * WIDTH;
  }

  end(band, which, colour) {
    const value = () => this.entry.style.ranges[band][which];
    const place = () => {
      end.style.left = `${(this.x(value()) / WIDTH) * 100}%`;
      end.setAttribute("aria-valuenow", value());
      end.setAttribute("aria-valuetext", number(value()));
    };
    const names = this.entry.style.ranges.length > 1 ? ["Red", "Green", "Blue"][band] : "Stretch";
    const end = h("div", {
      class: "end", role: "slider", tabindex: 0, "aria-label": `${names}, ${which ? "high" : "low"} end`, "aria-valuemin": this.low, "aria-valuemax": this.high,
      "data-focus": `end-${this.entry.name}-${band}-${which}`,
      onpointerdown: (event) => this.drag(event, end, (to, ended) => { this.set(band, which, to, ended); place(); }),
      onkeydown: (event) => {
        const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
        if (!by) return;
        event.preventDefault();
        event.stopPropagation();
        this.set(band, which, value() + (by * (this.high - this.low)) / 100, false);
        place();
      },
    });
    if (colour) end.style.setProperty("--end", colour);
    place();
    return end;
  }

  // The low end stays below the high one.
  set(band, which, to, ended) {
    const ranges = this.entry.style.ranges.map((range) => [...range]);
    const least = (this.high - this.low) / 1000;
    ranges[band][which] = Number((which ? Math.max(to, ranges[band][0] + least) : Math.min(to, ranges[band][1] - least)).toPrecision(6));
    this.changed(ranges, ended);
  }

  drag(event, end, move) {
    event.preventDefault();
    end.focus();
    end.setPointerCapture(event.pointerId);
    const box = this.element.getBoundingClientRect();
    const at = (moved) => this.low + Math.min(1, Math.max(0, (moved.clientX - box.left) / box.width)) * (this.high - this.low);
    const on = (moved) => move(at(moved), false);
    const off = (moved) => {
      for (const [kind, action] of [["pointermove", on], ["pointerup", off], ["pointercancel", off]]) end.removeEventListener(kind, action);
      move(at(moved), true);
    };
    for (const [kind, action] of [["pointermove", on], ["pointerup", off], ["pointercancel", off]]) end.addEventListener(kind, action);
  }
}
