/* The shop's own screen: wiped when nobody is there, with its own keyboard. */
import { $, on, reset, lines } from "./pages.js";

const IDLE_MS = 60_000, WITH_LIST_MS = 90_000, LEFT_S = 30;
const dialog = $("#idle"), left = $("[data-left]", dialog);
let idle, tick;

function wait(event) {
	clearTimeout(idle);
	clearInterval(tick);
	if (dialog.open) {
		// its click touches nothing under the dialog
		if (event.type === "pointerdown") return;
		event.preventDefault();
		event.stopPropagation();
		dialog.close();
	}
	idle = setTimeout(ask, lines.size ? WITH_LIST_MS : IDLE_MS);
}

function ask() {
	let seconds = left.textContent = LEFT_S;
	dialog.showModal();
	tick = setInterval(() => {
		left.textContent = --seconds;
		if (!seconds) { clearInterval(tick); reset(); }
	}, 1000);
}

for (const what of ["pointerdown", "click", "keydown", "scan"]) addEventListener(what, wait, true);
addEventListener("scroll", () => dialog.open || wait({}), true);
for (const what of ["contextmenu", "dragstart"]) on(what, (event) => event.preventDefault());
wait({});

const hide = () => { $("#keys").hidden = true; };

function press(key) {
	const to = document.activeElement.closest("input[type=search]") ?? $("#q");
	if (!to) return;
	to.focus();
	const at = to.selectionStart, until = to.selectionEnd;
	if (key === "Delete") to.setRangeText("", at === until ? Math.max(0, at - 1) : at, until, "end");
	else if (key === "Search") { hide(); return to.form.requestSubmit(); }
	else if (key === "Hide") return hide();
	else to.setRangeText(key, at, until, "end");
	to.dispatchEvent(new Event("input", { bubbles: true }));
}

on("pointerdown", (event) => event.target.closest("#keys") && event.preventDefault());
on("click", (event) => {
	const key = event.target.closest("[data-key]");
	if (key) press(key.dataset.key);
});
on("pointerup", (event) => {
	if (event.pointerType === "touch" && event.target.matches("input[type=search]")) $("#keys").hidden = false;
});
addEventListener("keydown", (event) => { if (!event.target.closest("#keys")) hide(); }, true);
