/* Pages change without being loaded anew: the visitor's list stands in memory and nowhere else.
   Each page is a GET and works without it. */
"use strict";
window.fedretail = (() => {
	const doc = document.documentElement;
	const isKiosk = "kiosk" in doc.dataset;
	const $ = (what, of = document) => of.querySelector(what);
	const on = (what, how) => document.addEventListener(what, how);
	const all = (what) => document.querySelectorAll(what);
	const words = $("#words").dataset;
	const lines = new Map(); // offer: how many
	const PAUSE_MS = 120, LATE_MS = 300, AGAIN_S = 10;
	let turn = 0, typing = 0;
	doc.classList.add("has-js");

	const tell = (text) => { const said = $("#said"); said.textContent = ""; setTimeout(() => { said.textContent = text; }, 50); };

	function asked(url) {
		const to = new URL(url, location.href);
		if (to.pathname === "/list") {
			to.searchParams.delete("o");
			for (const [offer, count] of lines) to.searchParams.append("o", `${offer}~${count}`);
		}
		return to;
	}

	function counted() {
		const count = [...lines.values()].reduce((sum, one) => sum + one, 0);
		for (const one of all("[data-count]")) { one.textContent = count; one.hidden = !count; }
		if (isKiosk) for (const one of all("input[type=search]")) one.inputMode = "none";
	}

	async function show(url, { live = false, step = "push" } = {}) {
		const mine = ++turn;
		clearTimeout(typing);
		const late = setTimeout(() => { $("#bar").hidden = false; }, LATE_MS);
		try {
			const answer = await fetch(asked(url));
			const text = await answer.text();
			if (mine !== turn) return;
			const at = new URL(answer.url);
			if (at.pathname === "/list") at.searchParams.delete("o");
			if (step === "push" && !isKiosk) history.pushState(null, "", at);
			else if (step !== "none") history.replaceState(null, "", at);
			put(new DOMParser().parseFromString(text, "text/html"), live);
		} catch {
			if (mine === turn) silent(url);
		} finally {
			clearTimeout(late);
			if (mine === turn) $("#bar").hidden = true;
		}
	}

	function put(page, live) {
		const typed = $("#q");
		const keep = live && typed && $(".hd") && $(".hd", page);
		for (const name of ["lang", "data-theme", "data-text"]) {
			const value = page.documentElement.getAttribute(name);
			value === null ? doc.removeAttribute(name) : doc.setAttribute(name, value);
		}
		document.title = page.title;
		document.body.className = page.body.className;
		if (!keep) {
			$(".hd")?.remove();
			$("main").before(...[$(".hd", page)].filter(Boolean));
		}
		for (const what of ["main", ".foot", ".tabs", "#words"]) $(what).replaceWith($(what, page));
		counted();
		if (live) {
			const q = $("#q");
			if (!keep) { q.value = typed.value; q.focus(); q.setSelectionRange(99999, 99999); }
			tell($("h1").textContent);
			return;
		}
		scrollTo(0, 0);
		const first = $("main [autofocus]") || $("main");
		$("main").tabIndex = -1;
		first.focus({ preventScroll: true });
		tell(document.title);
	}

	function silent(url) {
		const main = $("main");
		document.body.classList.add("silent");
		main.replaceChildren($("#silent").content.cloneNode(true));
		const out = $("[data-again]", main), again = () => { clearInterval(tick); show(url); };
		let seconds = AGAIN_S;
		const tick = setInterval(() => {
			if (!out.isConnected) clearInterval(tick);
			else if (--seconds < 1) again();
			out.textContent = seconds;
		}, 1000);
		out.textContent = seconds;
		$("[data-retry]", main).addEventListener("click", again);
	}

	const of = (form) => {
		const to = new URL(form.getAttribute("action") || location.pathname, location.href);
		to.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value)).toString();
		return to;
	};

	on("input", (event) => {
		const field = event.target;
		if (field.id !== "q") return;
		clearTimeout(typing);
		turn++; // what is on its way is dropped
		typing = setTimeout(() => {
			const text = field.value.trim();
			if (/^\d{3,}$/.test(text)) return; // a barcode in the making is never searched as words
			const to = of(field.form);
			const was = new URLSearchParams(location.search);
			show(to, { live: true, step: was.get("q") || !text ? "replace" : "push" });
		}, PAUSE_MS);
	});

	on("submit", (event) => {
		const form = event.target;
		if (form.method !== "get") return;
		event.preventDefault();
		const offer = event.submitter?.dataset.add;
		if (!offer) return void show(of(form));
		const more = +($("[data-number]", form)?.textContent ?? 1);
		lines.set(offer, Math.min(99, (lines.get(offer) || 0) + more));
		counted();
		tell(`${words.added}: ${lines.get(offer)}`);
	});

	on("click", (event) => {
		const to = event.target.closest("a[href], button");
		if (!to || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
		const { step, remove, print } = to.dataset;
		if (step) {
			const out = $("[data-number]", to.parentElement);
			out.textContent = Math.min(99, Math.max(1, +out.textContent + +step));
		} else if (remove) {
			lines.delete(remove);
			show("/list" + location.search, { step: "replace" });
		} else if (print !== undefined) {
			window.print();
		} else if (to.href) {
			const url = new URL(to.href);
			if (url.origin !== location.origin || url.pathname.startsWith("/manage") || url.hash) return;
			event.preventDefault();
			if ("reset" in to.dataset) return reset();
			show(url, { step: "same" in to.dataset ? "replace" : "push" });
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
		let best = null, least = Infinity;
		for (const one of all(STOPS)) {
			const box = one.getBoundingClientRect();
			const dx = box.left - here.left + (box.width - here.width) / 2, dy = box.top - here.top + (box.height - here.height) / 2;
			const along = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
			if (one !== document.activeElement && along > 4 && along + 2 * aside < least) { best = one; least = along + 2 * aside; }
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
			else show(($(".back") || { href: "/" }).href);
		}
		else if (event.key in WAYS && (!field || WAYS[event.key][1])) move(event, ...WAYS[event.key]);
	});

	addEventListener("popstate", () => show(location.href, { step: "none" }));
	for (const one of new URLSearchParams(location.pathname === "/list" ? location.search : "").getAll("o")) {
		const [offer, count] = one.split("~");
		lines.set(offer, +count || 1);
	}
	counted();
	return { show, reset, lines, tell, stop: () => { clearTimeout(typing); turn++; } };
})();
