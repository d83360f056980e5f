/**
 * The judging page: answers go through the outbox while the next task is painted; drafts; keys. It is whole without
 * this file. Whatever the form holds is sent and kept as it stands. A script that adds to a task listens for "task" on
 * the document: it comes once the page is there, and again with each task that is painted into it. One that adds fields
 * listens for "draft" too, which comes before and brings the fields that will be filled in.
 * Markup says what a key reaches: data-key="0 N" on a radio button, a field, a link, a button or a details.
 */

import { announce, goalOf } from "./keys.js";
import { flush, isReady, isWaiting, kept, lookAt, page, person, post, put, readied, refused, stored } from "./outbox.js";

const SENT_MS = 15000, IDLE_MS = 60000;
let next = null, drawing = false, sending = false, changed = false, skipped = false;
let active = 0, last = performance.now();

const theForm = () => document.getElementById("judgment");
const task = () => theForm()?.dataset ?? {};
const draftName = () => `draft:${task().draft}`;
// The fields of a form that can be kept: its own, and no file.
const fieldsOf = (form, button) => [...new FormData(form, button)]
  .filter(([name, value]) => name !== "csrf_token" && typeof value === "string");

// Sending

document.addEventListener("submit", (event) => {
  const form = event.target, isAnswer = form.matches("[data-answers]");
  if (!isAnswer && form !== theForm()) return;
  if (sending) return event.preventDefault();
  turn(true);
  if (form !== theForm()) dropDraft();
  if (isAnswer && isReady()) {
    event.preventDefault();
    send(form, event.submitter);
  } else {
    // A stopped or lost request leaves the page here: the same key makes a second try harmless.
    setTimeout(turn, SENT_MS, false);
  }
});

async function send(form, button) {
  const body = fieldsOf(form, button), { assignment } = task();
  try {
    await put({ url: new URL(form.action).pathname, body, assignment, active_ms: Math.round(active) });
  } catch {
    return form.submit();
  }
  dropDraft();
  skipped = form !== theForm();
  const stuck = refused();
  if (stuck) return lookAt(stuck);
  page.showing = "";
  if (next) paint(next);
  else wait();
  setTimeout(flush);  // the task first
}

function turn(state) {
  sending = state;
  const button = document.querySelector("#judgment [type=submit]"), form = theForm();
  if (button) button.setAttribute("aria-disabled", String(sending || form.matches(":invalid")));
}

document.addEventListener("outbox:sent", ({ detail: reply }) => take(reply));
document.addEventListener("outbox:empty", () => page.showing === "" && draw(task().start));

// Tasks: the next one is drawn ahead, and painted into the place of this one

/** Have the next task here before it is wanted. */
function drawAhead() {
  if (isReady() && page.showing) draw(task().ahead);
}

/** Ask for a task: to be shown now, or later. */
async function draw(url) {
  if (drawing || next || !url) return;
  drawing = true;
  try {
    const response = await post(url, []);
    if (response?.ok) await take(await response.json());
  } catch { /* there will be another occasion */ }
  drawing = false;
}

/** Take what a reply brings: the page of a task, or where to go as there is none. */
async function take({ next: text, finished, told }) {
  if (text) await hold(text);
  else if (finished && page.showing === "" && (await kept()).length === 0) {
    page.showing = null;
    location.assign(finished);
  }
  if (told) tell(told);
}

/** Tell what the server has to say of an answer that it has saved, above whatever is shown now. */
function tell(words) {
  const notice = document.createElement("p");
  notice.className = "notice notices";
  notice.setAttribute("role", "status");
  document.querySelector("main").prepend(notice);
  notice.textContent = words;  // once it is there, so that it is read out
}

/** Keep the page of a task until it is wanted, or paint it at once if that is now. */
async function hold(text) {
  const other = new DOMParser().parseFromString(text, "text/html");
  const { person: whose, assignment } = other.getElementById("judgment").dataset;
  if (whose !== person) return;
  const earned = other.querySelector("[data-today]");
  if (earned) document.querySelector("[data-today]")?.replaceWith(earned.cloneNode(true));
  const answered = (await kept()).some((answer) => answer.assignment === assignment);
  if (assignment === page.showing || answered) return;
  for (const part of other.head.querySelectorAll("link[rel=stylesheet], script[src]")) load(part);
  keepNext(prepared(other));
  if (page.showing === "") paint(next);
}

/** Do now what would take time when the task is wanted: take its parts over into this document. */
function prepared(other) {
  const path = new URL(other.getElementById("judgment").action).pathname;
  const parts = [...other.querySelectorAll("[data-swap]")].map((part) => document.adoptNode(part));
  for (const part of parts) for (const time of part.querySelectorAll("time[data-local]")) tellHere(time);
  return { title: other.title, path, parts };
}

function keepNext(task) {
  next = task;
  document.documentElement.toggleAttribute("data-ahead", next !== null);  // so that one can see it from outside
}

/** Load what another task needs beside what is here already. */
function load(part) {
  const [attribute, address] = part.src ? ["src", part.src] : ["href", part.href];
  if (document.querySelector(`[${attribute}="${new URL(address).pathname}${new URL(address).search}"]`)) return;
  const made = document.createElement(part.localName);
  for (const { name, value } of part.attributes) made.setAttribute(name, value);
  document.head.append(made);
}

function paint({ title, path, parts }) {
  keepNext(null);
  for (const part of parts) document.querySelector(`[data-swap="${part.dataset.swap}"]`)?.replaceWith(part);
  document.title = title;
  history.replaceState(null, "", path);
  if (skipped) document.querySelector("[data-last]")?.remove();  // there is no judgment to change
  begin();
  arrive();
}

/** Say that the next task is not there yet, in the place of this one. */
function wait() {
  document.querySelector("main").replaceChildren(document.getElementById("between").content.cloneNode(true));
  for (const field of theForm().elements) field.disabled = true;
  turn(true);
  document.dispatchEvent(new Event("between"));
  arrive();
}

function arrive() {
  scrollTo(0, 0);
  document.querySelector("main").focus({ preventScroll: true });
}

function begin() {
  const draft = stored.read(draftName());
  changed = false;
  active = draft?.active ?? 0;
  if (task().answers !== undefined) page.showing = task().assignment;
  if (draft) fillIn(draft);
  turn(false);
  announce();
  document.dispatchEvent(new Event("task"));
}

/** Wait where this task was answered before the page was loaded: its answer is on its way. */
async function lookBack() {
  const { assignment, answers } = task();
  if (answers === undefined || !(await kept()).some((answer) => answer.assignment === assignment && !answer.refused)) return;
  page.showing = "";
  wait();
}

/** Say it in the reader's own time zone, in Latin digits and in English the day first, as the server writes. */
function tellHere(time) {
  const { lang } = document.documentElement;
  const words = new Intl.DateTimeFormat(`${lang === "en" ? "en-GB" : lang}-u-nu-latn`, { dateStyle: "medium", timeStyle: "short" });
  time.textContent = words.format(new Date(time.dateTime));
}

// Drafts: what is not sent yet survives the end of the tab, with the key that makes it one answer

function keepDraft() {
  if (changed && theForm()) stored.write(draftName(), { active: Math.round(active), fields: fieldsOf(theForm()) });
}

function dropDraft() {
  changed = false;
  stored.drop(draftName());
}

function fillIn({ fields }) {
  document.dispatchEvent(new CustomEvent("draft", { detail: fields }));
  const left = new Map();
  for (const [name, value] of fields) left.set(name, [...(left.get(name) ?? []), value]);
  for (const field of theForm().elements) {
    const values = left.get(field.name);
    if (field.type === "radio" || field.type === "checkbox") field.checked = values?.includes(field.value) ?? false;
    else if (field.multiple) for (const option of field.options) option.selected = values?.includes(option.value) ?? false;
    else if (values?.length && field.name !== "csrf_token") field.value = values.shift();
  }
  const restored = document.querySelector("[data-restored]");
  if (restored) restored.textContent = restored.dataset.restored;
}

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    if (event.target.form !== theForm() || !theForm()) return;
    changed = true;
    keepDraft();
    turn(sending);
  });
}
addEventListener("pagehide", keepDraft);
addEventListener("pageshow", (event) => event.persisted && page.showing !== "" && turn(false));

// How long somebody was at it: the time between things that they did, none of it longer than IDLE_MS

for (const kind of ["keydown", "pointerdown", "pointermove", "scroll"]) addEventListener(kind, pass, { passive: true, capture: true });
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") pass();
  else last = performance.now();
});

function pass() {
  const now = performance.now();
  active += Math.min(now - last, IDLE_MS);
  last = now;
}

// Keys

document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-opens]"), skip = event.target.closest('a[href="#skip"]');
  if (opens) document.getElementById(opens.dataset.opens).showModal();
  if (skip) { event.preventDefault(); reach(document.getElementById("skip")); }
  const last = event.target.closest("[data-last]");
  if (last && isWaiting()) {  // it can be changed once the server has it
    event.preventDefault();
    document.addEventListener("outbox:empty", () => location.assign(last.href), { once: true });
    flush();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.repeat || event.altKey || !theForm()) return;
  if (document.querySelector("dialog[open]")) return;
  const typing = event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
  if (event.ctrlKey || event.metaKey) {
    if (event.key === "Enter") { event.preventDefault(); theForm().requestSubmit(); }
  } else if (typing) {
    if (event.key === "Escape") typing.blur();
  } else {
    const goal = goalOf(event);
    if (goal) { event.preventDefault(); reach(goal); }
  }
});

function reach(goal) {
  if (goal.matches("details")) {
    goal.open = true;
    goal.querySelector("summary").focus();
  } else if (goal.matches("textarea, select")) goal.focus();
  else { goal.click(); if (goal.type === "radio") goal.focus({ preventScroll: true }); }
}

function start() {
  for (const time of document.querySelectorAll("time[data-local]")) tellHere(time);
  begin();
  lookBack();
  const { saveData, effectiveType = "" } = navigator.connection ?? {};
  const whenIdle = window.requestIdleCallback ?? setTimeout;
  if (!saveData && !effectiveType.includes("2g")) readied.then(() => whenIdle(drawAhead));
  addEventListener("online", drawAhead);
}

// After every script of the page, so that none of them misses the first task.
if (theForm()) document.addEventListener("DOMContentLoaded", start);
