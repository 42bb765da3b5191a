// What is seen, as a picture or as a GeoTIFF that lies where it belongs.

import { download, h, iconButton } from "./dom.js";
import { geotiff } from "./geotiff.js";
import { EDGE } from "./map.js";

const MARGIN = 10; // pixels between what is written on a picture and its edge

export class SaveView {
  constructor(chart, target, say) {
    Object.assign(this, { chart, target, say });
  }

  get on() {
    return Boolean(this.target.querySelector(".saved"));
  }

  toggle() {
    if (this.on) this.target.replaceChildren();
    else this.render();
  }

  render() {
    const button = (label, title, action) => h("button", { type: "button", class: "chip", title, onclick: () => this.save(action) }, label);
    this.target.replaceChildren(h("div", { class: "banner saved" },
      h("span", null, "Save this view"),
      button("PNG", "With scale, north and attribution, for a document", () => this.png()),
      button("GeoTIFF", "Colours as they are seen, in EPSG:3857, for QGIS and GDAL", () => this.tiff()),
      iconButton("close", "Do not save", () => this.toggle())));
  }

  async save(action) {
    try {
      await action();
    } catch (error) {
      this.say(why(error), "failed");
    }
  }

  async png() {
    const { blob } = await this.picture("image/png");
    download(blob, `${this.name()}.png`);
  }

  async tiff() {
    const { canvas, ratio } = await this.draw();
    const { width, height } = canvas;
    const pixel = this.chart.view.getResolution() / ratio;
    const [left, , , top] = this.chart.view.calculateExtent(this.chart.map.getSize());
    const turns = Math.floor((left + EDGE) / (2 * EDGE)); // how often the map was moved around the world
    const blob = await geotiff({
      rgba: canvas.getContext("2d").getImageData(0, 0, width, height).data,
      width, height, pixel, left: left - turns * 2 * EDGE, top, copyright: attribution(this.chart.map),
    });
    download(blob, `${this.name()}.tif`);
  }

  // What is seen once it is there, with scale, north, attribution and a title; quality is that of WebP.
  async picture(type, title = "") {
    const { canvas, ratio } = await this.draw();
    annotate(canvas, ratio, scaleBar(this.chart.map), attribution(this.chart.map), title);
    const blob = await new Promise((done) => canvas.toBlob(done, type, 0.9));
    return { blob, width: canvas.width, height: canvas.height };
  }

  // Without what lies above the map: buttons, banners, the comparison's edge.
  async draw() {
    const { map } = this.chart;
    await new Promise((done) => { map.once("rendercomplete", done); map.render(); });
    const [width, height] = map.getSize();
    const ratio = window.devicePixelRatio || 1;
    const canvas = h("canvas", { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingEnabled = false;
    context.fillStyle = ground(map.getTargetElement());
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (const layer of map.getViewport().querySelectorAll(".ol-layers canvas")) {
      if (!layer.width || !layer.checkVisibility()) continue;
      context.globalAlpha = Number(layer.parentNode.style.opacity || layer.style.opacity || 1);
      // the place of a layer's canvas on the page, in pixels of CSS
      const matrix = new DOMMatrix(layer.style.transform);
      context.setTransform(matrix.a * ratio, matrix.b * ratio, matrix.c * ratio, matrix.d * ratio, matrix.e * ratio, matrix.f * ratio);
      context.drawImage(layer, 0, 0);
    }
    context.resetTransform();
    context.globalAlpha = 1;
    return { canvas, ratio };
  }

  name() {
    const [lon, lat] = this.chart.centre();
    return `automap_z${this.chart.zoom()}_${lat.toFixed(4)}_${lon.toFixed(4)}`;
  }
}

export const why = (error) => (error.name === "SecurityError" ? "The base map's server does not allow its pictures to be copied: save without it (automap serve without --base-map)." : error.message);

// The colour behind the layers: that of the nearest element that has one.
function ground(element) {
  for (let each = element; each; each = each.parentElement) {
    const colour = getComputedStyle(each).backgroundColor;
    if (!/^(transparent|rgba\(.*, 0\))$/.test(colour)) return colour;
  }
  return "#fff";
}

const attribution = (map) => [...map.getViewport().querySelectorAll(".ol-attribution li")].map((line) => line.textContent.trim()).filter(Boolean).join(" · ");

function scaleBar(map) {
  const bar = map.getViewport().querySelector(".ol-scale-line-inner");
  return bar ? { text: bar.textContent, width: parseFloat(bar.style.width) } : null;
}

// Scale and north at the lower left, where things are from at the lower right, a title above.
function annotate(canvas, ratio, scale, source, title) {
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const [width, height] = [canvas.width / ratio, canvas.height / ratio];
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "bottom";
  const line = (draw) => {
    for (const [colour, thick] of [["#fff", 4], ["#111", 1.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = thick;
      context.beginPath();
      draw();
      context.stroke();
    }
  };
  const write = (words, x, align, y = height - MARGIN) => {
    context.textAlign = align;
    context.lineWidth = 3;
    context.strokeStyle = "#fff";
    context.strokeText(words, x, y);
    context.fillStyle = "#111";
    context.fillText(words, x, y);
  };
  // north is up: the map does not turn
  line(() => {
    context.moveTo(MARGIN + 6, height - MARGIN);
    context.lineTo(MARGIN + 6, height - MARGIN - 24);
    context.moveTo(MARGIN + 1, height - MARGIN - 17);
    context.lineTo(MARGIN + 6, height - MARGIN - 24);
    context.lineTo(MARGIN + 11, height - MARGIN - 17);
  });
  write("N", MARGIN + 16, "left");
  if (scale) {
    const [from, base] = [MARGIN + 36, height - MARGIN];
    line(() => {
      context.moveTo(from, base - 6);
      context.lineTo(from, base);
      context.lineTo(from + scale.width, base);
      context.lineTo(from + scale.width, base - 6);
    });
    write(scale.text, from + scale.width + 6, "left");
  }
  if (source) write(source, width - MARGIN, "right");
  context.font = "bold 16px system-ui, sans-serif";
  if (title) write(title, MARGIN, "left", MARGIN + 18);
}
