/**
 * The chat: what is written goes through the outbox, drafts stay on this device, and while both answers are being written
 * the server is asked now and then whether they are there. It is whole without this file: then the page asks again by
 * itself. What comes is put where the page said that it is being written: nothing above it moves, and the place where
 * somebody reads or types stays theirs.
 * A page says in data-chat which one it is, and in data-stage how far it is; its parts have data-part.
 */

import { flush, isReady, kept, lookAt, person, put, readied, refused, stored } from "./outbox.js";

const FIRST_MS = 1000, LONGEST_MS = 4000, AWAY_MS = 30000, SLOW_MS = 2000, SENT_MS = 15000;
let pause = FIRST_MS, timer = 0, sending = false;

const place = document.querySelector("[data-chat]");
const now = document.getElementById("now");
const theForm = () => document.querySelector("form[data-said]");
const name = () => `${place.dataset.chat}-${place.dataset.stage}`;
const draftName = () => `draft:${person}:${name()}`;
const isOurs = (answer) => answer.assignment.startsWith(`${place.dataset.chat}-`);
// The fields of a form that can be kept: its own, and no file.
const fieldsOf = (form, button) => [...new FormData(form, button)]
  .filter(([field, value]) => field !== "csrf_token" && typeof value === "string");

// Sending

document.addEventListener("submit", (event) => {
  if (event.target !== theForm()) return;
  if (sending) return event.preventDefault();
  turn(true);
  if (isReady()) {
    event.preventDefault();
    send(event.target, event.submitter);
  } else {
    // A stopped or lost request leaves the page here: the same key makes a second try harmless.
    setTimeout(turn, SENT_MS, false);
  }
});

async function send(form, button) {
  const said = { url: new URL(form.action).pathname, body: fieldsOf(form, button), assignment: name() };
  try {
    await put({ ...said, active_ms: 0, back: place.dataset.page });
  } catch {
    return form.submit();
  }
  stored.drop(draftName());
  const stuck = refused();
  if (stuck) return lookAt(stuck);
  lock();
  flush();
}

/** Leave what was sent where it stands, as nobody can change it; say so if it takes long. */
function lock() {
  turn(true);
  for (const field of theForm().elements) if (field.type !== "hidden") field.disabled = true;
  setTimeout(async () => {
    const waits = document.querySelector("[data-waits]");
    if (waits && (await kept()).some(isOurs)) waits.textContent = waits.dataset.waits;
  }, SLOW_MS);
}

function turn(state) {
  sending = state;
  const form = theForm(), button = form?.querySelector("[type=submit]");
  if (button) button.setAttribute("aria-disabled", String(sending || form.matches(":invalid")));
}

document.addEventListener("outbox:sent", async () => {
  if (!sending || (await kept()).some(isOurs)) return;
  try {
    await paint(true);
  } catch {  // the connection is away again: it is asked for like answers
    place.dataset.writing = "";
    plan();
  }
});

// Looking: whether both are there, never how far one of them is

function plan() {
  clearTimeout(timer);
  if ("writing" in place.dataset) timer = setTimeout(look, document.hidden ? AWAY_MS : pause);
}

async function look() {
  try {
    const reply = await fetch(place.dataset.state, { headers: { Accept: "application/json" }, redirect: "manual" });
    if (reply.type === "opaqueredirect" || (reply.status >= 400 && reply.status < 500)) return location.reload();
    if (!reply.ok) throw new Error("not now");
    const { stage } = await reply.json();
    if (stage !== place.dataset.stage) return await paint(false);
    pause = Math.min(LONGEST_MS, pause * 1.2);
  } catch {
    pause = Math.min(AWAY_MS, pause * 2);
  }
  plan();
}

/** Take what has changed over into this page; after what somebody did here, lead them on. */
async function paint(isOwn) {
  const reply = await fetch(place.dataset.page, { redirect: "manual" });
  if (reply.status >= 500) throw new Error("not now");
  if (!reply.ok) return location.reload();
  const other = new DOMParser().parseFromString(await reply.text(), "text/html");
  const there = other.querySelector("[data-chat]");
  if (there?.dataset.person !== person) return location.reload();
  const isInside = now.contains(document.activeElement);
  for (const part of other.querySelectorAll("[data-part]")) take(part);
  for (const name of ["stage", "writing"]) {
    if (name in there.dataset) place.dataset[name] = there.dataset[name];
    else delete place.dataset[name];
  }
  document.title = other.title;
  const said = document.querySelector("[data-told]");
  said.textContent = isOwn ? "" : there.querySelector("[data-told]").dataset.told;
  const isLost = document.activeElement === document.body;  // with what was replaced
  if (isLost && (isInside || isOwn)) now.focus({ preventScroll: true });
  if (isOwn) now.scrollIntoView({ block: "nearest" });
  begin();
}

function take(part) {
  const here = document.querySelector(`[data-part="${part.dataset.part}"]`);
  if (here.isEqualNode(part)) return;
  if (here === now) now.replaceChildren(...[...part.childNodes].map((node) => document.adoptNode(node)));
  else here.replaceWith(document.adoptNode(part));
}

// Drafts: what is not sent yet survives the end of the tab, with the key that makes it one message

function fillIn({ fields }) {
  document.dispatchEvent(new CustomEvent("draft", { detail: fields }));
  const values = new Map(fields);
  for (const field of theForm().elements) {
    if (!values.has(field.name) && field.type !== "checkbox") continue;
    if (field.type === "radio" || field.type === "checkbox") field.checked = values.get(field.name) === field.value;
    else if (field.name !== "csrf_token") field.value = values.get(field.name);
  }
}

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, ({ target }) => {
    if (!target.form || target.form !== theForm()) return;
    stored.write(draftName(), { fields: fieldsOf(target.form) });
    turn(sending);
  });
}

document.addEventListener("keydown", (event) => {
  const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.altKey;
  if (!sends || event.isComposing || event.repeat || !theForm()) return;
  event.preventDefault();
  theForm().requestSubmit();
});

/** Begin with what the page shows now. */
function begin() {
  pause = FIRST_MS;
  const draft = theForm() && (stored.read(draftName()) ?? leftOver());
  if (draft) fillIn(draft);
  turn(false);
  document.querySelector("[data-again]")?.setAttribute("hidden", "");
  document.dispatchEvent(new Event("task"));
  plan();
}

/** Return a message that was never taken, as another came first: it may be the next one. */
function leftOver() {
  if (!theForm().elements.text) return null;
  const names = stored.names().filter((one) => one.startsWith(`draft:${person}:${place.dataset.chat}-`));
  const fields = names.flatMap((one) => stored.read(one)?.fields ?? []).filter(([field]) => field === "text");
  names.forEach(stored.drop);
  return fields.length ? { fields } : null;
}

/** Wait where something was sent before the page was loaded, and is still on its way. */
async function lookBack() {
  const waiting = (await kept()).find((answer) => isOurs(answer) && !answer.refused);
  if (!waiting || !theForm()) return;
  if (new URL(theForm().action).pathname === waiting.url) fillIn({ fields: waiting.body });
  lock();
}

// After every script of the page, so that none of them misses what is there at first.
if (place) {
  document.addEventListener("DOMContentLoaded", () => {
    begin();
    readied.then(lookBack);
  });
  addEventListener("online", () => { pause = FIRST_MS; plan(); });
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { pause = FIRST_MS; plan(); } });
}
