// Writing a campaign: shows how it reads to real contacts a moment after each change, and asks before what was written
// is left behind. Without it the button does the same.
const form = document.querySelector("[data-compose]"), side = document.getElementById("seen"), now = document.getElementById("seen-now");
let timer = 0, asked = null, changed = form.dataset.compose === "unsaved";
const look = async () => {
  asked?.abort();
  asked = new AbortController();
  const fields = new URLSearchParams(new FormData(form));
  fields.set("do", "look:live");
  try {
    const answer = await fetch("/console/campaigns/look", { method: "POST", body: fields, signal: asked.signal });
    if (answer.status !== 200) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("seen-now");
    if (page) { now.replaceChildren(...page.childNodes); side.classList.remove("old"); }
  } catch (error) {
    if (error.name !== "AbortError") side.classList.add("old");
  }
};
form.addEventListener("input", () => {
  changed = true;
  side.classList.toggle("old", now.childElementCount > 0);
  clearTimeout(timer);
  timer = setTimeout(look, 800);
});
form.querySelector("[aria-invalid=true]")?.focus();
if (form.elements.segment_id.value && !now.childElementCount) look();
form.addEventListener("submit", () => { changed = false; clearTimeout(timer); });
addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
