/**
 * Answers on their way: kept in this browser until the server has them, and sent one at a time, oldest first.
 * Each belongs to a person: it is sent while they are signed in here, and told of to nobody else.
 * One that the server refuses stays, and those behind it wait, until somebody has looked at it.
 */

const note = document.querySelector("[data-outbox]");
export const person = note?.dataset.person;
/** What the page is showing, if it shows tasks: an assignment's number, or "" when it waits for one. */
export const page = { showing: null };

const PATIENCE_MS = 20000, SHORTEST_MS = 2000, LONGEST_MS = 60000;
/** What may mean that somebody else is signed in, or nobody: 0 is a redirect, to the page for signing in. */
const DOUBTFUL = [0, 400, 401, 403, 404], NOT_NOW = [0, 401, 408, 425, 429];
let database = null, token = null, pause = 0, timer = 0, flushing = false, again = false;
let isSignedOut = false, sent = false;
/** This person's answers that are still here, oldest first, as they were last looked at. */
let known = [];

const opened = new Promise((resolve, reject) => {
  const request = indexedDB.open("outbox", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("answers", { keyPath: "id", autoIncrement: true });
  request.onsuccess = () => resolve(database = request.result);
  request.onerror = () => reject(request.error);
});

/** Say whether there is a place to keep answers in; `readied` waits until that is known. */
export const isReady = () => database !== null;
export const readied = opened.catch(() => null);  // without one, forms are sent as forms

// What is kept beside the answers: drafts and keys. Storage may be refused or full; then there are none.
export const stored = {
  read: (name) => attempt(() => JSON.parse(localStorage.getItem(name))),
  write: (name, value) => attempt(() => localStorage.setItem(name, JSON.stringify(value))),
  drop: (name) => attempt(() => localStorage.removeItem(name)),
  names: () => attempt(() => Object.keys(localStorage)) ?? [],
};

function attempt(action) {
  try { return action(); } catch { return null; }
}

/** Keep an answer: {url, body, assignment, active_ms, back: where to look if something came first}. Then it is on the disk. */
export async function put(answer) {
  // In the place of one that was refused, if it is to the same task: those behind that one wait for it.
  const before = known.find((one) => one.refused && one.assignment === answer.assignment);
  const whole = { ...answer, ...(before && { id: before.id }), person, at: Date.now(), refused: null };
  await transact("readwrite", (answers) => answers.put(whole));
  known = [...known.filter((one) => one !== before), whole];
  navigator.serviceWorker?.register("/sw.js").catch(() => {});  // for whoever reloads the page in a tunnel
}

/** Return this person's answers that are still here, oldest first. */
export async function kept() {
  if (!await readied) return [];
  const all = await transact("readonly", (answers) => answers.getAll());
  return known = all.filter((one) => one.person === person);
}

async function transact(mode, act) {
  const transaction = (await opened).transaction("answers", mode, { durability: "strict" });
  const request = act(transaction.objectStore("answers"));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** Send what waits. What fails for now is tried again by itself, after longer and longer pauses. */
export async function flush() {
  if (!isReady() || !person) return;
  clearTimeout(timer);
  if (flushing) { again = true; return; }
  flushing = true;
  const slow = setTimeout(tell, SHORTEST_MS);
  try {
    await alone(async () => { while (await sendOldest()); });
    pause = 0;
  } catch {
    pause = Math.min(LONGEST_MS, pause * 2 || SHORTEST_MS);
    timer = setTimeout(flush, pause * (0.5 + Math.random() / 2));
  }
  clearTimeout(slow);
  flushing = false;
  await tell();
  if (again) { again = false; flush(); }
  else if (!known.length) document.dispatchEvent(new Event("outbox:empty"));
}

// Several windows send one after another. Where there are no locks, the server tells what is the same.
const alone = (work) => navigator.locks ? navigator.locks.request(`outbox:${person}`, work) : work();

/** Return whether to go on with the next one; throws when this is to be tried again later. */
async function sendOldest() {
  const [answer, following] = await kept();
  if (!answer || answer.refused) return false;
  const query = new URLSearchParams({ active_ms: answer.active_ms });
  if (page.showing !== null) query.set("showing", following?.assignment ?? page.showing);
  const response = await post(`${answer.url}?${query}`, answer.body);
  isSignedOut = response === null;
  if (isSignedOut) return false;
  if (response.status >= 500 || NOT_NOW.includes(response.status)) throw new Error("not now");
  const reply = await response.json().catch(() => ({}));
  if (response.ok) {
    await transact("readwrite", (answers) => answers.delete(answer.id));
    sent = true;
    document.dispatchEvent(new CustomEvent("outbox:sent", { detail: reply }));
  } else {
    const refused = { status: response.status, words: reply.error?.message ?? "" };
    await transact("readwrite", (answers) => answers.put({ ...answer, refused }));
  }
  return response.ok;
}

/** Send fields as this person's; null when it is not they who are signed in. */
export async function post(url, fields, options = {}) {
  const others = fields.filter(([name]) => name !== "csrf_token");
  const send = () => ask(url, { method: "POST", body: new URLSearchParams([...others, ["csrf_token", tokenHere()]]), ...options });
  const response = await send();
  if (!DOUBTFUL.includes(response.status)) return response;
  return await whoIsHere() === person ? send() : null;
}

const ask = (url, options) => fetch(url, {
  headers: { Accept: "application/json" }, redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS), ...options,
});

/** Return this person if it is they who are signed in, with a new token for their forms; else null. */
async function whoIsHere() {
  const response = await ask(note.dataset.session);
  if (!response.ok && response.status !== 401) throw new Error("not now");
  const { person: who, csrf_token } = response.ok ? await response.json() : {};
  if (String(who) !== person) return null;
  token = csrf_token;
  for (const field of document.querySelectorAll("[name=csrf_token]")) field.value = token;
  return person;
}

const tokenHere = () => token ?? document.querySelector("[name=csrf_token]")?.value ?? "";

/** Say in words how things stand. */
async function tell() {
  const answers = await kept(), waiting = answers.length;
  const words = note.dataset, refused = answers.find((answer) => answer.refused);
  if (refused && refused.assignment !== page.showing) say("refused", words.refused, refused.refused.words, button(words.look, () => lookAt(refused)));
  else if (refused) say("");
  else if (waiting && isSignedOut) say("stopped", link(words.signIn, words.signInUrl));
  else if (waiting) say("waiting", words.waiting.replace("{n}", waiting));
  else say(sent ? "saved" : "", sent ? words.saved : "");
}

function say(state, ...parts) {
  const line = document.createElement("span");
  line.append(...parts.flatMap((part, n) => (n && part ? [" ", part] : [part])));
  if (state === note.dataset.state && state !== "saved" && line.textContent === note.textContent) return;
  note.dataset.state = state;
  note.replaceChildren(line);
}

function button(words, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: words, onclick: act });
  made.className = "btn";
  return made;
}

function link(words, url) {
  const back = new URLSearchParams({ next: location.pathname + location.search });
  return Object.assign(document.createElement("a"), { href: `${url}?${back}`, textContent: words });
}

/** Say whether there are answers that the server does not have yet, as far as is known. */
export const isWaiting = () => known.length > 0;

/** Return the answer that was refused, if there is one. */
export const refused = () => known.find((answer) => answer.refused);

/**
 * Lead to what was refused, filled in as it was: as a form, so that the server says what is wrong with it. It stays here
 * until the task has another answer, if it can have one.
 */
export async function lookAt({ id, url, body, assignment, back, refused: { status } }) {
  const name = `draft:${person}:${assignment}`;
  const fields = body.filter(([field]) => field !== "csrf_token");
  // Another answer is there already: this one is laid beside it, for whoever would rather have it.
  if (status === 409 && !back) stored.write(`${name}:change`, { fields: fields.filter(([field]) => field !== "key") });
  else stored.write(name, { fields });
  if (status !== 422) await transact("readwrite", (answers) => answers.delete(id));
  if (status === 409) return location.assign(back ?? `${url.replace(/\/skip$/, "")}/change`);
  const form = Object.assign(document.createElement("form"), { method: "post", action: url, hidden: true });
  for (const [field, value] of [...fields, ["csrf_token", tokenHere()]]) {
    form.append(Object.assign(document.createElement("textarea"), { name: field, value }));
  }
  document.body.append(form);
  form.submit();
}

if (note && person) {
  for (const { dataset: { received } } of document.querySelectorAll("[data-received]")) {
    stored.drop(`draft:${received}`);
    stored.drop(`draft:${received}:change`);
  }
  readied.then(tell).then(flush);
  addEventListener("online", flush);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && flush());
  addEventListener("pageshow", async (event) => {
    // The page comes out of memory: whoever left it may not be who is here now.
    if (event.persisted && await whoIsHere().catch(() => person) !== person) location.reload();
    else if (event.persisted) flush();
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-leaves]") && known.length && !confirm(note.dataset.leaving)) event.preventDefault();
  });
}
