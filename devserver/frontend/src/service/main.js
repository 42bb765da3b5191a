// Pages of the service: what a page can do without a script is made better here, each part where
// its elements are.

import "./service.css";
import { icon } from "../dom.js";
import { startTheme, turnTheme } from "../theme.js";
import { startCode } from "./code.js";
import { startFiles } from "./files.js";
import { startLaunch } from "./launch.js";
import { startLive } from "./live.js";
import { showMaps } from "./maps.js";
import { startRasters } from "./rasters.js";

startTheme();

const theme = document.getElementById("theme");
theme.append(icon("theme"));
theme.hidden = false;
theme.addEventListener("click", turnTheme);

for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;

// One listener for all buttons, also for those that come with a newer state of the page.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.sure && !confirm(button.dataset.sure)) event.preventDefault();
  if (button && "copy" in button.dataset) {
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
    button.textContent = "Copied";
  }
});
if (navigator.clipboard) for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;

for (const element of document.querySelectorAll("#problems, #checked")) element.focus();
for (const log of document.querySelectorAll(".log")) log.scrollTop = log.scrollHeight;

showMaps();
startLaunch();
startFiles();
startCode();
startRasters();
startLive();
document.documentElement.dataset.ready = "";
