// The rule builder: offers the questions that a field can answer, and its values. Without it everything works, and
// what does not fit is refused in words.
const fit = (row) => {
  const field = row.querySelector("[data-field]"), op = row.querySelector("[data-op]"), value = row.querySelector("[data-value]");
  const asks = (field.selectedOptions[0]?.dataset.asks ?? "").split(" ").filter(Boolean);
  for (const option of op.options) option.hidden = option.disabled = asks.length > 0 && !asks.includes(option.value);
  if (op.selectedOptions[0]?.disabled) op.value = asks[0];
  const list = `values-${field.value.replaceAll(".", "-")}`;
  if (op.value === "empty") value.setAttribute("list", "values-shop-open");
  else if (document.getElementById(list)) value.setAttribute("list", list);
  else value.removeAttribute("list");
};
for (const row of document.querySelectorAll(".question")) {
  fit(row);
  row.addEventListener("change", () => fit(row));
}
for (const part of document.querySelectorAll("[id^='waited.']")) {
  part.addEventListener("input", () => { document.querySelector("[name=on][value=waited]").checked = true; });
}
