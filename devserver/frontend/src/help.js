import { h } from "./dom.js";

const KEYS = [
  ["?", "this list"],
  ["Arrow keys, + and −", "move and zoom the map"],
  ["F", "zoom to all layers"],
  ["1 … 9", "show or hide a layer, counted from the top"],
  ["S", "compare two layers; arrow keys move the edge"],
  ["T", "tiles of the processes and where they are"],
  [", and .", "earlier or later date"],
  ["/", "find a place or coordinates"],
  ["M", "measure, and draw an area for --area"],
  ["B, G", "borders, lines of latitude and longitude"],
  ["I", "values in the middle of the map"],
  ["L, P", "layers, process"],
  ["D", "light or dark"],
  ["C", "copy the address of what is shown"],
  ["V", "save what is shown as a picture or a GeoTIFF"],
  ["Esc", "close what is open"],
];

export function helpDialog() {
  const dialog = h("dialog", { id: "help", "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, "Keys"),
    h("dl", { class: "keys" }, KEYS.map(([key, text]) => [h("dt", null, key.split(/(, | … | and )/).map((part) => (/^(, | … | and )$/.test(part) ? part : h("kbd", null, part)))), h("dd", null, text)])),
    h("p", { class: "quiet" }, "A click on the map shows the values of every layer there."),
    h("form", { method: "dialog" }, h("button", { class: "main", autofocus: true }, "Close")));
  document.body.append(dialog);
  return dialog;
}
