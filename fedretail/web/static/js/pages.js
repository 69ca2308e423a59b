/* Each page is a GET and works without this. The visitor's list stands in memory alone. */
const doc = document.documentElement;
const isKiosk = "kiosk" in doc.dataset;
const $ = (what, of = document) => of.querySelector(what);
const on = (what, how) => document.addEventListener(what, how);
const all = (what, of = document) => of.querySelectorAll(what);
const lines = new Map(), names = new Map(), gone = new Set(); // offer: how many, its name; sold no more
const PAUSE_MS = 120, LATE_MS = 300, RIPE_MS = 2000, AGAIN_S = 10;
let turn = 0, typing, asking, live, ripe;
doc.classList.add("has-js");

const tell = (text) => { $("#said").textContent = ""; setTimeout(() => { $("#said").textContent = text; }, 50); };

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

function asked(url) {
	const to = new URL(url, location);
	if (to.pathname === "/list") {
		to.searchParams.delete("o");
		for (const [offer, count] of lines) to.searchParams.append("o", `${offer}~${count}`);
	}
	return to;
}

function counted() {
	for (const one of all("[data-line]")) {
		const { line, lost } = one.dataset;
		lost ? one.textContent = names.get(line) ?? one.textContent : names.set(line, one.textContent);
		gone[lost ? "add" : "delete"](line);
	}
	let count = 0;
	for (const [offer, many] of lines) if (!gone.has(offer)) count += many;
	for (const one of all("[data-count]")) { one.textContent = count; one.hidden = !count; }
	if (isKiosk) for (const one of all("input[type=search]")) one.inputMode = "none";
}

// The shop's computer begins nothing in vain.
function stop() {
	clearTimeout(typing);
	asking?.abort();
	return ++turn;
}

const part = (name, seen = "") => ({ headers: { "fedretail-part": name, "fedretail-seen": seen } });

async function show(url, { typed, stay, step = "push" } = {}) {
	const mine = stop();
	asking = new AbortController();
	const late = setTimeout(() => { $("#bar").hidden = false; }, LATE_MS);
	try {
		const answer = await fetch(asked(url), { ...part(typed && $(".hd") ? "main" : ""), signal: asking.signal });
		const text = await answer.text();
		if (mine !== turn) return;
		const at = new URL(answer.url);
		if (at.pathname === "/list") at.searchParams.delete("o");
		if (step !== "none") history[step === "push" && !isKiosk ? "pushState" : "replaceState"](null, "", at);
		put(parsed(text), typed, stay);
	} catch {
		if (mine === turn) silent(url);
	} finally {
		clearTimeout(late);
		if (mine === turn) $("#bar").hidden = true;
	}
}

function put(page, typed, stay) {
	const field = $("#q"), next = page.documentElement;
	const parts = ["main", ".foot", ".tabs", "#words", ...(next.lang === doc.lang ? [] : ["#keys"])];
	document.title = page.title;
	document.body.classList.remove("silent");
	if ($(".foot", page)) {
		for (const name of ["lang", "data-theme", "data-text"]) {
			const value = next.getAttribute(name);
			value ? doc.setAttribute(name, value) : doc.removeAttribute(name);
		}
		document.body.className = page.body.className;
		$(".hd")?.remove();
		$("main").before(...all(".hd", page));
	}
	for (const what of parts) { const one = $(what, page); if (one) $(what).replaceWith(one); }
	counted();
	listen();
	if (typed) {
		const q = $("#q");
		if (q !== field) { q.value = field.value; q.focus(); q.setSelectionRange(9999, 9999); }
		return void tell($("h1").textContent);
	}
	if (!stay) scrollTo(0, 0);
	($("main [autofocus]") || $("main")).focus({ preventScroll: true });
	tell(document.title);
}

// Something has changed; perhaps on this page.
function listen() {
	if (!$("[data-seen]")) return void (live = live?.close());
	live ||= new EventSource("/live");
	live.onopen = live.onmessage = () => { ripe ||= setTimeout(look, RIPE_MS); };
}

async function look() {
	const shown = $("[data-seen]"), mine = turn;
	ripe = 0;
	if (!shown) return;
	const text = await fetch(location, part("news", shown.dataset.seen))
		.then((answer) => answer.status === 200 && answer.text(), () => "");
	if (!text || mine !== turn) return;
	if (text[0] === "<") return picture(shown, parsed(text));
	const link = $("[data-news]");
	link.textContent = text;
	link.hidden = false;
	tell(text);
}

// Pictures take the place of drawings.
function picture(shown, page) {
	const at = (one) => one.closest("a")?.href, next = [...all("main .pic", page)];
	for (const one of all("main .pic")) {
		const to = next.find((other) => at(other) === at(one));
		if (to && to.innerHTML !== one.innerHTML) one.replaceWith(to);
	}
	shown.dataset.seen = $("[data-seen]", page).dataset.seen;
}

function silent(url) {
	document.body.classList.add("silent");
	$("main").replaceChildren($("#silent").content.cloneNode(true));
	const out = $("[data-again]");
	let seconds = AGAIN_S;
	const tick = setInterval(() => {
		if (out.isConnected && --seconds) out.textContent = seconds;
		else { clearInterval(tick); if (!seconds) show(url); }
	}, 1000);
	$("[data-retry]").onclick = () => show(url);
}

const of = (form) => {
	const to = new URL(form.action);
	to.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
	return to;
};

on("input", (event) => {
	const field = event.target;
	if (field.id !== "q") return;
	stop();
	typing = setTimeout(() => {
		const text = field.value.trim();
		// no barcode in the making, nor a letter that begins a thousand words
		if (/^(\d{3,}|[!-\u02ff])$/.test(text)) return;
		const to = of(field.form), was = new URLSearchParams(location.search);
		if (text) to.searchParams.set("begun", 1);
		show(to, { typed: true, step: was.get("q") || !text ? "replace" : "push" });
	}, PAUSE_MS);
});

on("submit", (event) => {
	const form = event.target;
	if (form.method !== "get") return;
	event.preventDefault();
	const offer = event.submitter?.dataset.add;
	if (!offer) return void show(of(form));
	const many = Math.min(99, (lines.get(offer) || 0) + +($("[data-number]", form)?.textContent ?? 1));
	lines.set(offer, many);
	names.set(offer, $("h1").textContent);
	counted();
	tell(`${$("#words").dataset.added}: ${many}`);
});

on("click", (event) => {
	const to = event.target.closest("a[href], button");
	if (!to || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
	const { step, remove, print, set } = to.dataset;
	if (step) {
		const out = $("[data-number]", to.parentElement);
		out.textContent = Math.min(99, Math.max(1, +out.textContent + +step));
	} else if (remove) {
		lines.delete(remove);
		show("/list" + location.search, { step: "replace" });
	} else if (print !== undefined) {
		window.print();
	} else if (to.href) {
		const url = new URL(to.href), said = url.searchParams.get(set);
		if (url.origin !== location.origin || url.pathname.startsWith("/manage") || url.hash) return;
		event.preventDefault();
		if ("reset" in to.dataset) return reset();
		if (set) {
			url.href = location;
			said ? url.searchParams.set(set, said) : url.searchParams.delete(set);
		}
		show(url, { step: set || "same" in to.dataset ? "replace" : "push", stay: "news" in to.dataset });
	}
});

function reset() {
	lines.clear();
	location.replace("/");
}

const STOPS = ".over, .ct, .ow, .rows h3 a, .nr a, .stop li a";
const WAYS = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };
function move(event, x, y) {
	const here = document.activeElement.getBoundingClientRect();
	let best, least = 1e9;
	for (const one of all(STOPS)) {
		const box = one.getBoundingClientRect();
		const dx = box.x - here.x + (box.width - here.width) / 2, dy = box.y - here.y + (box.height - here.height) / 2;
		const along = x * dx + y * dy, far = along + 2 * Math.abs(x * dy + y * dx);
		if (along > 4 && far < least) { best = one; least = far; }
	}
	if (best) { event.preventDefault(); best.focus(); }
}

on("keydown", (event) => {
	if (event.ctrlKey || event.altKey || event.metaKey || $("dialog[open]")) return;
	const field = event.target.matches("input"), q = $("#q");
	if (event.key === "/" && !field && q) { event.preventDefault(); q.focus(); q.select(); }
	else if (event.key === "Escape") {
		if (field && event.target.value) { event.target.value = ""; event.target.dispatchEvent(new Event("input", { bubbles: true })); }
		else if (!isKiosk) history.back();
		else show($(".back")?.href ?? "/");
	}
	else if (event.key in WAYS && (!field || WAYS[event.key][1])) move(event, ...WAYS[event.key]);
});

addEventListener("popstate", () => show(location, { step: "none" }));
for (const one of new URLSearchParams(location.search).getAll("o")) {
	const [offer, count] = one.split(/~(?=\d\d?$)/);
	lines.set(offer, +count || 1);
}
counted();
listen();

export { $, on, show, reset, lines, stop };
