// Bundles the pages, that of `automap serve` and those of the service, each into one script and one
// style sheet, without a date or a path of this machine in them: the same sources give the same bytes.
import { build, context } from "esbuild";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.env.OUT ?? join(here, "..", "automap_devserver", "static");
const serviceOut = process.env.SERVICE_OUT ?? join(here, "..", "automap_service", "static");

const shared = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: ["chrome109", "firefox115", "safari16"],
  minify: true,
  legalComments: "none",
  logLevel: "info",
};
const pages = [
  { ...shared, entryPoints: { page: "src/main.js" }, outdir: out },
  { ...shared, entryPoints: { service: "src/service/main.js" }, outdir: serviceOut },
];

for (const folder of [out, serviceOut]) mkdirSync(folder, { recursive: true });
for (const name of ["index.html", "icon.svg"]) copyFileSync(join(here, "src", name), join(out, name));
copyFileSync(join(here, "src", "icon.svg"), join(serviceOut, "icon.svg"));
// borders from Natural Earth, public domain
copyFileSync(join(here, "node_modules", "world-atlas", "countries-110m.json"), join(serviceOut, "countries.json"));
copyFileSync(join(here, "node_modules", "world-atlas", "countries-50m.json"), join(out, "countries.json"));

for (const options of pages) {
  if (process.argv.includes("--watch")) {
    await (await context({ ...options, minify: false })).watch();
  } else {
    await build(options);
  }
}
