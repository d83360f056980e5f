/**
 * The form of a new project in steps: all of one form, one part in view, so that nothing typed is lost on the way.
 * Without this file the parts stand one below the other. What is wrong, here or where the form was sent, opens its part.
 * On other forms of an owner it only asks before they leave what they typed.
 */

const form = document.querySelector("[data-previewed]");
const parts = form.matches("[data-stepped]") ? [...form.querySelectorAll("[data-part]")] : [];
const links = [...document.querySelectorAll(".steps a")];
let at = 0, typed = false, isWrong = false;

if (parts.length) begin();
form.addEventListener("input", () => { typed = true; });
addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
document.querySelector("[data-leave]").addEventListener("click", () => { typed = false; });
form.addEventListener("submit", (event) => {
  // A preview comes back to where it was asked for.
  if (event.submitter?.name === "preview") form.action = form.action.split("#")[0] + (parts.length ? `#${parts[at].id}` : "");
  else if (parts.length && at < parts.length - 1) return event.preventDefault();
  typed = false;
});

function begin() {
  document.querySelector(".steps").classList.add("stepping");
  for (const turns of form.querySelectorAll("[data-turns]")) turns.hidden = false;
  form.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-go]");
    if (button) go(at + Number(button.dataset.go));
  });
  // The Enter key goes on, as it would send a form of one field.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input") || at === parts.length - 1) return;
    event.preventDefault();
    go(at + 1);
  });
  form.addEventListener("invalid", ({ target }) => {
    // The browser leads to the first of them.
    if (!isWrong) open(target);
    isWrong = true;
    setTimeout(() => { isWrong = false; });
  }, true);
  document.addEventListener("click", ({ target }) => {
    const link = target.closest('a[href^="#"]');
    if (link) setTimeout(follow, 0, link.hash);
  });
  addEventListener("hashchange", () => follow(location.hash));
  const fault = form.querySelector("[aria-invalid], .fault");
  show(partOf(fault ?? document.getElementById(location.hash.slice(1))));
}

/** Go to another part; forward only when what stands in this one will do. */
function go(number) {
  const wrong = number > at && [...parts[at].querySelectorAll("input, select, textarea")].find((field) => !field.checkValidity());
  if (wrong) return wrong.reportValidity();
  location.hash = parts[number].id;
  follow(location.hash);
}

/** Open what an address within the page names: a part, or a field in one. */
function follow(hash) {
  if (!hash) return show(0);
  const target = document.getElementById(decodeURIComponent(hash.slice(1)));
  if (!target || !form.contains(target)) return;
  open(target);
  target.focus();
  (target.matches("[data-part]") ? document.querySelector(".steps") : target).scrollIntoView({ block: "nearest" });
}

function open(target) {
  show(partOf(target));
  for (let inside = target.closest("details"); inside; inside = inside.parentElement.closest("details")) inside.open = true;
}

function partOf(target) {
  return Math.max(0, parts.findIndex((part) => part.contains(target)));
}

function show(number) {
  at = number;
  parts.forEach((part, place) => { part.hidden = place !== at; });
  links.forEach((link, place) => {
    if (place === at) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
  });
  form.querySelector(".wiz-end [type=submit]").hidden = at < parts.length - 1;
}
