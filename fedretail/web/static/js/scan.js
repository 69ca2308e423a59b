/* A scanner is a keyboard that is faster than any hand: its digits never stay in a field. */
"use strict";
(() => {
	const GAP_MS = 50, END_MS = 120, LEAST = 8;
	let read = "", last = 0, field = null, before = "", end = 0;

	function code() {
		let text = read.replace(/^\][A-Za-z]\d/, "").replace(/\u001d/g, "");
		if (/^01\d{14}$/.test(text)) text = text.slice(2);
		return /^\d{8,14}$/.test(text) ? text : "";
	}

	function done() {
		clearTimeout(end);
		const found = read.length >= LEAST ? code() : "";
		read = "";
		if (!found) return false;
		if (field) field.value = before;
		window.fedretail.stop();
		dispatchEvent(new Event("scan"));
		window.fedretail.show(`/product/${found}${kept()}`);
		return true;
	}

	function kept() {
		const on = [...new URLSearchParams(location.search)].filter(([name]) => /^(lang|theme|text)$/.test(name));
		return on.length ? `?${new URLSearchParams(on)}` : "";
	}

	document.addEventListener("keydown", (event) => {
		if (event.ctrlKey || event.altKey || event.metaKey) return;
		if (event.key === "Enter" || event.key === "Tab") {
			if (event.timeStamp - last <= GAP_MS && done()) { event.preventDefault(); event.stopImmediatePropagation(); }
			read = "";
			return;
		}
		if (event.key.length !== 1) return;
		if (event.timeStamp - last > GAP_MS) {
			read = "";
			field = event.target.matches("input") ? event.target : null;
			before = field ? field.value : "";
		}
		read += event.key;
		last = event.timeStamp;
		clearTimeout(end);
		end = setTimeout(done, END_MS);
	}, true);
})();
