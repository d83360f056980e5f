/**
 * The judging page's keys, draft and single send. The page is whole without this file.
 * Markup says what a key reaches: data-key="0 N" on a radio button, a field, a link, a button or a details.
 */

const form = document.getElementById("judgment");

// Storage may be refused or full. Then there is no draft, and nothing else changes.
const stored = {
  read: (name) => attempt(() => JSON.parse(localStorage.getItem(name))),
  write: (name, value) => attempt(() => localStorage.setItem(name, JSON.stringify(value))),
  drop: (name) => attempt(() => localStorage.removeItem(name)),
};

function attempt(action) {
  try { return action(); } catch { return null; }
}

for (const receipt of document.querySelectorAll("[data-received]")) {
  stored.drop(`draft:${receipt.dataset.received}`);
}

if (form) {
  keepDraft(`draft:${form.dataset.draft}`);
  sendOnce();
  listen(`keys:${form.dataset.draft.split(":")[0]}`);
  for (const time of document.querySelectorAll("time[data-local]")) tellHere(time);
}

function keepDraft(name) {
  const reason = form.elements.reason;
  let changed = false;
  const keep = () => changed && stored.write(name, { choice: form.elements.choice.value, reason: reason?.value });
  const draft = stored.read(name);
  if (draft) {
    for (const radio of form.elements.choice) radio.checked ||= radio.value === draft.choice;
    if (reason && draft.reason) reason.value = draft.reason;
    const note = document.querySelector("[data-restored]");
    if (note) note.textContent = note.dataset.restored;
  }
  for (const field of form.elements) {
    field.addEventListener("input", () => { changed = true; keep(); });
  }
  addEventListener("pagehide", keep);
  document.querySelector("#skip form")?.addEventListener("submit", () => { changed = false; stored.drop(name); });
}

function sendOnce() {
  const send = form.querySelector("[type=submit]");
  let sending = false;
  const show = () => send.setAttribute("aria-disabled", String(sending || !form.elements.choice.value));
  const turn = (state) => { sending = state; show(); };
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => {
    if (sending) return event.preventDefault();
    turn(true);
    // A stopped or lost request leaves the page here: the same key makes a second try harmless.
    setTimeout(turn, 15000, false);
  });
  addEventListener("pageshow", () => turn(false));
  show();
}

function listen(name) {
  const list = document.getElementById("keylist");
  const single = document.getElementById("single-keys");
  single.checked = stored.read(name) !== "off";
  const announce = () => {
    for (const goal of document.querySelectorAll("[data-key]")) {
      if (single.checked) goal.setAttribute("aria-keyshortcuts", goal.dataset.key);
      else goal.removeAttribute("aria-keyshortcuts");
    }
  };
  single.addEventListener("change", () => { stored.write(name, single.checked ? "on" : "off"); announce(); });
  document.querySelector("[data-opens]").addEventListener("click", () => list.showModal());
  document.querySelector('a[href="#skip"]')?.addEventListener("click", (event) => {
    event.preventDefault();
    reach(document.getElementById("skip"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.repeat || event.altKey || list.open) return;
    const typing = event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select");
    if (event.ctrlKey || event.metaKey) {
      if (event.key === "Enter") { event.preventDefault(); form.requestSubmit(); }
    } else if (typing) {
      if (event.key === "Escape") typing.blur();
    } else if (single.checked) {
      const goal = document.querySelector(`[data-key~="${keyName(event)}"]`);
      if (goal) { event.preventDefault(); reach(goal); }
    }
  });
  announce();
}

/** Digits by their place, since many layouts shift them; letters as printed, or by their place in other scripts. */
function keyName({ key, code }) {
  const digit = code.match(/^(Digit|Numpad)(\d)$/);
  if (key === "?") return key;
  if (digit && key.length === 1) return digit[2];
  if (/^[a-z]$/i.test(key)) return key.toUpperCase();
  return /^Key[A-Z]$/.test(code) && key.length === 1 ? code[3] : "none";
}

function reach(goal) {
  if (goal.matches("details")) {
    goal.open = true;
    goal.querySelector("summary").focus();
  } else if (goal.matches("textarea, select")) goal.focus();
  else { goal.click(); if (goal.type === "radio") goal.focus({ preventScroll: true }); }
}

function tellHere(time) {
  const words = new Intl.DateTimeFormat(`${document.documentElement.lang}-u-nu-latn`, { dateStyle: "medium", timeStyle: "short" });
  time.textContent = words.format(new Date(time.dateTime));
}
