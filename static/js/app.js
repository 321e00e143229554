/* Keys, lists, the outbox of decisions, dialogs and the theme. Every act is a form or a link that works without this file. */
(() => {
  const doc = document, root = doc.documentElement;
  const $ = (q, from = doc) => from.querySelector(q);
  const $$ = (q, from = doc) => [...from.querySelectorAll(q)];
  const seen = el => el.getClientRects().length > 0;
  const live = () => $("#live");
  const say = text => { if (live()) live().textContent = text; };
  const split = () => $(".pair");

  /* Rows: one is current, its inspector is loaded and the next two are fetched ahead. */
  const rows = () => $$("[data-list] [data-row]:not([hidden])");
  const current = () => $("[data-list] [data-row][data-current]:not([hidden])");
  const opener = row => $("a[data-open]", row);
  const box = row => $("input[type=checkbox]", row);
  const selected = () => rows().filter(row => box(row)?.checked);
  const ahead = new Map();
  let lastBox = null, wanted = "";

  function load(url) {
    const kept = ahead.get(url);
    if (kept && Date.now() - kept.at < 30000) return kept.text;
    const text = fetch(url, { headers: { "HX-Request": "true", "HX-Target": "inspector" } }).then(answer => {
      if (!answer.ok || answer.redirected) throw answer;
      return answer.text();
    });
    text.catch(() => ahead.delete(url));
    ahead.set(url, { at: Date.now(), text });
    return text;
  }

  async function inspect(row) {
    const url = opener(row)?.href;
    if (!url || !$("#inspector")) return;
    wanted = url;
    try {
      const html = await load(url);
      ahead.delete(url);
      if (wanted !== url) return;
      apply(html);
      place(row);
      rows().slice(rows().indexOf(row) + 1).slice(0, 2).forEach(next => load(opener(next).href).catch(() => {}));
    } catch { if (wanted === url) location.href = url; }
  }

  function place(row) {
    const all = rows(), spot = $("#inspector [data-position]");
    if (spot) spot.textContent = `${all.indexOf(row) + 1} of ${all.length}`;
  }

  function mark(row, focus) {
    for (const other of $$("[data-list] [data-row][data-current]")) {
      other.removeAttribute("data-current");
      opener(other).tabIndex = -1;
      opener(other).removeAttribute("aria-current");
    }
    row.dataset.current = "";
    opener(row).tabIndex = 0;
    opener(row).setAttribute("aria-current", "true");
    row.scrollIntoView({ block: "nearest" });
    if (focus) opener(row).focus({ preventScroll: true });
  }

  function show(row, focus = true) {
    if (!row) return;
    mark(row, focus);
    inspect(row);
  }

  function move(step) {
    const all = rows(), at = all.indexOf(current());
    show(all[Math.max(0, Math.min(all.length - 1, at + step))]);
  }

  function count() {
    const n = selected().length;
    $$("[data-selected]").forEach(el => { el.textContent = `${n} selected`; });
    $$("[data-armed]").forEach(disarm);
  }

  function select(row, reach) {
    if (!row || !box(row)) return;
    const all = rows(), from = all.indexOf(lastBox), to = all.indexOf(row);
    if (reach && from >= 0) all.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(r => { box(r).checked = true; });
    else box(row).checked = !box(row).checked;
    lastBox = row;
    count();
  }

  function clearSelection() {
    selected().forEach(row => { box(row).checked = false; });
    count();
  }

  /* Parts that the server sends are put where their ids are. A row may come wrapped in a template. */
  function apply(html) {
    const holder = doc.createElement("template");
    holder.innerHTML = html;
    const parts = [...holder.content.children].flatMap(n => n.tagName === "TEMPLATE" ? [...n.content.children] : [n]);
    const put = [];
    for (const part of parts) {
      const old = part.id && doc.getElementById(part.id);
      if (!old) continue;
      part.removeAttribute("hx-swap-oob");
      put.push(part.id);
      if (part.id === "live") { say(part.textContent.trim()); continue; }
      if (part.matches("[data-list]") && window.Idiomorph) window.Idiomorph.morph(old, part, { morphStyle: "outerHTML" });
      else {
        if ("current" in old.dataset) part.dataset.current = "";
        old.replaceWith(part);
      }
      window.htmx?.process(doc.getElementById(part.id));
    }
    return put;
  }

  /* The outbox: a decision leaves the page at once and is confirmed behind, one request at a time. */
  const outbox = [];
  let busy = false, undoNext = false;
  const pause = ms => new Promise(done => setTimeout(done, ms));

  function bar(text) {
    const el = $("#unsaved");
    if (!el) return;
    el.hidden = !text;
    if (text) $("[data-text]", el).textContent = text;
    if (text) say(text);
  }

  async function send(job) {
    for (const wait of [500, 1500, 4000, 0]) {
      try {
        const answer = await fetch(job.action, { method: "POST", body: job.body, headers: { "HX-Request": "true" } });
        if (answer.status < 500) return answer;
      } catch { /* no answer is the same as a bad one: the same client_key makes the repeat safe */ }
      if (wait) await pause(wait);
    }
    return null;
  }

  async function pump() {
    if (busy) return;
    busy = true;
    while (outbox.length) {
      const answer = await send(outbox[0]);
      const away = answer && (answer.redirected ? answer.url : answer.headers.get("HX-Redirect") || "");
      if (!answer || away.includes("/sign-in/")) {
        const n = outbox.length, them = n === 1 ? "1 decision is" : `${n} decisions are`;
        bar(answer ? `You were signed out. ${them} not saved yet: sign in in another tab, then retry.` : `${them} not saved yet.`);
        busy = false;
        return;
      }
      const job = outbox.shift();
      if (away && !outbox.length) { location.href = away; return; }
      settle(job, answer, await answer.text());
    }
    busy = false;
    bar("");
    if (undoNext) { undoNext = false; $("[data-undo]")?.requestSubmit(); }
  }

  function settle(job, answer, html) {
    if (answer.ok) {
      if (!job.stay) job.rows.forEach(row => row.remove());
      const put = apply(html);
      job.rows.forEach(row => delete row.dataset.pending);
      if (put.includes("list")) show(current() || rows()[0]);
      else if (!put.includes("inspector") && !current() && !rows().length) focusNext();
      return;
    }
    job.rows.forEach(row => { row.hidden = false; delete row.dataset.pending; });
    groups();
    if (answer.status === 409 || answer.status === 422) {
      if (job.rows[0]) mark(job.rows[0], true);
      apply(html);
      wanted = "";
      ($("#inspector [aria-invalid=true]") || $("#inspector [data-focus-next]"))?.focus();
      return;
    }
    const text = new DOMParser().parseFromString(html, "text/html").querySelector("[data-sentence]")?.textContent;
    if (job.rows[0]) show(job.rows[0]);
    problem(text || "That was not saved. The rest of the page works. Try again.");
  }

  function groups() {
    for (const head of $$("[data-list] [data-group-head]")) {
      const n = rows().filter(row => row.dataset.group === head.dataset.groupHead).length;
      head.hidden = !n;
      const spot = $("[data-count]", head);
      if (spot) spot.textContent = n;
    }
  }

  function disarm(button) {
    $("[data-words]", button).textContent = button.dataset.armed;
    delete button.dataset.armed;
  }

  function decide(form, button) {
    const bulk = form.matches("[data-bulk]"), stay = form.hasAttribute("data-stay");
    const own = doc.getElementById(form.dataset.for);
    const mine = bulk ? selected() : own ? [own] : [];
    if (bulk && !mine.length) return;
    if (mine.some(row => "pending" in row.dataset)) return;
    const body = new FormData(form, button);
    body.set("client_key", crypto.randomUUID ? crypto.randomUUID() : key4());
    const all = rows(), at = all.indexOf(mine[mine.length - 1]);
    const next = all.slice(at + 1).find(row => !mine.includes(row)) || all.slice(0, Math.max(at, 0)).reverse().find(row => !mine.includes(row));
    outbox.push({ action: form.getAttribute("action"), body: new URLSearchParams(body), rows: mine, stay });
    mine.forEach(row => { row.dataset.pending = ""; if (box(row)) box(row).checked = false; if (!stay) row.hidden = true; });
    count();
    if (mine.length) {
      const what = mine.length > 1 ? `${mine.length} items` : mine[0].dataset.name || "1 item";
      const how = (button?.dataset.done || button?.textContent || "saved").replace(button?.querySelector("kbd")?.textContent || "", "").trim();
      $$("[data-last]").forEach(el => { el.textContent = `Last: ${what}, ${how.toLowerCase()}`; });
      say(`${what}, ${how.toLowerCase()}. ${rows().length} left in this list.`);
      groups();
      if (next) show(next);
      else if (!stay && $("template#all-done")) { $("#inspector").replaceChildren($("template#all-done").content.cloneNode(true)); focusNext(); }
    }
    pump();
  }

  /* Plain HTTP on another host has no randomUUID. */
  const key4 = () => "10000000-1000-4000-8000-100000000000".replace(/[018]/g, c => (c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16));

  const focusNext = () => ($("[data-focus-next]") || opener(current() || doc) || $("#main"))?.focus();

  function problem(text) {
    const el = $("#problem");
    if (!el) return;
    el.hidden = !text;
    $("[data-text]", el).textContent = text;
    if (text) say(text);
  }

  /* Keys: the page's own buttons and links declare them, so a key and its button cannot drift apart. */
  const goes = () => Object.fromEntries($$("[data-go]").map(el => [el.dataset.go, el]));
  let going = 0;

  function keyOf(event) {
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    return event.shiftKey && /^[A-Z]$|^Enter$/.test(key) ? `Shift+${key}` : key;
  }

  function target(key) {
    const all = $$("[data-key]").filter(el => el.dataset.key.split(" ").includes(key) && seen(el));
    const bulk = selected().length ? all.filter(el => el.closest("[data-bulk]")) : [];
    const single = all.filter(el => !el.closest("[data-bulk]") && (!selected().length || !el.closest("#inspector")));
    const group = current()?.dataset.group;
    return bulk[0] || single.find(el => el.dataset.group && el.dataset.group === group) || single.find(el => !el.dataset.group);
  }

  function toTab(step) {
    const tabs = $$(".tabs a"), at = tabs.findIndex(tab => tab.hasAttribute("aria-current"));
    tabs[at + step]?.click();
  }

  const fixed = {
    J: () => move(1), ArrowDown: () => move(1), K: () => move(-1), ArrowUp: () => move(-1),
    X: () => select(current()), "Shift+X": () => select(current(), true),
    O: () => { const link = current() && opener(current()); if (link) location.href = link.href; },
    " ": () => $("#inspector .scroll")?.scrollBy({ top: 320 }),
    "/": () => $("[data-filter]")?.focus(), "[": () => toTab(-1), "]": () => toTab(1), "?": help, G: () => { going = Date.now(); },
  };
  const needsList = ["J", "K", "ArrowDown", "ArrowUp", "X", "Shift+X", "O", " "];

  function help() {
    const dialog = $("#shortcuts"), list = $("dl", dialog), names = new Map();
    if (rows().length) names.set("J", "Next").set("K", "Previous").set("X", "Select").set("Shift+X", "Select up to here").set("O", "Open on its own page");
    for (const el of $$("[data-key]")) {
      const own = el.cloneNode(true);
      $$("kbd, svg, .sr", own).forEach(part => part.remove());
      const first = el.dataset.key.split(" ")[0];
      if (seen(el) && !names.has(first)) names.set(first, el.dataset.label || el.getAttribute("aria-label") || own.textContent.trim());
    }
    if ($("[data-filter]")) names.set("/", "Filter");
    if ($(".tabs a")) names.set("[ ]", "Previous and next tab");
    for (const [letter, el] of Object.entries(goes())) names.set(`G ${letter.toUpperCase()}`, el.dataset.label || el.textContent.trim());
    list.replaceChildren(...[...names].map(([keys, name]) => {
      const line = doc.createElement("div"), dt = doc.createElement("dt"), dd = doc.createElement("dd");
      dt.textContent = name;
      keys.split(/[ +]/).forEach(key => dd.append(Object.assign(doc.createElement("kbd"), { textContent: key })));
      line.append(dt, dd);
      return line;
    }));
    $("[data-shortcuts-switch]", dialog).checked = root.dataset.shortcuts !== "off";
    dialog.showModal();
  }

  function escape(event) {
    const open = event.target.closest("details[open]") || $(".menu[open]");
    if (open) { open.open = false; $("summary", open).focus(); return; }
    if (location.hash === "#side") { location.hash = "main"; return; }
    if (selected().length) { clearSelection(); return; }
    if (event.target.matches("input, select, textarea")) focusNext();
  }

  doc.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if ($("dialog[open]")) return;
    if (event.key === "Escape") return escape(event);
    if (root.dataset.shortcuts === "off") return;
    if (event.target.matches("input:not([type=checkbox]), select, textarea, [contenteditable]")) return;
    if ((event.key === "Enter" || event.key === " ") && event.target.closest("button, summary, a:not([data-open]), label")) return;
    if (event.key === " " && event.target.matches("input")) return;
    const key = keyOf(event);
    if (Date.now() - going < 1500) {
      going = 0;
      const link = goes()[key.toLowerCase()];
      if (link) { event.preventDefault(); link.click(); return; }
    }
    const el = target(key), act = fixed[key];
    if (el) { event.preventDefault(); if (!event.repeat || key === "Enter") el.click(); }
    else if (act && (!needsList.includes(key) || rows().length)) { event.preventDefault(); act(); }
  });

  doc.addEventListener("click", event => {
    const el = event.target.closest("a, button, input, summary");
    for (const menu of $$(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    if (!el) return;
    if (el.matches("a[data-open]") && $("#inspector") && !event.ctrlKey && !event.metaKey && !event.shiftKey && el.closest("[data-list]")) {
      event.preventDefault();
      split().dataset.view = "item";
      show(el.closest("[data-row]"));
    } else if (el.matches("[data-to-list]")) {
      event.preventDefault();
      split().dataset.view = "list";
      if (current()) opener(current()).focus();
    } else if (el.matches("[data-select-group]")) {
      rows().filter(row => row.dataset.group === el.dataset.group).forEach(row => { if (box(row)) box(row).checked = true; });
      count();
    } else if (el.matches("[data-select-all]")) {
      rows().forEach(row => { if (box(row)) box(row).checked = el.checked; });
      count();
    } else if (el.matches("[data-clear]")) { event.preventDefault(); clearSelection(); }
    else if (el.matches("[data-dialog]")) { event.preventDefault(); doc.getElementById(el.dataset.dialog)?.showModal(); }
    else if (el.matches("[data-help]")) help();
    else if (el.matches("[data-retry]")) pump();
    else if (el.matches("[data-toggle]")) { const part = doc.getElementById(el.dataset.toggle); part.open = !part.open; }
    else if (el.matches("[data-fill]")) { const field = doc.getElementById(el.dataset.fill); field.value = el.value; field.focus(); }
    else if (el.dataset.confirmOver && selected().length > +el.dataset.confirmOver && !el.dataset.armed) {
      event.preventDefault();
      const words = $("[data-words]", el);
      el.dataset.armed = words.textContent;
      words.textContent = `${words.textContent.trim()} ${selected().length}: press again`;
      say(words.textContent);
    }
  });

  doc.addEventListener("submit", event => {
    const form = event.target, button = event.submitter;
    if (form.matches("[data-outbox]")) {
      event.preventDefault();
      if (form.matches("[data-undo]") && (busy || outbox.length)) undoNext = true;
      else decide(form, button);
    } else if (form.matches("[data-theme]")) {
      event.preventDefault();
      const dark = getComputedStyle(root).colorScheme === "dark" || (root.dataset.theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
      const theme = button.hasAttribute("data-flip") ? (dark ? "light" : "dark") : button.value;
      root.dataset.theme = theme;
      $$("form[data-theme] [aria-pressed]").forEach(el => el.setAttribute("aria-pressed", el.value === theme));
      const body = new FormData(form);
      body.set("theme", theme);
      fetch(form.action, { method: "POST", body: new URLSearchParams(body) }).catch(() => {});
    }
  });

  doc.addEventListener("input", event => {
    const field = event.target;
    if (!field.matches("[data-threshold]")) return;
    const at = +field.value, all = (field.form.dataset.values || "").split(",").filter(Boolean).map(Number);
    const n = all.filter(value => value >= at).length;
    $$("[data-threshold]", field.form).forEach(twin => { if (twin !== field) twin.value = at; });
    $$("[data-threshold-count]").forEach(el => { el.textContent = n; });
    $$(".bar[data-from]", field.form).forEach(bin => bin.classList.toggle("low", +bin.dataset.from < at));
  });

  doc.addEventListener("change", event => {
    if (event.target.closest("[data-row]")) count();
    if (event.target.matches("[data-shortcuts-switch]")) {
      root.dataset.shortcuts = event.target.checked ? "on" : "off";
      try { localStorage.setItem("shortcuts", root.dataset.shortcuts); } catch { /* storage may be switched off */ }
    }
  });

  doc.addEventListener("toggle", event => {
    if (event.target.matches("details[data-focus]") && event.target.open) $("input:not([type=hidden]), select, textarea, button", event.target)?.focus();
  }, true);

  /* htmx: polls rest in hidden tabs, targets say that they are busy, focus never falls to the body. */
  doc.addEventListener("htmx:beforeRequest", event => {
    if (doc.hidden && (event.detail.elt.getAttribute("hx-trigger") || "").includes("every")) return event.preventDefault();
    if (!(event.detail.elt.getAttribute("hx-trigger") || "").includes("every")) event.detail.target?.setAttribute("aria-busy", "true");
  });
  doc.addEventListener("htmx:afterRequest", event => {
    event.detail.target?.removeAttribute("aria-busy");
    if (event.detail.successful) problem("");
  });
  for (const name of ["htmx:responseError", "htmx:sendError"]) doc.addEventListener(name, () => problem("This part did not load. The rest of the page works. Reload to try again."));
  doc.addEventListener("htmx:afterSettle", () => {
    if (doc.activeElement === doc.body && $("[data-focus-next]")) focusNext();
    count();
  });

  window.addEventListener("beforeunload", event => { if (outbox.length) event.preventDefault(); });
  try { if (localStorage.getItem("shortcuts") === "off") root.dataset.shortcuts = "off"; } catch { /* as above */ }
  const first = current();
  if (first) rows().slice(rows().indexOf(first) + 1).slice(0, 2).forEach(next => load(opener(next).href).catch(() => {}));
})();
