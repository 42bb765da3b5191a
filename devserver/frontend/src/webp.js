// An animated WebP of pictures that the browser has encoded.
//
// The container by Google's WebP Container Specification: a picture's own chunks go into a frame as
// they are.

const KEPT = new Set(["VP8 ", "VP8L", "ALPH"]); // the pixels; the rest says again what the frame does
const LONGEST = 0xffffff; // milliseconds of a frame, pixels of an edge

// `pictures` are blobs of WebP, all of `width` × `height` pixels, each shown for `milliseconds`, again and again.
export async function animated(pictures, width, height, milliseconds) {
  const chunks = [chunk("VP8X", [0b10, 0, 0, 0, ...three(width - 1), ...three(height - 1)]), chunk("ANIM", [0, 0, 0, 0, 0, 0])];
  for (const picture of pictures) {
    const place = [...three(0), ...three(0), ...three(width - 1), ...three(height - 1)];
    const told = Uint8Array.from([...place, ...three(Math.min(milliseconds, LONGEST)), 0b10]); // in place of the one before
    chunks.push(chunk("ANMF", joined([told, ...pixels(new Uint8Array(await picture.arrayBuffer()))])));
  }
  const body = joined([letters("WEBP"), ...chunks]);
  return new Blob([letters("RIFF"), four(body.length), body], { type: "image/webp" });
}

function pixels(file) {
  const view = new DataView(file.buffer);
  const found = [];
  for (let at = 12; at + 8 <= file.length; ) {
    const size = view.getUint32(at + 4, true);
    const end = at + 8 + size + (size % 2);
    if (KEPT.has(String.fromCharCode(...file.subarray(at, at + 4)))) found.push(file.subarray(at, end));
    at = end;
  }
  if (!found.length) throw new Error("This browser cannot write WebP: automap timelapse makes the same.");
  return found;
}

function chunk(name, content) {
  return joined([letters(name), four(content.length), Uint8Array.from(content), new Uint8Array(content.length % 2)]);
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const letters = (text) => new TextEncoder().encode(text);
const three = (value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255];
const four = (value) => new Uint8Array([...three(value), value >>> 24]);
