// Reads PMTiles 3 (github.com/protomaps/PMTiles, spec/v3) by ranges of bytes.

const HEADER = 127;
const FIRST = 16384; // the header and the root directory lie in here
const DEEPEST = 4; // directories in directories
const KEPT = 64; // leaf directories

export class PmTiles {
  constructor(url) {
    this.url = url;
    this.whole = null; // of a server that knows no ranges
    this.leaves = new Map();
    this.opened = null;
  }

  // The bytes of a tile, or null where there is none.
  async tile(z, x, y) {
    this.opened ??= this.open();
    const { header, root } = await this.opened;
    const wanted = tileId(z, x, y);
    let entries = root;
    for (let depth = 0; depth < DEEPEST; depth++) {
      const entry = find(entries, wanted);
      if (!entry) return null;
      if (entry.run > 0) return this.bytes(header.data + entry.offset, entry.length);
      entries = await this.leaf(header.leaves + entry.offset, entry.length);
    }
    return null;
  }

  async open() {
    const start = await this.bytes(0, FIRST);
    const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
    const mark = String.fromCharCode(...start.subarray(0, 7));
    if (start.length < HEADER || mark !== "PMTiles" || start[7] !== 3) throw new Error("This is no PMTiles file of version 3.");
    const number = (place) => Number(view.getBigUint64(place, true));
    const header = { leaves: number(40), data: number(56) };
    const [offset, length] = [number(8), number(16)];
    const inside = offset + length <= start.length;
    const packed = inside ? start.subarray(offset, offset + length) : await this.bytes(offset, length);
    return { header, root: await directory(packed) };
  }

  leaf(offset, length) {
    let found = this.leaves.get(offset);
    if (!found) {
      found = this.bytes(offset, length).then(directory);
      found.catch(() => this.leaves.delete(offset));
      this.leaves.set(offset, found);
      if (this.leaves.size > KEPT) this.leaves.delete(this.leaves.keys().next().value);
    }
    return found;
  }

  async bytes(offset, length) {
    if (this.whole) return this.whole.subarray(offset, offset + length);
    const answer = await fetch(this.url, { headers: { Range: `bytes=${offset}-${offset + length - 1}` } });
    if (!answer.ok) throw new Error(`The tiles cannot be read: ${answer.status} ${answer.statusText}`);
    const content = new Uint8Array(await answer.arrayBuffer());
    if (answer.status === 206) return content;
    this.whole = content;
    return content.subarray(offset, offset + length);
  }
}

// Place of a tile: all coarser zooms come first, then it goes along the Hilbert curve.
export function tileId(z, x, y) {
  let id = (4 ** z - 1) / 3; // exact to zoom 26: below 2^53
  for (let size = 2 ** (z - 1); size >= 1; size /= 2) {
    const right = Math.floor(x / size) % 2;
    const down = Math.floor(y / size) % 2;
    id += size * size * ((3 * right) ^ down);
    if (down === 0) {
      if (right === 1) [x, y] = [size - 1 - (x % size), size - 1 - (y % size)];
      [x, y] = [y % size, x % size];
    } else {
      [x, y] = [x % size, y % size];
    }
  }
  return id;
}

async function directory(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const content = new Uint8Array(await new Response(stream).arrayBuffer());
  let place = 0;
  const next = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = content[place++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const entries = Array.from({ length: next() }, () => ({ id: 0, run: 0, length: 0, offset: 0 }));
  let id = 0;
  for (const entry of entries) entry.id = id += next();
  for (const entry of entries) entry.run = next();
  for (const entry of entries) entry.length = next();
  entries.forEach((entry, number) => {
    const before = entries[number - 1];
    const said = next();
    entry.offset = said === 0 && before ? before.offset + before.length : said - 1;
  });
  return entries;
}

// The entry of a tile, or that of the leaf directory in which it would be.
function find(entries, id) {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle].id <= id) low = middle + 1;
    else high = middle;
  }
  const entry = entries[low - 1];
  return entry && (entry.run === 0 || id < entry.id + entry.run) ? entry : null;
}
