/* What the console does by itself: fresh lists, local times, drafts that survive, keys. Pages work without it. */

const EVERY = 3_000, HIDDEN = 20_000, LATE = 10_000, NEAR = 120;
const root = document.documentElement;
const lost = document.querySelector(".lost");
const title = document.title;
const locale = navigator.languages.find((one) => one.split("-")[0] === root.lang.split("-")[0]) ?? root.lang;
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

/** Put a region's new text into the page; words being written stay. */
function refresh(region, html) {
  const box = new DOMParser().parseFromString(html, "text/html").body;
  localise(box);
  const before = region.querySelector("textarea");
  const draft = before?.value, focused = before && document.activeElement === before;
  const stick = "stick" in region.dataset && region.scrollHeight - region.scrollTop - region.clientHeight < NEAR;
  const olds = [...region.children], news = [...box.children];
  if (olds.length === news.length) olds.forEach((old, index) => update(old, news[index]));
  else region.replaceChildren(...news);
  const after = region.querySelector("textarea");
  if (after && after !== before) {
    after.value = draft || after.value;
    if (focused) after.focus();
  }
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

/** Ask whether the page is out of date; one question at a time. */
async function look(live) {
  const url = new URL(live.dataset.live, location.href);
  url.searchParams.set("version", live.dataset.version);
  const answer = await fetch(url, { signal: AbortSignal.timeout(LATE), cache: "no-store" });
  if (answer.status === 401) return say(lost.dataset.signedOut, lost.dataset.signIn);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const { version, waiting, regions } = await answer.json();
  live.dataset.version = version;
  for (const [name, html] of Object.entries(regions ?? {})) {
    const region = live.querySelector(`[data-region="${name}"]`);
    if (region) refresh(region, html);
  }
  showWaiting(waiting);
  say("");
}

async function watch(live) {
  for (let misses = 0; ;) {
    const pause = (document.hidden ? HIDDEN : EVERY) * (1 + Math.min(misses, 4));
    await new Promise((wake) => {
      const timer = setTimeout(wake, pause);
      document.addEventListener("visibilitychange", () => { clearTimeout(timer); wake(); }, { once: true });
    });
    if (live.dataset.paused) continue;
    try { await look(live); misses = 0; }
    catch { misses += 1; if (misses > 1) say(lost.dataset.lost); }
  }
}

localise(document);
showWaiting(Number(document.querySelector("[data-waiting]")?.textContent ?? 0));
for (const scroller of document.querySelectorAll("[data-stick]")) scroller.scrollTop = scroller.scrollHeight;
for (const live of document.querySelectorAll("[data-live]")) watch(live);

// A form is sent once, however often it is pressed; while it is on its way the page does not change under it.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method !== "post") return;
  form.dataset.sent = "yes";
  form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-disabled", "true"));
  form.closest("[data-live]")?.setAttribute("data-paused", "yes");
});
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

document.addEventListener("keydown", (event) => {
  const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing;
  if (sends && event.target.matches("textarea")) event.target.form.requestSubmit();
  const writing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const field = [...document.querySelectorAll(".find input")].find((one) => one.getClientRects().length);
    if (field) { event.preventDefault(); field.select(); field.focus(); }
  }
  if (event.key === "Escape") document.querySelector(".side.shown") && toggle(document.querySelector("[data-toggle]"), false);
});

function toggle(button, open) {
  const side = document.getElementById(button.dataset.toggle);
  const shown = side.classList.toggle("shown", open);
  const all = document.querySelectorAll(`[data-toggle="${button.dataset.toggle}"]`);
  for (const each of all) each.setAttribute("aria-expanded", String(shown));
  [...all].find((each) => each !== button && shown === side.contains(each))?.focus();
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
