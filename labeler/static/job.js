/** How far work in the background is, while the page is open: asked for every two seconds, and where it leads in the end. */

const EVERY_MS = 2000, LATER_MS = 10000;
const place = document.querySelector("[data-job]");
const part = (name) => place.querySelector(`[data-${name}]`);
let heard = "";

async function look() {
  let wait = EVERY_MS;
  try {
    const reply = await fetch(place.dataset.job, { headers: { Accept: "application/json" } });
    if (reply.ok && show(await reply.json())) return;
    if (reply.status >= 400 && reply.status < 500) return location.reload();  // signed out, or no owner any more
    if (!reply.ok) wait = LATER_MS;
  } catch {
    wait = LATER_MS;  // the connection is away: what is shown stays, until there is one
  }
  setTimeout(look, wait);
}

/** Show how far it is; tell whether the page is left. */
function show({ is_over: isOver, next, share, step, words }) {
  if (next) location.replace(next);
  else if (isOver) location.reload();
  if (isOver) return true;
  if (share === null) part("share").removeAttribute("value");
  else part("share").value = share;
  part("words").textContent = words;
  // Read aloud with every step and every tenth, and no more often.
  const told = `${step} ${share === null ? "" : Math.floor(share * 10)}`;
  if (told !== heard) part("heard").textContent = words;
  heard = told;
  return false;
}

if (place) {
  part("again").hidden = true;
  setTimeout(look, EVERY_MS / 4);
}
