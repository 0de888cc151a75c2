/* Tickets: all boxes at once, and cards that are dragged. Without this the forms do the same. */

const all = document.querySelector("[data-all]");
if (all) {
  const boxes = [...document.querySelectorAll("#picked input[name=pick]")];
  all.hidden = false;
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
}

const board = document.querySelector("[data-board]");
const said = document.querySelector("[data-said]");
let moving = null;

/** Send the card's own form: the server decides, and the page comes back as it is then. */
function move(card, status) {
  const form = card.querySelector("form"), choice = form?.elements.status;
  if (!choice || ![...choice.options].some((one) => one.value === status)) {
    said.textContent = board.dataset.refused;
    return;
  }
  choice.value = status;
  said.textContent = board.dataset.moved
    .replace("{number}", card.dataset.number).replace("{status}", choice.selectedOptions[0].textContent);
  form.requestSubmit();
}

function columnOf(event) {
  const column = event.target.closest?.(".column");
  return column && moving?.dataset.moves.split(" ").includes(column.dataset.status) ? column : null;
}

function end() {
  moving?.classList.remove("moving");
  for (const column of board.querySelectorAll(".column")) column.classList.remove("over", "no");
  moving = null;
}

if (board) {
  for (const card of board.querySelectorAll(".ticket-card")) if (card.querySelector("form")) card.draggable = true;
  board.addEventListener("dragstart", (event) => {
    moving = event.target.closest?.(".ticket-card");
    if (!moving) return;
    event.dataTransfer.setData("text/plain", moving.dataset.number);
    event.dataTransfer.effectAllowed = "move";
    moving.classList.add("moving");
    const moves = moving.dataset.moves.split(" ");
    for (const column of board.querySelectorAll(".column")) {
      column.classList.toggle("no", !column.contains(moving) && !moves.includes(column.dataset.status));
    }
  });
  board.addEventListener("dragover", (event) => {
    const column = columnOf(event);
    for (const one of board.querySelectorAll(".column.over")) one.classList.toggle("over", one === column);
    if (!column) return;
    event.preventDefault();
    column.classList.add("over");
  });
  board.addEventListener("drop", (event) => {
    const column = columnOf(event), card = moving;
    if (!column || !card) return;
    event.preventDefault();
    end();
    move(card, column.dataset.status);
  });
  board.addEventListener("dragend", end);
}
