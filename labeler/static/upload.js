/**
 * Loading a file with its way in view. The form is sent as it stands, by a request that tells how far it is; what comes
 * back is the page that the plain form leads to, and its main part is put in place of this one. The file stays chosen
 * until it is loaded, whatever goes wrong before.
 */

const MB = 2 ** 20, SLOW_MS = 10000;
const language = `${document.documentElement.lang || "en"}-u-nu-latn`;
const percent = new Intl.NumberFormat(language, { style: "percent" });
const decimal = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const theForm = () => document.querySelector("[data-upload]");
let request = null, isBusy = false, slow = 0, told = -1;

document.addEventListener("submit", (event) => {
  if (event.target !== theForm()) return;
  event.preventDefault();
  if (!isBusy) load(event.target);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-cancel]")) request?.abort();
});

addEventListener("beforeunload", (event) => { if (isBusy) event.preventDefault(); });

async function load(form) {
  const body = new FormData(form);
  turn(true);
  const fault = await unfit(form, body);
  if (fault) return stop(fault);
  request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (event) => show(event.loaded, event.total));
  request.upload.addEventListener("load", reading);
  request.addEventListener("load", () => arrive(request));
  request.addEventListener("error", () => stop("broken"));
  request.addEventListener("abort", () => stop("cancelled"));
  request.open("POST", form.action);
  request.send(body);
  show(0, body.get("file").size);
}

/** What would keep the file from being taken, found before it is sent; a form that was open for long gets its token. */
async function unfit(form, body) {
  const file = body.get("file");
  if (file.size > Number(form.dataset.most)) return "large";
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    form.elements.file.value = "";
    return "changed";
  }
  try {
    const reply = await fetch(form.dataset.session, { headers: { Accept: "application/json" } });
    if (reply.status === 401) return "signedOut";
    if (reply.ok) body.set("csrf_token", (await reply.json()).csrf_token);
  } catch {
    return "broken";
  }
  return "";
}

function show(part, whole) {
  const share = whole ? part / whole : 1;
  bar().value = share;
  clearTimeout(slow);
  slow = setTimeout(wait, SLOW_MS);
  // Read aloud with every tenth, and no more often.
  if (Math.floor(share * 10) === told) return;
  told = Math.floor(share * 10);
  say("sending", { share: percent.format(share), part: decimal.format(part / MB), whole: decimal.format(whole / MB) });
}

function wait() {
  told = -1;
  say("waiting");
}

/** From here on the server has it all: there is nothing to cancel. */
function reading() {
  clearTimeout(slow);
  bar().removeAttribute("value");
  theForm().querySelector("[data-cancel]").hidden = true;
  say("reading");
}

function arrive({ status, responseText, responseURL }) {
  const page = new DOMParser().parseFromString(responseText, "text/html");
  const main = page.querySelector("main"), file = theForm().elements.file;
  if (status === 200 && !page.querySelector("[data-upload]")) return leave(responseURL);
  // A page that only says what failed: the form stays, with all that is in it.
  if (!page.querySelector("[data-upload]")) return stop("", [...page.querySelectorAll("main h1, main p")]);
  turn(false);
  document.title = page.title;
  document.querySelector("main").replaceWith(document.adoptNode(main));
  if (status >= 400) theForm().elements.file.files = file.files;
  scrollTo(0, 0);
  main.focus();
}

function leave(address) {
  isBusy = false;
  location.assign(address);
}

function stop(name, words = []) {
  turn(false);
  if (name) say(name);
  else tell(words.map((one) => one.textContent.trim()).filter(Boolean).join(" "));
}

function turn(busy) {
  isBusy = busy;
  told = -1;
  clearTimeout(slow);
  const form = theForm();
  form.querySelector("[type=submit]").setAttribute("aria-disabled", String(busy));
  form.querySelector("[data-way]").hidden = !busy;
  form.querySelector("[data-cancel]").hidden = false;
  if (busy) tell("");
}

function say(name, values = {}) {
  tell(theForm().querySelector("[data-told]").dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]));
}

function tell(words) {
  theForm().querySelector("[data-told]").textContent = words;
}

function bar() {
  return theForm().querySelector("progress");
}
