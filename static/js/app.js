/* Keys, lists, the outbox of decisions, dialogs, theme. Every act is a form or a link that works without this file. */
(() => {
const doc = document, root = doc.documentElement, main = "[data-list] [data-row]", LATER = { "HX-Request": "true" };
const $ = (q, from = doc) => from.querySelector(q), $$ = (q, from = doc) => [...from.querySelectorAll(q)];
const byId = id => doc.getElementById(id), on = (name, act, early) => doc.addEventListener(name, act, early);
const seen = el => el.getClientRects().length > 0, press = el => { el?.click(); enter(el?.parentNode); };
const enter = el => { if (el?.matches("[data-focus][open]")) $("input:not([type=hidden]), select, textarea", el)?.focus(); };
const say = text => { byId("live").textContent = text; };
const focusNext = () => ($("[data-focus-next]") || opener(current() || doc) || byId("main")).focus();

/* Rows: one is current; the inspectors of the next two are fetched ahead. */
const rows = () => $$(main + ":not([hidden])"), current = () => $(main + "[data-current]:not([hidden])");
const opener = row => $("a[data-open]", row), box = row => $("input[type=checkbox]", row);
const selected = () => rows().filter(row => box(row)?.checked);
const after = row => rows().slice(rows().indexOf(row) + 1);
const ahead = new Map();
let lastBox, wanted, later;

function load(url) {
	const kept = ahead.get(url);
	if (kept && Date.now() - kept.at < 30000) return kept.text;
	const text = fetch(url, { headers: LATER }).then(answer => {
		if (!answer.ok || answer.redirected) throw answer;
		return answer.text();
	});
	text.catch(() => ahead.delete(url));
	ahead.set(url, { at: Date.now(), text });
	return text;
}
const prefetch = row => after(row).slice(0, 2).forEach(next => load(opener(next).href).catch(() => {}));

async function inspect(row) {
	const url = wanted = opener(row).href;
	later = "";
	if (!byId("inspector")) return;
	try {
		const html = await load(url);
		ahead.delete(url);
		if (wanted !== url) return;
		apply(html);
		const spot = $("#inspector [data-position]");
		if (spot) spot.textContent = `${rows().indexOf(row) + 1} of ${rows().length + +((byId("more") || $("[data-list]")).dataset.rest || 0)}`;
		wanted = "";
		prefetch(row);
		if (later) press(target(later));
	} catch { if (wanted === url && !outbox.length) location.href = url; }
}

function mark(row, here) {
	row.toggleAttribute("data-current", here);
	opener(row).tabIndex = here ? 0 : -1;
	opener(row)[here ? "setAttribute" : "removeAttribute"]("aria-current", "true");
}

function show(row, quiet) {
	if (!row) return;
	$$(main + "[data-current]").forEach(other => mark(other, false));
	mark(row, true);
	row.scrollIntoView({ block: "nearest" });
	opener(row).focus({ preventScroll: true });
	if (!quiet) inspect(row);
}

const move = step => show(rows()[Math.max(0, Math.min(rows().length - 1, rows().indexOf(current()) + step))]);

function count() {
	$$("[data-selected]").forEach(el => { el.textContent = `${selected().length} selected`; });
	$$("[data-armed]").forEach(el => { $("[data-words]", el).textContent = el.dataset.armed; delete el.dataset.armed; });
}

function check(these, value = true) {
	these.forEach(row => { if (box(row)) box(row).checked = value; });
	count();
}

function select(reach) {
	const row = current(), [from, to] = [rows().indexOf(lastBox), rows().indexOf(row)].sort((a, b) => a - b);
	check(reach && from >= 0 ? rows().slice(from, to + 1) : [row], reach || !box(row)?.checked);
	lastBox = row;
}

/* Parts go where their ids are; a table row comes in a template. */
function apply(html) {
	const holder = doc.createElement("template");
	holder.innerHTML = html;
	return [...holder.content.children].flatMap(el => el.tagName === "TEMPLATE" ? [...el.content.children] : el).map(part => {
		const old = part.id && byId(part.id);
		if (!old) return;
		part.removeAttribute("hx-swap-oob");
		if (part.id === "live") say(part.textContent.trim());
		else if (part.matches("[data-list]") && window.Idiomorph) Idiomorph.morph(old, part, { morphStyle: "outerHTML" });
		else {
			const held = old.contains(doc.activeElement) && old.matches("[data-row]");
			old.replaceWith(part);
			if (old.matches("[data-row]")) mark(part, "current" in old.dataset);
			if (held) opener(part).focus();
		}
		window.htmx?.process(byId(part.id));
		return part.id;
	});
}

/* The outbox: a decision leaves the page at once and is confirmed behind. */
const outbox = [];
let busy, undoNext;

function notice(id, text) {
	const el = byId(id);
	if (!el) return;
	el.hidden = !text;
	$("[data-text]", el).textContent = text;
	if (text) say(text);
}

async function send({ action, body }) {
	/* The same client_key makes a repeat safe. */
	for (const wait of [500, 1500, 4000, 0]) {
		const answer = await fetch(action, { method: "POST", body, headers: LATER }).catch(() => null);
		if (answer?.status < 500) return answer;
		if (wait) await new Promise(done => setTimeout(done, wait));
	}
}

async function pump() {
	if (busy) return;
	busy = true;
	while (outbox.length) {
		const answer = await send(outbox[0]), n = outbox.length, them = n > 1 ? `${n} decisions are` : "1 decision is";
		const away = answer?.redirected ? answer.url : answer?.headers.get("HX-Redirect") || "";
		if (!answer || away.includes("/sign-in/")) {
			busy = false;
			return notice("unsaved", (answer ? "You were signed out. Sign in in another tab, then retry. " : "") + `${them} not saved yet.`);
		}
		const job = outbox.shift(), html = await answer.text();
		if (away && n === 1) return void (location.href = away);
		settle(job, answer, html);
	}
	busy = false;
	notice("unsaved", "");
	if (undoNext) { undoNext = false; $("[data-undo]")?.requestSubmit(); }
}

function settle(job, { ok, status }, html) {
	job.rows.forEach(row => { delete row.dataset.pending; if (!ok) row.hidden = false; else if (!job.stay) row.remove(); });
	if (ok) {
		if (apply(html).includes("list")) show(current() || rows()[0], true);
		if (doc.activeElement === doc.body) focusNext();
		return;
	}
	groups();
	const page = new DOMParser().parseFromString(html, "text/html"), text = $("[data-sentence], [role=alert]", page)?.textContent.trim();
	if (![409, 422].includes(status)) {
		if (job.rows[0]) show(job.rows[0]);
		notice("problem", text || "That was not saved. The rest of the page works. Try again.");
	} else if (outbox.length) say(`${job.rows[0]?.dataset.name || "One decision"} was not saved and is back in the list. ${text || ""}`);
	else {
		if (job.rows[0]) show(job.rows[0], true);
		wanted = "";
		apply(html);
		($("#inspector [aria-invalid=true]") || $("#inspector [data-focus-next]"))?.focus();
	}
}

const groups = () => $$("[data-list] [data-group-head]").forEach(head => {
	const n = rows().filter(row => row.dataset.group === head.dataset.groupHead).length;
	head.hidden = !n;
	if ($("[data-count]", head)) $("[data-count]", head).textContent = (n + +(($("[data-rest]", head) || head).dataset.rest || 0)).toLocaleString("en");
});

/* A blob's address ends in a UUID, on plain HTTP too. */
const uuid = () => {
	const url = URL.createObjectURL(new Blob());
	URL.revokeObjectURL(url);
	return url.slice(-36);
};

function words(el) {
	const own = el.cloneNode(true);
	$$("kbd, svg, .sr", own).forEach(part => part.remove());
	return own.textContent.trim();
}

function decide(form, button) {
	const own = byId(form.dataset.for), stay = "stay" in form.dataset;
	const mine = "bulk" in form.dataset ? selected() : own ? [own] : [];
	if (("bulk" in form.dataset && !mine.length) || mine.some(row => "pending" in row.dataset)) return;
	const body = new URLSearchParams(new FormData(form, button)), last = mine.at(-1);
	body.set("client_key", uuid());
	const next = last && (after(last).find(row => !mine.includes(row)) || rows().reverse().find(row => !mine.includes(row)));
	outbox.push({ action: button?.getAttribute("formaction") || form.getAttribute("action"), body, rows: mine, stay });
	mine.forEach(row => { row.dataset.pending = ""; row.hidden = !stay; });
	check(mine, false);
	if (last) {
		const what = mine.length > 1 ? `${mine.length} items` : last.dataset.name;
		const text = `${what}, ${(button?.dataset.done || words(button || form)).toLowerCase()}`;
		$$("[data-last]").forEach(el => { el.textContent = `Last: ${text}`; });
		say(`${text}. ${rows().length} left in this list.`);
		if (!stay) groups();
		if (next) show(next);
		else if (!stay && byId("all-done")) { byId("inspector").replaceChildren(byId("all-done").content.cloneNode(true)); focusNext(); }
	}
	pump();
}

/* Keys: buttons declare theirs; people may have others. */
const caps = JSON.parse(root.dataset.keys || "{}"), usual = key => Object.keys(caps).find(name => caps[name] === key) || (caps[key] ? "" : key);
let going = 0;
const goes = letter => $$("[data-go]").find(el => el.dataset.go === letter);
const tab = step => { const tabs = $$(".tabs a"); press(tabs[tabs.findIndex(el => el.ariaCurrent) + step]); };
const listKeys = {
	J: () => move(1), ArrowDown: () => move(1), K: () => move(-1), ArrowUp: () => move(-1), X: () => select(), "Shift+X": () => select(true),
	O: () => { location.href = opener(current()).href; }, " ": () => $("#inspector .scroll")?.scrollBy({ top: 320 }),
};
const pageKeys = { "/": () => $("[data-filter]")?.focus(), "[": () => tab(-1), "]": () => tab(1), "?": help, G: () => { going = Date.now(); } };

function target(key) {
	const all = $$("[data-key]").filter(el => el.dataset.key.split(" ").includes(key) && seen(el)), many = selected().length, group = current()?.dataset.group;
	const one = all.filter(el => !el.closest("[data-bulk]") && !(many && el.closest("#inspector")));
	return (many && all.find(el => el.closest("[data-bulk]"))) || one.find(el => group && el.dataset.group === group) || one.find(el => !el.dataset.group);
}

function help() {
	const names = new Map(rows().length ? [["J", "Next"], ["K", "Previous"], ["X", "Select"], ["Shift+X", "Select up to here"], ["O", "Open on its own page"]] : []);
	const name = el => el.dataset.label || el.getAttribute("aria-label") || words(el);
	$$("[data-key]").filter(seen).forEach(el => names.set(el.dataset.key.split(" ")[0], name(el)));
	if ($("[data-filter]")) names.set("/", "Filter");
	if ($(".tabs")) names.set("[ ]", "Previous and next tab");
	$$("[data-go]").forEach(el => names.set(`G ${el.dataset.go.toUpperCase()}`, name(el)));
	$("#shortcuts dl").replaceChildren(...[...names].map(([keys, text]) => {
		const line = doc.createElement("div"), dt = doc.createElement("dt"), dd = doc.createElement("dd");
		dt.textContent = text;
		keys.split(/[ +]/).forEach(key => { dd.appendChild(doc.createElement("kbd")).textContent = caps[key] || key; });
		line.append(dt, dd);
		return line;
	}));
	$("[data-shortcuts-switch]").checked = root.dataset.shortcuts !== "off";
	byId("shortcuts").showModal();
}

function escape(from) {
	const open = from.closest("details[open]") || $(".menu[open]");
	if (open) { open.open = false; $("summary", open).focus(); }
	else if (location.hash === "#side") location.hash = "main";
	else if (selected().length) check(selected(), false);
	else if (from.matches("input, select, textarea")) focusNext();
}

on("keydown", event => {
	const at = event.target;
	if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $("dialog[open]")) return;
	if (event.key === "Escape") return escape(at);
	if (root.dataset.shortcuts === "off" || at.matches("input:not([type=checkbox]), select, textarea")) return;
	if (["Enter", " "].includes(event.key) && at.closest("button, summary, input, label, a:not([data-open])")) return;
	const plain = event.key.length > 1 ? event.key : event.key.toUpperCase(), key = event.shiftKey && /^[A-Z]/.test(plain) ? `Shift+${usual(plain)}` : usual(plain);
	const gone = Date.now() - going < 1500 && goes(plain.toLowerCase()), act = pageKeys[key] || (rows().length && listKeys[key]);
	going = 0;
	const el = gone || target(key);
	if (!el && !act) return;
	event.preventDefault();
	if (!el) act();
	/* No key acts on a sheet that goes; the first waits. */
	else if (wanted && el.closest("#inspector")) later ||= key;
	else if (!event.repeat || key === "Enter") press(el);
});

const clicks = {
	"[data-list] a[data-open]": (el, event) => {
		if (!byId("inspector") || event.ctrlKey || event.metaKey || event.shiftKey) return true;
		$(".pair").dataset.view = "item";
		show(el.closest("[data-row]"));
	},
	"[data-to-list]": () => {
		if (!$(".pair")) return true;
		$(".pair").dataset.view = "list";
		if (current()) opener(current()).focus();
	},
	"[data-select-group]": el => check(rows().filter(row => row.dataset.group === el.dataset.group)),
	"[data-select-all]": el => { check(rows(), el.checked); return true; },
	"[data-clear]": () => check(selected(), false),
	"[data-dialog]": el => byId(el.dataset.dialog).showModal(),
	"[data-toggle]": el => { byId(el.dataset.toggle).open ^= true; },
	"[data-help]": help,
	"[data-retry]": pump,
	"[data-confirm-over]": el => {
		const n = selected().length, part = $("[data-words]", el);
		if (n <= +el.dataset.confirmOver || el.dataset.armed) return true;
		el.dataset.armed = part.textContent;
		say(part.textContent += ` ${n}: press again`);
	},
};

on("click", event => {
	$$(".menu[open]").forEach(menu => { menu.open = menu.contains(event.target); });
	for (const [query, act] of Object.entries(clicks)) {
		const el = event.target.closest(query);
		if (el && act(el, event) !== true) return event.preventDefault();
	}
});

on("submit", event => {
	const form = event.target, button = event.submitter;
	if (form.matches("[data-outbox]")) {
		event.preventDefault();
		if (form.matches("[data-undo]") && (busy || outbox.length)) undoNext = true;
		else decide(form, button);
	} else if (form.matches("[data-theme]")) {
		event.preventDefault();
		const mode = root.dataset.theme, dark = mode === "dark" || (mode !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
		const theme = root.dataset.theme = "flip" in button.dataset ? (dark ? "light" : "dark") : button.value;
		$$("form[data-theme] [aria-pressed]").forEach(el => el.setAttribute("aria-pressed", el.value === theme));
		const body = new URLSearchParams(new FormData(form));
		body.set("theme", theme);
		fetch(form.getAttribute("action"), { method: "POST", body }).catch(() => {});
	}
});

on("input", ({ target: field }) => {
	if (!field.matches("[data-threshold]")) return;
	const form = field.form, n = (form.dataset.values || "").split(",").filter(value => value && +value >= +field.value).length;
	$$("[data-threshold]", form).forEach(twin => { if (twin !== field) twin.value = field.value; });
	$$("[data-threshold-count]", form).forEach(el => { el.textContent = n; });
	$$("[data-from]", form).forEach(bin => bin.classList.toggle("low", +bin.dataset.from < +field.value));
});

on("change", ({ target: el }) => {
	if (el.closest("[data-row]")) count();
	if (el.matches("[data-shortcuts-switch]")) localStorage.setItem("shortcuts", root.dataset.shortcuts = el.checked ? "on" : "off");
});

on("toggle", ({ target }) => enter(target), true);

/* htmx: polls rest in hidden tabs, targets are busy, focus never falls to the body. */
const polls = event => event.detail.elt.getAttribute("hx-trigger")?.includes("every");
on("htmx:beforeRequest", event => {
	if (polls(event) && doc.hidden) event.preventDefault();
	else if (!polls(event)) event.detail.target?.setAttribute("aria-busy", "true");
});
on("htmx:afterRequest", ({ detail }) => {
	detail.target?.removeAttribute("aria-busy");
	notice("problem", detail.successful || [409, 422].includes(detail.xhr?.status) ? "" : "This part did not load. The rest of the page works. Reload to try again.");
});
on("htmx:afterSettle", () => { if (doc.activeElement === doc.body && $("[data-focus-next]")) focusNext(); count(); });

window.addEventListener("beforeunload", event => { if (outbox.length) event.preventDefault(); });
if (localStorage.getItem("shortcuts") === "off") root.dataset.shortcuts = "off";
if (current()) prefetch(current());
})();
