/* A scanner is a keyboard that is faster than any hand: its digits stay in no field. */
import { $, show, stop } from "./pages.js";

const GAP_MS = 50, END_MS = 120;
let read = "", last = 0, field, before, end;

function code() {
	const { prefix, suffix } = $("#words").dataset; // what the shop has set its scanner to add
	let text = read.replace(/\u001d/g, "");
	if (text.startsWith(prefix)) text = text.slice(prefix.length);
	if (suffix && text.endsWith(suffix)) text = text.slice(0, -suffix.length);
	// "]E0" or the like says which sort of code, "01" before 14 digits that it is an article's
	return text.match(/^(?:\][A-Za-z]\d)?(?:01(?=\d{14}$))?(\d{8,14})$/)?.[1];
}

function done() {
	clearTimeout(end);
	const found = code();
	read = "";
	if (!found) return false;
	if (field) field.value = before;
	stop();
	dispatchEvent(new Event("scan"));
	const to = new URL($(".tabs a").href); // it carries language, light and size of letters on
	to.pathname = `/product/${found}`;
	show(to);
	return true;
}

document.addEventListener("keydown", (event) => {
	if (event.ctrlKey || event.altKey || event.metaKey) return;
	if (["Enter", "Tab"].includes(event.key)) {
		if (event.timeStamp - last <= GAP_MS && done()) { event.preventDefault(); event.stopImmediatePropagation(); }
		read = "";
		return;
	}
	if (event.key.length !== 1) return;
	if (event.timeStamp - last > GAP_MS) {
		read = "";
		field = event.target.closest("input");
		before = field?.value;
	}
	read += event.key;
	last = event.timeStamp;
	clearTimeout(end);
	end = setTimeout(done, END_MS);
}, true);
