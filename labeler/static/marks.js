/**
 * Marking passages: what is selected in an answer goes into the next empty row of the form.
 * The server finds it in the source, by its letters and by how often they stand before it.
 */

const letters = (text) => text.replace(/[^\p{L}\p{M}\p{N}]/gu, "");
const BLOCKS = "p, li, td, th, h1, h2, h3, h4, h5, h6, pre, blockquote";
const drawn = globalThis.Highlight && new Highlight();
if (drawn) CSS.highlights.set("marked", drawn);
let picked = null; // the range that would be marked

document.addEventListener("selectionchange", look);
document.addEventListener("pointerdown", (event) => {
  if (!picked || !event.target.closest("[data-pick]")) return;
  event.preventDefault(); // a finger on the button would take the selection away
  mark();
});
document.addEventListener("click", (event) => {
  if (picked && event.target.closest("[data-pick]")) mark();
  const row = event.target.closest("[data-unmark]")?.closest("[data-mark]");
  if (row) { clear(row); row.open = false; row.querySelector("summary").focus(); }
});
document.addEventListener("focusin", ({ target }) => {
  if (target.matches(".answer .prose")) target.setAttribute("aria-describedby", "marks-keys");
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches(".answer .prose") || event.ctrlKey || event.altKey || event.metaKey) return;
  const way = { ArrowRight: "forward", ArrowLeft: "backward" }[event.key];
  if (way) take(event.target, way, event.shiftKey);
  else if (event.key === "Enter" && picked) mark();
  else return;
  event.preventDefault();
  event.stopPropagation();
});
document.addEventListener("task", begin);
document.addEventListener("draft", ({ detail: fields }) => {
  const most = Math.max(...fields.map(([name]) => Number(/^marks\.(\d+)\./.exec(name)?.[1] ?? -1)));
  while (document.querySelector("[data-mark]") && allRows().length <= most) addRow();
});

function begin() {
  drawn?.clear();
  look();
  if (!document.querySelector("[data-marks]")) return;
  for (const prose of document.querySelectorAll(".answer .prose")) prose.tabIndex = 0;
}

/** Select the next or the last word, or stretch what is selected by one. */
function take(prose, way, more) {
  const selection = getSelection();
  if (!prose.contains(selection.focusNode)) selection.collapse(prose, way === "forward" ? 0 : prose.childNodes.length);
  else if (!more) way === "forward" ? selection.collapseToEnd() : selection.collapseToStart();
  const before = selection.getRangeAt(0).cloneRange();
  for (let tries = 0; tries < 5; tries += 1) {
    selection.modify("extend", way, "word");
    if (more || letters(String(selection))) break; // what has no letters cannot be marked
  }
  if (!prose.contains(selection.focusNode)) { selection.removeAllRanges(); selection.addRange(before); }
  else if (!more && way === "forward") fromLetter(selection);
  look();
  if (picked) say("taken", { quote: String(picked) });
}

/** Leave out the comma and the space that stand before a word. */
function fromLetter(selection) {
  const { startContainer: node, startOffset, endContainer, endOffset } = selection.getRangeAt(0);
  let at = startOffset;
  while (node.data && at < node.length && !letters(node.data.slice(at, at + 1))) at += 1;
  if (node.data && at < node.length) selection.setBaseAndExtent(node, at, endContainer, endOffset);
}

/** See whether a passage of one answer is selected; one that reaches beyond its paragraph ends with it. */
function look() {
  const selection = getSelection();
  const range = selection.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0).cloneRange() : null;
  const start = range && element(range.startContainer);
  const prose = start?.closest(".answer .prose");
  if (prose) {
    const block = start.closest(BLOCKS) ?? prose;
    if (!block.contains(range.endContainer)) range.setEnd(block, block.childNodes.length);
  }
  const one = prose && document.querySelector("[data-marks]") && letters(String(range)) ? range : null;
  picked = one;
  const button = document.querySelector("[data-pick]");
  if (button) button.hidden = !one;
}

const element = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement);

function mark() {
  const prose = element(picked.startContainer).closest(".prose");
  const row = emptyRow();
  const values = {
    quote: String(picked).trim(), place: prose.closest("[data-letter]").dataset.letter, nth: nth(prose), start: "", end: "",
  };
  for (const [cell, value] of Object.entries(values)) set(row, cell, value);
  drawn?.add(picked.cloneRange());
  say("marked", { letter: values.place, quote: values.quote });
  getSelection().removeAllRanges();
  picked = null;
  document.querySelector("[data-pick]").hidden = true;
  row.open = true;
  field(row, "type").focus();
}

/** Which of the passages of these letters this one is. */
function nth(prose) {
  const head = document.createRange();
  head.setStart(prose, 0);
  head.setEnd(picked.startContainer, picked.startOffset);
  const [whole, wanted, before] = [prose.textContent, String(picked), String(head)].map(letters);
  let number = 0;
  for (let at = whole.indexOf(wanted); at >= 0 && at <= before.length; at = whole.indexOf(wanted, at + 1)) number += 1;
  return String(Math.max(1, number));
}

const field = (row, cell) => row.querySelector(`[name$=".${cell}"]`);

function set(row, cell, value) {
  const found = field(row, cell);
  if (!found) return;
  found.value = value;
  found.dispatchEvent(new Event("input", { bubbles: true }));
  found.dispatchEvent(new Event("change", { bubbles: true }));
}

function clear(row) {
  for (const cell of ["quote", "nth", "start", "end", "comment"]) set(row, cell, "");
}

const allRows = () => [...document.querySelectorAll("[data-mark]")];

/** The first row without a passage, or one more. */
const emptyRow = () => allRows().find((row) => !field(row, "quote").value) ?? addRow();

/** Add a row like the last. */
function addRow() {
  const last = allRows().at(-1);
  const n = Number(last.dataset.mark);
  const next = last.cloneNode(true);
  next.dataset.mark = n + 1;
  for (const part of next.querySelectorAll("[name], [id], [for], [aria-describedby]")) {
    for (const name of ["name", "id", "for", "aria-describedby"]) {
      if (part.hasAttribute(name)) part.setAttribute(name, part.getAttribute(name).replaceAll(`marks.${n}.`, `marks.${n + 1}.`));
    }
  }
  for (const words of next.querySelectorAll("summary, legend")) words.textContent = words.textContent.replace(String(n + 1), n + 2);
  last.after(next);
  clear(next);
  return next;
}

function say(what, words) {
  const said = document.querySelector("[data-marks-said]");
  if (said) said.textContent = said.dataset[what].replace(/\{(\w+)\}/g, (_, name) => words[name]);
}

begin();
