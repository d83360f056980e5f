/**
 * The clock of pages that are paid work: it tells the server for how long a page was in view, and whether anything was
 * touched; never what. It goes by a clock that nobody can set. What cannot be sent stays here, and goes with the next
 * page that has a clock; the server counts nothing twice. A page says that it has one by data-clock.
 */

import { person, post, stored } from "./outbox.js";

const BEAT_MS = 20000, NOT_NOW = [0, 401, 408, 425, 429];
const here = `clock:${person}:${crypto.randomUUID?.() ?? Math.random()}`;
let place = null, slip = null, born = 0, from = null, touched = false, lastTouch = 0, resting = false, sending = false;
let most = 50;
/** Stretches of time in view that the server may not know of: {slip, from, to, touched, ended, at, doc}. */
let queue = [];

const age = () => performance.now() - born;
const inView = () => document.visibilityState === "visible";

/** Begin with the clock that the page has now, if that is another one than before. */
function begin() {
  const found = document.querySelector("[data-clock]");
  if (found && found.dataset.clock === slip) return;
  cut();
  from = null;
  place = found;
  slip = found?.dataset.clock ?? null;
  born = lastTouch = performance.now();
  touched = resting = false;
  goOn();
}

function goOn() {
  if (slip && from === null && !resting && inView()) from = age();
}

/** Put aside what was in view until now, or until that age of the page. */
function cut(until = age()) {
  if (from === null || until <= from) return;
  const ended = born + until, last = queue.at(-1);
  const stretch = { slip, from: Math.round(from), to: Math.round(until), touched, ended, at: Date.now(), doc: here };
  // Also where it was sent without an answer: the server knows how far it has counted.
  if (last?.slip === slip && last.to === stretch.from) {
    queue[queue.length - 1] = { ...stretch, from: last.from, touched: touched || last.touched };
  } else queue.push(stretch);
  from = until;
  touched = false;
}

function stop() {
  cut();
  from = null;
}

/** Every so often: tell; rest where nothing was touched for very long. */
function beat() {
  if (place && !place.isConnected) begin();
  const limit = Number(place?.dataset.rests);
  if (from !== null && performance.now() - lastTouch > limit) {
    cut(Math.max(from, lastTouch + limit - born));
    from = null;
    resting = true;
    place.textContent = place.dataset.words;
  }
  cut();
  send();
}

function touch() {
  touched = true;
  lastTouch = performance.now();
  if (!resting) return;
  resting = false;
  place.textContent = "";
  goOn();
}

// Sending: oldest first, several together

async function send() {
  keep();
  if (sending || !queue.length) return;
  sending = true;
  try {
    while (queue.length && await sendSome(queue.slice(0, most)));
  } catch { /* there will be another occasion */ }
  sending = false;
  keep();
}

/** Return whether to go on. */
async function sendSome(some) {
  const response = await post("/time/beats", some.flatMap(fieldsOf), { keepalive: true });
  if (response === null || response.status >= 500 || NOT_NOW.includes(response.status)) return false;
  if (!response.ok && some.length > 1) { most = 1; return true; }  // one that is refused does not spoil the others
  queue = queue.filter((one) => !some.includes(one));
  return true;
}

function fieldsOf({ slip, from, to, touched, ended, at, doc }) {
  const ago = doc === here ? performance.now() - ended : Date.now() - at;
  return [["slip", slip], ["from_ms", from], ["to_ms", to], ["ago_ms", Math.max(0, Math.round(ago))], ["touched", touched ? 1 : 0]];
}

// Keeping: each page under a name of its own; the next one takes over what was left

function keep() {
  if (queue.length) stored.write(here, queue);
  else stored.drop(here);
}

function takeOver() {
  const names = stored.names().filter((name) => name.startsWith(`clock:${person}:`) && name !== here);
  queue = [...names.flatMap((name) => stored.read(name) ?? []), ...queue];
  keep();
  names.forEach(stored.drop);
}

if (person) {
  takeOver();
  begin();
  send();
  setInterval(beat, BEAT_MS);
  for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "scroll", "touchstart"]) {
    addEventListener(kind, touch, { passive: true, capture: true });
  }
  document.addEventListener("task", begin);
  document.addEventListener("between", begin);
  document.addEventListener("visibilitychange", () => {
    if (inView()) { touch(); goOn(); }
    else { stop(); send(); }
  });
  addEventListener("pagehide", () => { stop(); send(); });
  addEventListener("pageshow", goOn);
  addEventListener("online", send);
}
