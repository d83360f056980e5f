/** What the owner's form comes to follows what is typed: the same page is asked for, and only that is taken of it. */

const form = document.querySelector("[data-previewed]");
let waiting, last;

form?.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 400); });

async function show() {
  last?.abort();
  last = new AbortController();
  const body = new FormData(form);
  body.set("preview", "1");
  try {
    const reply = await fetch(form.action, { method: "POST", body: new URLSearchParams(body), signal: last.signal });
    if (!reply.ok) return;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    for (const id of ["preview", "outline"]) {
      const made = page.getElementById(id);
      if (made) document.getElementById(id).replaceWith(document.adoptNode(made));
    }
  } catch { /* the preview stays as it is; the button shows it all the same */ }
}
