// Parts of a page that change: the page is asked for anew and its parts are put in the place of
// the old ones. What is the same stays, with the place of the reader in it.

const WAIT_AFTER_FAILURE = 10000;

export function startLive() {
  const first = document.querySelector("[data-live][data-every]");
  if (first) setTimeout(turn, 1000 * first.dataset.every);
}

async function turn() {
  const first = document.querySelector("[data-live][data-every]");
  if (!first) return;
  let wait = 1000 * first.dataset.every;
  try {
    if (!document.hidden && (await hasNews(first.dataset.of))) await renew();
  } catch {
    wait = WAIT_AFTER_FAILURE; // the server does not answer: the page stays as it was
  }
  setTimeout(turn, wait);
}

let known = null;

// Whether the job is in another state than at the last turn; the answer is a short one.
async function hasNews(address) {
  if (!address) return true;
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (answer.status === 401 || answer.status === 404) location.reload();
  const told = await answer.text();
  const isNew = told !== known;
  known = told;
  return isNew;
}

async function renew() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const isOver = !page.querySelector("[data-live][data-every]");
  if (isOver && document.querySelector("[data-of]")) {
    location.reload(); // the end of a run brings parts that were not there: results, buttons
    return;
  }
  for (const part of document.querySelectorAll("[data-live]")) {
    const newer = page.querySelector(`[data-live="${part.dataset.live}"]`);
    if (newer && newer.innerHTML !== part.innerHTML && !isUsed(part)) put(part, newer);
  }
}

// Somebody is at a button or a link of this part: it waits.
function isUsed(part) {
  const at = document.activeElement;
  return part.contains(at) && at.matches("a, button, input, select, summary");
}

function put(part, newer) {
  const rolls = [...part.querySelectorAll(".log, .scroll")].map((each) => ({
    top: each.scrollTop,
    left: each.scrollLeft,
    isAtEnd: each.matches(".log") && each.scrollTop + each.clientHeight >= each.scrollHeight - 4,
  }));
  const focused = [...part.querySelectorAll("[tabindex]")].indexOf(document.activeElement);
  part.replaceChildren(...[...newer.childNodes].map((node) => document.adoptNode(node)));
  if (newer.dataset.every) part.dataset.every = newer.dataset.every;
  else delete part.dataset.every;
  [...part.querySelectorAll(".log, .scroll")].forEach((each, number) => {
    const was = rolls[number];
    if (!was) return;
    each.scrollLeft = was.left;
    each.scrollTop = was.isAtEnd ? each.scrollHeight : was.top;
  });
  if (focused >= 0) part.querySelectorAll("[tabindex]")[focused]?.focus({ preventScroll: true });
}
