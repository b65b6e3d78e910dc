// The queue: filters, live arrivals, moving by keyboard, the note beside it.
import { $, fetchText, furnish, later, toast, typingNow } from "./dom.js";
import { decideHere, show } from "./decide.js";
import { loopHere } from "./loop.js";
import { papersHere } from "./papers.js";

furnish();
decideHere();
papersHere();
loopHere(() => show(chosen));

const list = $("#rows"), split = $("#split");
let lane = "all", chosen = $("[data-note]")?.dataset.note ?? null, asked = 0, told = "", paging = false;

function query(cursor) {
  const body = { status: lane === "decided" || lane === "closed" ? lane : "open", text: $("#text").value.trim(), limit: cursor ? 50 : Math.min(500, Math.max(50, list.querySelectorAll("[data-id]").length)) };
  for (const name of ["colour", "station", "category"]) if ($(`#${name}`).value) body[name] = [$(`#${name}`).value];
  if (lane === "review") body.needs_review = true;
  if (cursor) body.cursor = cursor;
  return body;
}

async function refresh() {
  if (paging) return soon(); // what is shown is about to grow
  const turn = ++asked;
  try {
    const { text } = await fetchText("/desk/queue", query());
    if (turn !== asked) return; // a later question is under way
    if (text === told) return; // nothing has changed: what has the focus keeps it, and a screen reader its place
    told = text;
    const focused = document.activeElement?.dataset?.id;
    list.innerHTML = text;
    mark();
    if (focused) row(focused)?.focus({ preventScroll: true });
  } catch (error) { toast(error.message); }
}

const row = (id) => [...list.querySelectorAll("[data-id]")].find((item) => item.dataset.id === id);

function mark() {
  for (const item of list.querySelectorAll("[data-id]")) {
    if (item.dataset.id === chosen) item.setAttribute("aria-current", "true"); else item.removeAttribute("aria-current");
  }
}

async function open(id) {
  chosen = id;
  mark();
  try {
    await show(id);
    split.classList.add("showing");
    history.replaceState(null, "", `/?note=${encodeURIComponent(id)}`);
  } catch (error) { toast(error.message); }
}

function move(step) {
  const rows = [...list.querySelectorAll("[data-id]")];
  if (!rows.length) return;
  const at = rows.findIndex((item) => item === document.activeElement);
  const from = at >= 0 ? at : rows.findIndex((item) => item.dataset.id === chosen);
  const next = rows[Math.min(rows.length - 1, Math.max(0, from + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

list.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-id]");
  if (link && !event.ctrlKey && !event.metaKey) { event.preventDefault(); return open(link.dataset.id); }
  const more = event.target.closest("#more");
  if (!more || paging) return;
  paging = true;
  ++asked; // a list that was asked for before would come without the next page
  try {
    const { text } = await fetchText("/desk/queue", query(more.dataset.cursor));
    told = "";
    more.closest("li").remove();
    list.insertAdjacentHTML("beforeend", text);
  } catch (error) { toast(error.message); }
  paging = false;
  soon();
});

$("#note").addEventListener("click", (event) => {
  if (!event.target.closest(".back")) return;
  event.preventDefault();
  split.classList.remove("showing");
  history.replaceState(null, "", "/");
  row(chosen)?.focus();
});

$("#filters").addEventListener("submit", (event) => event.preventDefault());
$("#text").addEventListener("input", later(250, refresh));
for (const name of ["colour", "station", "category"]) $(`#${name}`).addEventListener("change", refresh);
for (const button of document.querySelectorAll("[data-lane]")) {
  button.addEventListener("click", () => {
    lane = button.dataset.lane;
    for (const other of document.querySelectorAll("[data-lane]")) other.setAttribute("aria-pressed", String(other === button));
    refresh();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.id === "text") { event.target.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || typingNow(event)) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "/") $("#text").focus();
  else if (event.key === "Escape" && split.classList.contains("showing")) $(".back")?.click();
  else return;
  event.preventDefault();
});

// Arrivals and decisions. The stream says codes only; what is shown is asked for again, so that filters and order stay the server's.
const soon = later(200, refresh);
document.addEventListener("decided", soon);
const events = new EventSource("/v1/events");
events.addEventListener("open", () => { $("#live").hidden = false; $("#live").textContent = "● 实时"; $("#live").classList.remove("lost"); soon(); });
events.addEventListener("error", () => { $("#live").hidden = false; $("#live").textContent = "○ 重连中"; $("#live").classList.add("lost"); });
for (const kind of ["assess", "decide"]) {
  events.addEventListener(kind, (event) => {
    const told = JSON.parse(event.data);
    if (kind === "assess" && told.rank === told.levels - 1 && told.status === "open") {
      $("#alarm").textContent = "新到一起最高级警情";
      toast("▲ 新到一起最高级警情");
      document.title = "▲ 队列 · 枫桥";
    }
    if (told.id === chosen && !document.querySelector("dialog[open]")) show(chosen).catch((error) => toast(error.message));
    soon();
  });
}
window.addEventListener("focus", () => { document.title = "队列 · 枫桥"; });
setInterval(refresh, 60_000); // clocks and ages
