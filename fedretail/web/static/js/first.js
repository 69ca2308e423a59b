// The first run: the shop as it will look while somebody types, and where this computer is.
"use strict";

const form = document.querySelector("form[data-look]");
const look = document.getElementById("look");
let timer = 0;
let asked = 0;

// What is typed is kept at once, and comes back as the shop's card.
async function show() {
  const number = ++asked;
  const said = new URLSearchParams(new FormData(form));
  said.set("deed", "look");
  said.delete("pasted");
  const answer = await fetch(form.action, { method: "POST", body: said }).catch(() => null);
  if (!answer || !answer.ok || number !== asked) return;
  look.innerHTML = await answer.text();
  const colour = look.firstElementChild.dataset.colour;
  document.body.className = document.body.className.replace(/\bc\d\b/, `c${colour}`);
}

form.addEventListener("input", (event) => {
  if (!event.target.name || event.target.name === "pasted") return;
  clearTimeout(timer);
  timer = setTimeout(show, 250);
});
// What is sent as a whole need not be kept apart before it.
form.addEventListener("submit", () => { clearTimeout(timer); asked += 1; });
for (const part of document.querySelectorAll(".js")) part.hidden = false;

const locate = document.getElementById("locate");
if (locate && navigator.geolocation) {
  const field = document.getElementById("position");
  const located = document.getElementById("located");
  locate.hidden = false;
  locate.addEventListener("click", () => {
    located.hidden = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        field.value = `${coords.latitude.toFixed(5)},${coords.longitude.toFixed(5)}`;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      },
      () => { located.textContent = locate.dataset.failed; located.hidden = false; },
      { timeout: 15000 },
    );
  });
}
