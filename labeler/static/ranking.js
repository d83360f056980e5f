/**
 * Ranking: rows are dragged by their handle, by mouse or finger, or moved by keys. The selects say what is sent;
 * the page is whole without this file. It listens on the document: a task may come later than the script.
 */

let taken = null; // { row, pointer, list, before } while a row is in somebody's hand

const listOf = (part) => part.closest("[data-ranks]");
const place = (row) => row.querySelector("select");
const rows = (list) => [...list.children];

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-rank] select")) sort(listOf(target));
  else if (target.matches("[data-none]") && target.checked) {
    for (const row of rows(target.closest("[data-ranking]").querySelector("[data-ranks]"))) set(row, "");
  }
});

document.addEventListener("task", () => document.querySelectorAll("[data-ranks]").forEach(sort));

document.addEventListener("click", ({ target }) => {
  const keep = target.closest("[data-keep-order]");
  if (keep) write(keep.closest("[data-ranking]").querySelector("[data-ranks]"));
});

document.addEventListener("keydown", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  if (!grip || taken?.pointer != null && event.key !== "Escape" || event.altKey || event.ctrlKey || event.metaKey) return;
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (event.key === " " || event.key === "Enter") taken ? put() : take(grip.closest("[data-rank]"));
  else if (taken && step) move(rows(taken.list).indexOf(taken.row) + step);
  else if (taken && event.key === "Escape") back();
  else return;
  event.preventDefault();
  event.stopPropagation();
  grip.focus();
});

document.addEventListener("focusout", ({ target }) => {
  // Moving a row takes the focus from its handle for a moment; when it goes elsewhere, the row is put down.
  if (taken && target.matches("[data-grip]")) setTimeout(() => taken && !taken.row.contains(document.activeElement) && put());
});

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  if (!grip || event.button) return;
  event.preventDefault(); // neither text is selected nor the page scrolled: only the handle drags
  grip.focus();
  if (taken) put();
  take(grip.closest("[data-rank]"), event.pointerId);
});

document.addEventListener("pointermove", (event) => {
  if (taken?.pointer !== event.pointerId) return;
  const others = rows(taken.list).filter((row) => row !== taken.row);
  move(others.filter((row) => { const box = row.getBoundingClientRect(); return box.top + box.height / 2 < event.clientY; }).length);
});

document.addEventListener("pointerup", ({ pointerId }) => { if (taken?.pointer === pointerId) put(); });
document.addEventListener("pointercancel", ({ pointerId }) => { if (taken?.pointer === pointerId) back(); });

function take(row, pointer = null) {
  taken = { row, pointer, list: listOf(row), before: rows(listOf(row)) };
  row.dataset.taken = "";
  say("taken");
}

function move(to) {
  const others = rows(taken.list).filter((row) => row !== taken.row);
  const at = Math.max(0, Math.min(to, others.length));
  if (rows(taken.list)[at] === taken.row) return;
  const grip = taken.row.querySelector("[data-grip]");
  const held = document.activeElement === grip;
  taken.list.insertBefore(taken.row, others[at] ?? null);
  if (held) grip.focus();
  say("moved");
}

function put() {
  const { row, list, before } = taken;
  say("put");
  release(row);
  if (rows(list).some((each, at) => each !== before[at])) write(list);
}

function back() {
  taken.list.append(...taken.before);
  say("back");
  release(taken.row);
}

function release(row) {
  delete row.dataset.taken;
  taken = null;
}

/** Write the order as it stands into the selects. */
function write(list) {
  const none = list.closest("[data-ranking]").querySelector("[data-none]");
  if (none) none.checked = false;
  rows(list).forEach((row, at) => set(row, String(at + 1)));
}

function set(row, value) {
  place(row).value = value;
  place(row).dispatchEvent(new Event("input", { bubbles: true }));
  place(row).dispatchEvent(new Event("change", { bubbles: true }));
}

/** Show the rows in the order that the selects say; rows without a place stay below, as they are. */
function sort(list) {
  const focus = document.activeElement;
  const at = (row) => Number(place(row).value) || Infinity;
  const sorted = rows(list).sort((one, other) => (at(one) === at(other) ? 0 : at(one) - at(other)));
  if (sorted.some((row, number) => row !== list.children[number])) {
    list.append(...sorted);
    if (list.contains(focus)) focus.focus();
  }
}

function say(what) {
  const said = taken.list.closest("[data-ranking]").querySelector("[data-ranks-said]");
  const all = rows(taken.list);
  const words = { letter: taken.row.dataset.rank, place: all.indexOf(taken.row) + 1, places: all.length };
  said.textContent = said.dataset[what].replace(/\{(\w+)\}/g, (_, name) => words[name]);
}
