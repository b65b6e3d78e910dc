// The board: moving between columns and matters by keyboard, recording a step, and what others record shown as it happens.
import { $, fetchText, furnish, later, toast, typingNow } from "./dom.js";
import { loopHere } from "./loop.js";

furnish();

const board = $("#board");
const card = (id) => [...board.querySelectorAll("[data-card]")].find((item) => item.dataset.card === id);

async function refresh() {
  const focused = document.activeElement?.dataset?.card;
  try {
    board.innerHTML = (await fetchText(`/desk/board?part=true&station=${encodeURIComponent(board.dataset.station)}`)).text;
    if (focused) card(focused)?.focus({ preventScroll: true });
  } catch (error) { toast(error.message); }
}

function move(across, down) {
  const columns = [...board.querySelectorAll(".column")].map((column) => [...column.querySelectorAll("[data-card]")]);
  let x = columns.findIndex((cards) => cards.includes(document.activeElement));
  if (x < 0) return columns.find((cards) => cards.length)?.[0].focus();
  let y = columns[x].indexOf(document.activeElement) + down;
  if (across) {
    do x += across; while (columns[x] && !columns[x].length);
    if (!columns[x]) return;
  }
  columns[x][Math.max(0, Math.min(y, columns[x].length - 1))].focus();
}

const STEPS = { h: [-1, 0], l: [1, 0], j: [0, 1], k: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typingNow(event) || !STEPS[event.key]) return;
  if (event.key.startsWith("Arrow") && !document.activeElement?.dataset?.card) return; // the page scrolls as always
  event.preventDefault();
  move(...STEPS[event.key]);
});
for (const choice of document.querySelectorAll(".controls select")) choice.addEventListener("change", () => choice.form.requestSubmit());

loopHere(refresh);
const soon = later(300, refresh);
const events = new EventSource("/v1/events");
for (const kind of ["case", "decide"]) events.addEventListener(kind, soon);
events.addEventListener("open", () => { $("#live").hidden = false; $("#live").textContent = "● 实时"; $("#live").classList.remove("lost"); });
events.addEventListener("error", () => { $("#live").hidden = false; $("#live").textContent = "○ 重连中"; $("#live").classList.add("lost"); });
setInterval(refresh, 60_000); // what is late
