/* What the console does by itself: fresh lists, local times, drafts that survive, keys. Pages work without it. */

const EVERY = 3_000, HIDDEN = 20_000, LATE = 10_000, NEAR = 120, TYPING = 2_500;
const root = document.documentElement;
const lost = document.querySelector(".lost");
const title = document.title;
const locale = navigator.languages.find((one) => one.split("-")[0] === root.lang.split("-")[0]) ?? root.lang;
const live = document.querySelector("[data-live]");
root.classList.add("js");

const FORMS = {
  time: { hour: "numeric", minute: "2-digit" },
  day: { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" },
  long: { year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" },
  exact: { dateStyle: "full", timeStyle: "long" },
};

/** Today's times need no day, this year's days no year. */
function formOf(at, style) {
  const now = new Date();
  if (style === "long" || at.getFullYear() !== now.getFullYear()) return "long";
  return at.toDateString() === now.toDateString() ? "time" : "day";
}

/** Show times where the reader is; the server writes UTC. */
function localise(within) {
  const show = (at, form) => new Intl.DateTimeFormat(locale, FORMS[form]).format(at);
  for (const element of within.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    if ("when" in element.dataset) element.textContent = show(at, formOf(at, element.dataset.when));
    element.title = show(at, "exact");
  }
}

/** Make `old` look like `fresh`, leaving alone what is equal, so that focus and selection survive. */
function update(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (!fresh.hasAttribute("data-keyed") || !old.hasAttribute("data-keyed") || old.tagName !== fresh.tagName) {
    old.replaceWith(fresh);
    return;
  }
  const kept = new Map([...old.children].map((child) => [child.id, child]));
  let place = old.firstElementChild;
  for (const child of [...fresh.children]) {
    const same = kept.get(child.id);
    kept.delete(child.id);
    if (!same) old.insertBefore(child, place);
    else if (same === place) { place = place.nextElementSibling; update(same, child); }
    else { old.insertBefore(same, place); update(same, child); }
  }
  for (const gone of kept.values()) gone.remove();
}

/** Put a region's new text into the page; words being written stay, and so does what is folded out. */
function refresh(region, html) {
  const box = new DOMParser().parseFromString(html, "text/html").body;
  prepare(box);
  for (const open of region.querySelectorAll("details[open][id]")) box.querySelector(`#${open.id}`)?.setAttribute("open", "");
  // Where the reader's own time away began stays marked until they have sent something.
  const mark = region.querySelector("#new-from"), follower = mark?.nextElementSibling?.id;
  if (follower && !box.querySelector("#new-from")) box.querySelector(`#${follower}`)?.before(mark.cloneNode(true));
  const before = region.querySelector("textarea");
  const draft = before?.value, focused = before && document.activeElement === before;
  const key = region.contains(document.activeElement) ? document.activeElement.id || document.activeElement.dataset?.key : "";
  const stick = "stick" in region.dataset && region.scrollHeight - region.scrollTop - region.clientHeight < NEAR;
  const olds = [...region.children], news = [...box.children];
  if (olds.length === news.length) olds.forEach((old, index) => update(old, news[index]));
  else region.replaceChildren(...news);
  const after = region.querySelector("textarea");
  if (after && after !== before) {
    after.value = draft || after.value;
    if (focused) after.focus();
  }
  if (key && !region.contains(document.activeElement)) region.querySelector(`#${CSS.escape(key)}, [data-key="${CSS.escape(key)}"]`)?.focus();
  if (stick) region.scrollTop = region.scrollHeight;
}

function showWaiting(count) {
  const badge = document.querySelector("[data-waiting]");
  if (!badge) return;
  badge.hidden = !count;
  badge.textContent = count;
  badge.title = badge.dataset.words.replace("{n}", count);
  document.title = count ? `(${count}) ${title}` : title;
}

function say(text, link) {
  lost.hidden = !text;
  lost.textContent = text ? `${text} ` : "";
  if (text && link) {
    const anchor = Object.assign(document.createElement("a"), { href: "/console/sign-in", target: "_blank", textContent: link });
    lost.append(anchor);
  }
}

/** Show what the server says has changed. */
function take({ version, waiting, regions }) {
  live.dataset.version = version;
  for (const [name, html] of Object.entries(regions ?? {})) {
    const region = live.querySelector(`[data-region="${name}"]`);
    if (region) refresh(region, html);
  }
  showWaiting(waiting);
  say("");
}

/** Ask whether the page is out of date; one question at a time. */
async function look() {
  const url = new URL(live.dataset.live, location.href);
  url.searchParams.set("version", live.dataset.version);
  const answer = await fetch(url, { signal: AbortSignal.timeout(LATE), cache: "no-store" });
  if (answer.status === 401) return say(lost.dataset.signedOut, lost.dataset.signIn);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  take(await answer.json());
}

/** Be told what changes. Ends, with true, when the page is hidden: a browser has but few connections to give away. */
function listen() {
  return new Promise((end) => {
    const url = new URL(live.dataset.events, location.href);
    url.searchParams.set("version", live.dataset.version);
    const stream = new EventSource(url);
    const stop = (hidden) => { stream.close(); document.removeEventListener("visibilitychange", hide); end(hidden); };
    const hide = () => document.hidden && stop(true);
    document.addEventListener("visibilitychange", hide);
    stream.addEventListener("regions", (event) => {
      if (live.dataset.paused) live.dataset.missed = "yes";
      else take(JSON.parse(event.data));
    });
    // The browser connects again by itself; when it does not, the page asks what is the matter.
    stream.addEventListener("error", () => stream.readyState === EventSource.CLOSED && stop(false));
  });
}

async function watch() {
  for (let misses = 0; ;) {
    if (live.dataset.events && !document.hidden && !misses) await listen();
    const pause = (document.hidden ? HIDDEN : EVERY) * (1 + Math.min(misses, 4));
    await new Promise((wake) => {
      const timer = setTimeout(wake, pause);
      document.addEventListener("visibilitychange", () => { clearTimeout(timer); wake(); }, { once: true });
    });
    if (live.dataset.paused) continue;
    try { await look(); misses = 0; }
    catch { misses += 1; if (misses > 1) say(lost.dataset.lost); }
  }
}

/** Show what only works here, and times as they are on the reader's clock. */
function prepare(within) {
  localise(within);
  for (const part of within.querySelectorAll("[data-js]")) part.hidden = false;
}

prepare(document);
showWaiting(Number(document.querySelector("[data-waiting]")?.textContent ?? 0));
for (const scroller of document.querySelectorAll("[data-stick]")) scroller.scrollTop = scroller.scrollHeight;
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView({ block: "center" });
if (live) watch();

// Drafts outlive the page: each conversation has its own, a reply and a note apart.
const draftKey = () => {
  const mode = document.querySelector("[name=mode]:checked, [name=mode][type=hidden]");
  return live?.dataset.draft && mode ? `draft:${live.dataset.draft}:${mode.value}` : "";
};
function keepDraft() {
  const text = document.querySelector("#text"), key = draftKey();
  if (!text || !key) return;
  if (text.value) localStorage.setItem(key, text.value);
  else localStorage.removeItem(key);
}
{
  const text = document.querySelector("#text");
  if (text && draftKey() && !text.value) text.value = localStorage.getItem(draftKey()) ?? "";
}
let typed = 0;
document.addEventListener("input", (event) => {
  if (event.target.id !== "text") return;
  keepDraft();
  const address = live?.dataset.typing;
  if (!address || Date.now() - typed < TYPING) return;
  typed = Date.now();
  const body = new URLSearchParams({ form_token: document.querySelector("[name=form_token]").value });
  fetch(address, { method: "POST", body }).catch(() => {});
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[name=file]")) {
    const box = event.target.form.querySelector("[data-chosen]");
    box.replaceChildren(...[...event.target.files].map((file) => Object.assign(document.createElement("span"), { className: "chip", textContent: file.name })));
    box.hidden = !event.target.files.length;
  }
});

/** Send a form of a live page without leaving it, and show what the answering page shows. */
async function send(form, button) {
  const body = new FormData(form, button);
  const encoded = form.enctype === "multipart/form-data" ? body : new URLSearchParams(body);
  const key = form.id === "compose" ? draftKey() : "";
  const answer = await fetch(form.action, { method: "POST", body: encoded });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-live]");
  if (!fresh || fresh.dataset.live !== live.dataset.live) { location.href = answer.url; return; }
  if (answer.ok && key) {
    localStorage.removeItem(key);
    form.querySelector("#text").value = "";
    form.querySelector("[data-chosen]")?.replaceChildren();
    form.reset();
  }
  live.querySelector("#new-from")?.remove();
  const regions = {};
  for (const region of fresh.querySelectorAll("[data-region]")) regions[region.dataset.region] = region.innerHTML;
  live.querySelector("[data-told]")?.replaceChildren(...fresh.querySelector("[data-told]").childNodes);
  for (const open of form.closest("details") ? [form.closest("details")] : []) open.open = false;
  take({ version: fresh.dataset.version, waiting: Number(page.querySelector("[data-waiting]")?.textContent ?? 0), regions });
  const thread = live.querySelector("[data-stick]");
  const newly = live.querySelector("#new-from");
  if (newly) newly.scrollIntoView({ block: "center" });
  else if (answer.ok && thread && form.id === "compose") thread.scrollTop = thread.scrollHeight;
  if (form.id === "compose") document.querySelector("#text")?.focus();
}

// A form is sent once, however often it is pressed; while it is on its way the page does not change under it.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method !== "post") return;
  form.dataset.sent = "yes";
  const buttons = [...form.querySelectorAll("button")];
  buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
  if (!live?.contains(form)) return;
  event.preventDefault();
  live.setAttribute("data-paused", "yes");
  send(form, event.submitter)
    .catch(() => say(lost.dataset.lost))
    .finally(() => {
      live.removeAttribute("data-paused");
      if (live.dataset.missed) look().catch(() => {});
      delete live.dataset.missed;
      delete form.dataset.sent;
      buttons.forEach((button) => button.removeAttribute("aria-disabled"));
    });
});
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

/* Keys. A single one does something only outside of fields, and only if the reader has not switched them off. */

const SINGLE = "single-keys";
const singleKeys = () => localStorage.getItem(SINGLE) !== "off";
const seen = (element) => element.getClientRects().length > 0;
const press = (key) => [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(seen);
let leading = 0;

function step(by) {
  const lines = [...document.querySelectorAll("main a.line, main a.hit, main tbody a[data-row]")].filter(seen);
  const now = lines.indexOf(document.activeElement);
  const open = lines.findIndex((line) => line.hasAttribute("aria-current"));
  const next = lines[now >= 0 ? now + by : open >= 0 ? open + by : by > 0 ? 0 : lines.length - 1];
  next?.focus();
  if (open >= 0) next?.click();
}

function write(mode) {
  const choice = document.querySelector(`#mode-${mode}`), text = document.querySelector("#text");
  if (!text || (!choice && mode === "reply")) return false;
  if (choice && !choice.checked) { keepDraft(); choice.checked = true; }
  text.focus();
  return true;
}

async function showDialog(link) {
  let dialog = document.querySelector(`dialog[data-from="${link.getAttribute("href")}"]`);
  if (!dialog) {
    const answer = await fetch(link.href);
    const part = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-dialog-part]");
    if (!part) { location.href = link.href; return; }
    dialog = document.createElement("dialog");
    dialog.dataset.from = link.getAttribute("href");
    const close = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: link.dataset.close });
    close.dataset.closes = "";
    part.append(close);
    part.querySelector("h1").id = "dialog-title";
    dialog.setAttribute("aria-labelledby", "dialog-title");
    dialog.append(part);
    document.body.append(dialog);
    setUp(dialog);
  }
  dialog.showModal();
}

function setUp(within) {
  for (const box of within.querySelectorAll("[data-keys-on]")) box.checked = singleKeys();
}
setUp(document);
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-keys-on]")) localStorage.setItem(SINGLE, event.target.checked ? "on" : "off");
});

const KEYS = {
  "/": () => {
    const field = [...document.querySelectorAll(".find input[type=search]")].find(seen);
    if (field) { field.select(); field.focus(); }
    else document.querySelector('a[href="/console/search"]')?.click();
    return true;
  },
  "?": () => { showDialog(document.querySelector("[data-dialog]")); return true; },
  j: () => { step(1); return true; },
  k: () => { step(-1); return true; },
  r: () => write("reply"),
  n: () => write("note"),
  g: () => { leading = Date.now(); return true; },
};

document.addEventListener("keydown", (event) => {
  const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing;
  if (sends && event.target.matches("textarea")) event.target.form.requestSubmit();
  if (event.key === "Escape") {
    const menu = event.target.closest("details.menu[open]") ?? document.querySelector("details.menu[open], .me[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
    const side = document.querySelector(".side.shown, .sidebar.shown");
    if (side) return toggle(document.querySelector(`[data-toggle="${side.id}"]`), false);
    if (event.target.id === "text") event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable], dialog") || !singleKeys()) return;
  if (leading && Date.now() - leading < 1_500 && event.key !== "g") {
    leading = 0;
    const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) { event.preventDefault(); link.click(); }
    return;
  }
  leading = 0;
  const pressed = KEYS[event.key]?.();
  if (pressed) { event.preventDefault(); return; }
  const button = event.key.length === 1 && press(event.key);
  if (button) { event.preventDefault(); button.click(); if (button.matches("summary")) button.parentElement.querySelector("select, input, .menu-list button")?.focus(); }
});

document.addEventListener("click", (event) => {
  const dialog = event.target.closest("[data-dialog]");
  if (dialog && !event.ctrlKey && !event.metaKey) { event.preventDefault(); showDialog(dialog); }
  const opens = event.target.closest("[data-opens]");
  if (opens) document.getElementById(opens.dataset.opens)?.showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
  if (event.target.matches("dialog")) event.target.close();
  if (event.target.matches("[data-selects]")) event.target.select();
  const copies = event.target.closest("[data-copies]");
  if (copies) copy(copies);
  const insert = event.target.closest("[data-insert]");
  if (insert) {
    const text = document.querySelector("#text");
    insert.closest("details").open = false;
    text.focus();
    text.setRangeText(insert.dataset.insert, text.selectionStart, text.selectionEnd, "end");
    keepDraft();
  }
  for (const menu of document.querySelectorAll("details.menu[open], .me[open]")) if (!menu.contains(event.target)) menu.open = false;
});

/** Take a text along. Where the page may not write to the clipboard the text is selected, for the reader to do it. */
async function copy(button) {
  const text = document.getElementById(button.dataset.copies), words = button.querySelector("span");
  text.focus();
  text.select();
  try { await navigator.clipboard.writeText(text.value); }
  catch { return; }
  words.textContent = button.dataset.said;
  setTimeout(() => { words.textContent = button.dataset.words; }, 2_000);
}

function toggle(button, open) {
  const side = document.getElementById(button.dataset.toggle);
  const shown = side.classList.toggle("shown", open);
  const all = document.querySelectorAll(`[data-toggle="${button.dataset.toggle}"]`);
  for (const each of all) each.setAttribute("aria-expanded", String(shown));
  ([...all].find((each) => each !== button && shown === side.contains(each)) ?? [...all].find((each) => !side.contains(each)))?.focus();
}
for (const button of document.querySelectorAll("[data-toggle]")) {
  button.hidden = false;
  button.addEventListener("click", () => toggle(button));
}
for (const form of document.querySelectorAll("form[data-auto]")) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
}
const field = document.querySelector("#text");
if (field && document.querySelector("#mode-reply") && matchMedia("(pointer: fine)").matches) field.focus();
