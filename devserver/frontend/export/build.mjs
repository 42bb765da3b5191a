// Bundles the viewer of exported maps into one script, which `automap export --html` writes into
// the page. The same sources give the same bytes.
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.env.OUT ?? join(here, "..", "..", "..", "automap_tiles", "workflows", "export", "page");

mkdirSync(out, { recursive: true });
copyFileSync(join(here, "page.html"), join(out, "page.html"));
await build({
  absWorkingDir: here,
  entryPoints: { viewer: "viewer.js" },
  outdir: out,
  bundle: true,
  format: "iife", // a module would not load from file://
  target: ["chrome109", "firefox115", "safari16.4"],
  minify: true,
  legalComments: "none",
  logLevel: "info",
});
for (const name of ["viewer.js", "viewer.css"]) {
  if (/<\/(script|style)/i.test(readFileSync(join(out, name), "utf8"))) throw new Error(`${name} cannot stand in a page`);
}
