/**
 * Keys: which ones do something on the judging page, whether single ones count, and how to choose others.
 * They go by their place on the keyboard, which is named as it is printed on an English one: digits shift on many
 * layouts, and letters are others in other scripts. A person's choice is kept on the device: keyboards belong to it.
 */

import { person, stored } from "./outbox.js";

const name = `keys:${person}`;
const TAKEN = /^(Escape|Tab|Enter|NumpadEnter|Space|Arrow\w+|(Shift|Control|Alt|Meta|OS)\w+|CapsLock|ContextMenu)$/;
const given = stored.read(name);
const kept = { on: given?.on ?? true, places: given?.places ?? {} };
let printed = null, asked = null;

navigator.keyboard?.getLayoutMap().then((found) => { printed = found; announce(); }).catch(() => {});

/** Return what a key reaches. */
export function goalOf({ key, code }) {
  if (!kept.on) return null;
  const place = placeOf(code);
  const goals = [...document.querySelectorAll("[data-key]")];
  return goals.find((goal) => tokensOf(goal).some((token) => whereIs(token) === place))
    ?? goals.find((goal) => key === "?" && tokensOf(goal).includes("?") && !kept.places["?"]);
}

const tokensOf = (goal) => goal.dataset.key.split(" ");
const whereIs = (token) => kept.places[token] ?? token;

function placeOf(code) {
  const known = code.match(/^(?:Key|Digit|Numpad)(\w)$/);
  return known ? known[1] : code === "Slash" ? "?" : code;
}

/** Say what is printed at a place of this keyboard, as far as the browser tells. */
function printedAt(place) {
  const code = /^[A-Z]$/.test(place) ? `Key${place}` : place;
  return printed?.get(code)?.toUpperCase() ?? place;
}

/** Show which keys do what, on a page that has just come. */
export function announce() {
  const single = document.getElementById("single-keys");
  if (!single) return;
  single.checked = kept.on;
  for (const goal of document.querySelectorAll("[data-key]")) {
    if (kept.on) goal.setAttribute("aria-keyshortcuts", tokensOf(goal).map(whereIs).map(printedAt).join(" "));
    else goal.removeAttribute("aria-keyshortcuts");
  }
  for (const cap of document.querySelectorAll("[data-remap]")) {
    cap.firstElementChild.textContent = printedAt(whereIs(cap.dataset.remap));
  }
}

function keep() {
  stored.write(name, kept);
  announce();
}

document.addEventListener("change", ({ target }) => {
  if (target.id !== "single-keys") return;
  kept.on = target.checked;
  keep();
});

document.addEventListener("click", ({ target }) => {
  const cap = target.closest("[data-remap]");
  if (cap) ask(cap);
  if (!target.closest("[data-remap-none]")) return;
  kept.places = {};
  keep();
  say("reset");
});

document.addEventListener("focusout", ({ target }) => target === asked && ask(null));

/** Wait for the key that shall do what this one does. */
function ask(cap) {
  asked?.removeAttribute("aria-pressed");
  asked = cap;
  asked?.setAttribute("aria-pressed", "true");
  if (asked) say("press");
}

document.addEventListener("keydown", (event) => {
  if (!asked || event.ctrlKey || event.altKey || event.metaKey || event.code.match(/^Shift/)) return;
  const cap = asked, place = placeOf(event.code);
  if (event.code === "Tab" || event.code === "") return ask(null);
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.code === "Escape") { ask(null); say("left"); return; }
  const others = [...document.querySelectorAll("[data-remap]")].filter((other) => other !== cap);
  if (TAKEN.test(event.code) || others.some((other) => whereIs(other.dataset.remap) === place)) return say("taken");
  ask(null);
  if (place === cap.dataset.remap) delete kept.places[cap.dataset.remap];
  else kept.places[cap.dataset.remap] = place;
  keep();
  say("kept");
}, true);

function say(what) {
  const said = document.querySelector("[data-keys-said]");
  said.textContent = said.dataset[what];
}
