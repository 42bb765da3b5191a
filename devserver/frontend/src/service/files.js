// Uploads: a file that is dropped is the one to be sent; what is there can be seen on a map.

import { h, s } from "../dom.js";
import { Chart } from "./maps.js";

export function startFiles() {
  const form = document.getElementById("upload");
  if (form) startUpload(form);
  const target = document.getElementById("files-map");
  if (target) startMap(target);
}

function startUpload(form) {
  const drop = form.querySelector("#drop");
  const input = form.querySelector("#file");
  const kind = form.querySelector("#kind");
  const guess = () => {
    if (input.files.length) kind.value = /\.csv$/i.test(input.files[0].name) ? "samples" : "boundaries";
  };
  input.addEventListener("change", guess);
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    guess();
  });
  form.addEventListener("submit", () => {
    form.querySelector("#upload-said").textContent = "It is sent and read …";
  });
}

function startMap(target) {
  const buttons = [...document.querySelectorAll("[data-show]")];
  const chart = new Chart(target, "Map of a file");
  const legend = document.getElementById("files-legend");
  const show = async (button) => {
    for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
    const file = JSON.parse(button.dataset.show);
    document.getElementById("on-map").textContent = file.name;
    chart.clear();
    const classes = await chart.addFile(file);
    legend.replaceChildren(...classes.map(([name, fill]) => h("li", {}, s("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, s("circle", { cx: 6, cy: 6, r: 5, fill })), name)));
    chart.fit();
  };
  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener("click", () => show(button));
  }
  if (buttons.length) show(buttons[0]);
}
