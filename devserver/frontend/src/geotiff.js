// A GeoTIFF of the web map's grid, written in the browser: red, green and blue, one strip, deflate.
//
// Tags and types by TIFF 6.0; places and keys by OGC 19-008 (GeoTIFF 1.1); compression 8 is that of
// Adobe's TIFF Technote 2.

const [ASCII, SHORT, LONG, DOUBLE] = [2, 3, 4, 12];
const SIZE = { [ASCII]: 1, [SHORT]: 2, [LONG]: 4, [DOUBLE]: 8 };
// One after the other: version 1.1.0 and four keys; projected; a pixel is an area; EPSG:3857; metres.
const GEO_KEYS = [1, 1, 0, 4, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 3857, 3076, 0, 1, 9001];

// `rgba` as a canvas has it; `left` and `top` (metres) are the corner of the first pixel, `pixel` its edge.
export async function geotiff({ rgba, width, height, pixel, left, top, copyright = "" }) {
  const strip = await deflated(colours(rgba, width * height));
  const tags = [
    [256, LONG, [width]],
    [257, LONG, [height]],
    [258, SHORT, [8, 8, 8]],
    [259, SHORT, [8]], // deflate
    [262, SHORT, [2]], // RGB
    [273, LONG, [0]], // where the strip begins: after what is written last
    [277, SHORT, [3]],
    [278, LONG, [height]],
    [279, LONG, [strip.length]],
    [284, SHORT, [1]], // red, green, blue of one pixel beside each other
  ];
  if (copyright) tags.push([33432, ASCII, [...new TextEncoder().encode(copyright), 0]]);
  tags.push([33550, DOUBLE, [pixel, pixel, 0]]);
  tags.push([33922, DOUBLE, [0, 0, 0, left, top, 0]]);
  tags.push([34735, SHORT, GEO_KEYS]);
  return new Blob([header(tags), strip], { type: "image/tiff" });
}

function colours(rgba, count) {
  const rgb = new Uint8Array(3 * count);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return rgb;
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// What stands before the strip: the directory, and behind it the values that do not fit into four bytes.
function header(tags) {
  const start = 8 + 2 + 12 * tags.length + 4;
  const beyond = ([, type, values]) => (SIZE[type] * values.length > 4 ? even(SIZE[type] * values.length) : 0);
  const total = start + tags.reduce((sum, tag) => sum + beyond(tag), 0);
  const view = new DataView(new ArrayBuffer(total));
  view.setUint16(0, 0x4949); // little-endian
  view.setUint16(2, 42, true);
  view.setUint32(4, 8, true);
  view.setUint16(8, tags.length, true);
  let free = start;
  tags.forEach(([number, type, values], place) => {
    const at = 10 + 12 * place;
    view.setUint16(at, number, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, values.length, true);
    const size = beyond([number, type, values]);
    if (size) view.setUint32(at + 8, free, true);
    put(view, size ? free : at + 8, type, number === 273 ? [total] : values);
    free += size;
  });
  return view.buffer;
}

const even = (size) => size + (size % 2);

function put(view, at, type, values) {
  values.forEach((value, place) => {
    const to = at + SIZE[type] * place;
    if (type === ASCII) view.setUint8(to, value);
    else if (type === SHORT) view.setUint16(to, value, true);
    else if (type === LONG) view.setUint32(to, value, true);
    else view.setFloat64(to, value, true);
  });
}
