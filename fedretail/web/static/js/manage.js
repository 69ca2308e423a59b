// The back office: the link's token, files that are dropped, fields that save themselves.
"use strict";

// The token stands behind the #, which no server sees. It is taken out of the address at once, so
// that it stays in no history, and exchanged for a cookie.
function signIn() {
  const form = document.getElementById("sign-in");
  const token = location.hash.slice(1);
  if (!form || !token) return;
  history.replaceState(null, "", location.pathname + location.search);
  form.elements.token.value = token;
  const opening = document.querySelector(".opening");
  if (opening) opening.hidden = false;
  form.submit();
}

signIn();
// A link that is opened in a tab which shows this page already only changes what is behind the #.
addEventListener("hashchange", signIn);

// While a long file is read, the page that waits for it shows how far that is.
function watch(address, bar) {
  setInterval(async () => {
    const answer = await fetch(address).catch(() => null);
    if (answer && answer.ok) bar.value = (await answer.json()).read;
  }, 500);
}

function go({ next, progress }, bar) {
  if (progress) watch(progress, bar);
  location.assign(next);
}

for (const dock of document.querySelectorAll("[data-progress]")) {
  const waiting = dock.querySelector(".waiting");
  (dock.closest("form") || dock).addEventListener("submit", (event) => {
    if (!event.submitter || !event.submitter.classList.contains("filled")) return;
    waiting.hidden = false;
    watch(dock.dataset.progress, waiting.querySelector("progress"));
  });
}

// A file goes to this computer's own daemon as it is, piece by piece.
function send(drop, file) {
  const fault = drop.querySelector("[role=alert]");
  const sending = drop.querySelector(".sending");
  const bar = drop.querySelector("progress");
  const site = drop.querySelector("select");
  const fail = (text) => {
    fault.textContent = text;
    fault.hidden = false;
    sending.hidden = bar.hidden = true;
  };
  fault.hidden = true;
  sending.hidden = bar.hidden = false;
  const request = new XMLHttpRequest();
  request.open("POST", drop.dataset.upload);
  request.setRequestHeader("content-type", "application/octet-stream");
  request.setRequestHeader("x-form", document.body.dataset.form);
  request.setRequestHeader("x-name", encodeURIComponent(file.name));
  if (site) request.setRequestHeader("x-site", site.value);
  request.upload.onprogress = (event) => { bar.value = event.loaded / (event.total || 1); };
  request.onload = () => {
    if (request.status === 200) go(JSON.parse(request.responseText), bar);
    else fail(request.status === 413 ? drop.dataset.large : drop.dataset.failed);
  };
  request.onerror = () => fail(drop.dataset.failed);
  request.send(file);
}

for (const drop of document.querySelectorAll(".drop")) {
  const field = drop.querySelector("input[type=file]");
  field.addEventListener("change", () => { if (field.files[0]) send(drop, field.files[0]); });
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files[0]) send(drop, event.dataTransfer.files[0]);
  });
}
// A file that misses its place does not replace the page.
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => event.preventDefault());

// Fields of a row save themselves when they are left; what came of it stands beside them.
for (const form of document.querySelectorAll("form[data-save]")) {
  const status = document.querySelector(`[data-status="${form.id}"]`);
  for (const field of form.elements) {
    if (!field.dataset.deed) continue;
    let failed = false, touched = false;
    const tell = (mark, text) => {
      failed = mark === "bad";
      field.classList.toggle("fault", failed);
      field.setAttribute("aria-invalid", String(failed));
      status.className = `saved ${mark}`;
      status.textContent = text;
    };
    const save = async () => {
      touched = false;
      const said = new URLSearchParams(new FormData(form));
      said.set("deed", field.dataset.deed);
      said.set("quiet", "1");
      // A word for the stock takes the place of the count, and the other way round.
      if (field.name === "level") said.set("count", "");
      const answer = await fetch(form.action, { method: "POST", body: said }).catch(() => null);
      // What was typed stays, where nobody answers who could keep it.
      if (!answer) { tell("bad", status.dataset.silent); return; }
      if (!answer.ok) { location.reload(); return; }
      const { mark, said: text, now } = await answer.json();
      for (const name in now) form.elements[`was-${name}`].value = now[name];
      if (field.name === "level") form.elements.count.value = "";
      tell(mark, text);
    };
    field.addEventListener("change", save);
    // The same entered once more is no change to a browser, but meant where it was not saved.
    field.addEventListener("input", () => { touched = true; });
    const again = () => { if (failed && touched) save(); };
    field.addEventListener("blur", again);
    form.addEventListener("submit", again);
  }
  // Enter has changed the field already, which saves it; "Save" and "Still right" are sent as a form.
  form.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.hidden) event.preventDefault();
  });
}
// A second press sends nothing twice; what was stopped, or come back to, may be sent again.
const AGAIN_MS = 5000;
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, AGAIN_MS);
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
for (const button of document.querySelectorAll(".no-script")) button.hidden = true;
// Back and reload ask for a page, and send no form a second time.
if (document.body.dataset.form) history.replaceState(null, "", location.href);
// What is wrong takes the focus, also where a browser does not do so by itself.
const summary = document.querySelector(".summary");
if (summary) summary.focus();
// What was told came with the page: no reader would say it of itself.
else document.querySelector(".told[tabindex]")?.focus({ preventScroll: true });
