// Two layers side by side: the edge between them is dragged, or moved by arrow keys.

import { h } from "./dom.js";

export class Swipe {
  constructor(stage, chart, state) {
    this.chart = chart;
    this.state = state;
    this.handle = h("div", {
      class: "swipe", id: "swipe", role: "slider", tabindex: 0, hidden: true,
      "aria-label": "Edge between the two layers", "aria-valuemin": 0, "aria-valuemax": 100,
      onkeydown: (event) => this.key(event),
      onpointerdown: (event) => this.drag(event),
    }, h("span", { class: "swipe-grip" }), h("span", { class: "swipe-name left" }), h("span", { class: "swipe-name right" }));
    stage.append(this.handle);
    chart.map.on("change:size", () => this.update());
  }

  update() {
    const { on, left, right, at, date } = this.state.swipe;
    this.handle.hidden = !on;
    // beside the map alone, whatever stands below it
    this.handle.style.height = `${this.chart.map.getTargetElement().offsetHeight}px`;
    this.handle.style.left = `${at * 100}%`;
    const one = (name, day) => [this.state.get(name)?.info.title ?? "", day].filter(Boolean).join(" ");
    const day = (name) => this.state.get(name)?.style.date;
    const [first, second] = [one(left, left === right && date ? date : day(left)), one(right, day(right))];
    this.handle.querySelector(".left").textContent = first;
    this.handle.querySelector(".right").textContent = second;
    this.handle.setAttribute("aria-valuenow", Math.round(at * 100));
    this.handle.setAttribute("aria-valuetext", `${first} on ${Math.round(at * 100)} per cent, then ${second}`);
    this.chart.map.render();
  }

  to(at) {
    this.state.swipe.at = Math.min(1, Math.max(0, at));
    this.update();
    this.state.tell("link");
  }

  key(event) {
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1 }[event.key];
    if (step) this.to(this.state.swipe.at + step);
    else if (event.key === "Home") this.to(0);
    else if (event.key === "End") this.to(1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  drag(event) {
    event.preventDefault();
    this.handle.focus();
    this.handle.setPointerCapture(event.pointerId);
    const stage = this.handle.parentElement.getBoundingClientRect();
    const move = (moved) => this.to((moved.clientX - stage.left) / stage.width);
    const end = () => {
      this.handle.removeEventListener("pointermove", move);
      this.handle.removeEventListener("pointerup", end);
      this.handle.removeEventListener("pointercancel", end);
    };
    this.handle.addEventListener("pointermove", move);
    this.handle.addEventListener("pointerup", end);
    this.handle.addEventListener("pointercancel", end);
  }
}
