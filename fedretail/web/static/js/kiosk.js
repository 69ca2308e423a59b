/* The shop's own screen: wiped when nobody is there, with a keyboard of its own. */
"use strict";
(() => {
	const IDLE_MS = 60_000, WITH_LIST_MS = 90_000, LEFT_S = 30;
	const { reset, lines } = window.fedretail;
	const dialog = document.querySelector("#idle"), left = dialog.querySelector("[data-left]");
	let idle = 0, tick = 0;

	function wait(event) {
		clearTimeout(idle);
		clearInterval(tick);
		if (dialog.open) {
			// its click ends here: nothing under the dialog is touched
			if (event.type === "pointerdown") return;
			event.preventDefault();
			event.stopPropagation();
			dialog.close();
		}
		idle = setTimeout(ask, lines.size ? WITH_LIST_MS : IDLE_MS);
	}

	function ask() {
		let seconds = LEFT_S;
		left.textContent = seconds;
		dialog.showModal();
		tick = setInterval(() => {
			left.textContent = --seconds;
			if (seconds <= 0) { clearInterval(tick); reset(); }
		}, 1000);
	}

	for (const what of ["pointerdown", "click", "keydown", "scan"]) addEventListener(what, wait, true);
	addEventListener("scroll", () => dialog.open || wait({}), true);
	for (const what of ["contextmenu", "dragstart"]) addEventListener(what, (event) => event.preventDefault());
	wait({});

	const keys = document.querySelector("#keys");
	const ROWS = {
		de: ["1234567890ß", "qwertzuiopü", "asdfghjklöä", "yxcvbnm,.-"],
		en: ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm,.-"],
	};
	let drawn = "";

	const field = () => document.activeElement.matches("input[type=search]") ? document.activeElement : document.querySelector("#q");

	function press(key) {
		const to = field();
		if (!to) return;
		to.focus();
		const at = to.selectionStart, until = to.selectionEnd;
		if (key === "Delete") to.setRangeText("", at === until ? Math.max(0, at - 1) : at, until, "end");
		else if (key === "Search") { hide(); return to.form.requestSubmit(); }
		else if (key === "Hide") return hide();
		else to.setRangeText(key, at, until, "end");
		to.dispatchEvent(new Event("input", { bubbles: true }));
	}

	function button(key, text, kind) {
		const one = document.createElement("button");
		one.type = "button";
		one.className = `btn key ${kind}`;
		one.textContent = text;
		one.dataset.key = key;
		return one;
	}

	function rowOf(...all) {
		const row = document.createElement("div");
		row.className = "keyrow";
		row.append(...all);
		return row;
	}

	function draw(language) {
		const words = document.querySelector("#words").dataset;
		drawn = language;
		keys.replaceChildren(...ROWS[language].map((row, number) => {
			const more = number === 3 ? [button("Delete", words.delete, "wide")] : [];
			return rowOf(...[...row].map((one) => button(one, one, "")), ...more);
		}));
		keys.append(rowOf(button("Hide", words.hide, "wide"), button(" ", words.space, "space"), button("Search", words.search, "wide p")));
	}

	const hide = () => { keys.hidden = true; };

	keys.addEventListener("pointerdown", (event) => event.preventDefault());
	keys.addEventListener("click", (event) => {
		const key = event.target.closest("[data-key]");
		if (key) press(key.dataset.key);
	});
	addEventListener("pointerup", (event) => {
		if (event.pointerType !== "touch" || !event.target.matches("input[type=search]")) return;
		const language = document.documentElement.lang in ROWS ? document.documentElement.lang : "en";
		if (language !== drawn) draw(language);
		keys.hidden = false;
	});
	addEventListener("keydown", (event) => { if (!event.target.closest("#keys")) hide(); }, true);
})();
