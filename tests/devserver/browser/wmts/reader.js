// OpenLayers' own reader of capabilities, for test_wmts_in_openlayers.py. Bundled into reader.min.js:
// devserver/frontend/node_modules/.bin/esbuild reader.js --bundle --minify --outfile=reader.min.js
// (with NODE_PATH=devserver/frontend/node_modules).
import WMTSCapabilities from "ol/format/WMTSCapabilities.js";
import WMTS, { optionsFromCapabilities } from "ol/source/WMTS.js";

window.tileAddress = (text, layer, matrixSet, [z, x, y]) => {
  const told = new WMTSCapabilities().read(text);
  const options = optionsFromCapabilities(told, { layer, matrixSet });
  const source = new WMTS(options);
  return source.getTileUrlFunction()([z, x, y], 1, source.getProjection());
};
