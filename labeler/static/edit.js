/**
 * Improving the better answer: only the one that is chosen can be opened, and only what is open is sent.
 * Without this file every answer can be opened, and what was left as it was does not count.
 */

document.addEventListener("change", show);
document.addEventListener("toggle", show, true);
document.addEventListener("task", () => {
  for (const area of document.querySelectorAll("[data-edit] textarea")) {
    if (area.value !== area.defaultValue) area.closest("[data-edit]").open = true; // a draft
  }
  show();
});
show();

function show() {
  for (const edits of document.querySelectorAll("[data-edits]")) {
    const better = chosen();
    edits.querySelector("[data-choose-first]").hidden = Boolean(better);
    for (const one of edits.querySelectorAll("[data-edit]")) {
      one.hidden = one.dataset.edit !== better;
      one.querySelector("textarea").disabled = one.hidden || !one.open;
    }
  }
}

/** The letter of the answer that is better by itself, if there is one. */
function chosen() {
  const step = document.querySelector("[name=choice]:checked")?.closest("[data-side]");
  if (step) return step.dataset.side.toUpperCase();
  const first = [...document.querySelectorAll("[data-rank]")].filter((row) => row.querySelector("select").value);
  const places = first.map((row) => Number(row.querySelector("select").value));
  const best = first.filter((_, at) => places[at] === Math.min(...places));
  return best.length === 1 ? best[0].dataset.rank : null;
}
