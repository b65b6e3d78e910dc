// Live typing: what stands in the box is assessed and not stored; the highest colour seen stays until a person lowers it.
// One question at a time, and the newest words next: as quick as the service answers, and no queue where it is slow.
import { $, fetchText, furnish, later, postJson, toast } from "./dom.js";

furnish();

const box = $("#words"), place = $("#typed"), keep = $("#keep"), said = $("#said");
let highest = "", machine = "", running = null, again = false, struck = 0;

async function assess() {
  keep.disabled = !box.value.trim();
  if (running) { again = true; return; }
  do {
    again = false;
    await answer(box.value, struck);
  } while (again);
}

async function answer(narrative, since) {
  if (!narrative.trim()) { $("#took").textContent = ""; return; }
  running = new AbortController();
  try {
    const { text, response } = await fetchText("/desk/typing", { narrative, highest }, running.signal);
    highest = response.headers.get("fengqiao-colour");
    machine = response.headers.get("fengqiao-machine");
    place.innerHTML = text;
    place.dataset.colour = highest;
    place.dataset.took = Math.round(performance.now() - since);
    $("#took").textContent = `按键后 ${place.dataset.took} 毫秒`;
    const heading = $("h2", place).textContent.trim();
    if (said.textContent !== heading) said.textContent = heading; // a screen reader hears what changed, not all of it again
  } catch (error) { if (error.name !== "AbortError") toast(error.message); } finally { running = null; }
}

function clear() {
  running?.abort();
  again = false;
  said.textContent = "";
  [box.value, highest, machine] = ["", "", ""];
  keep.disabled = true;
  delete place.dataset.colour;
  place.innerHTML = '<div class="nothing"><p>在左边写下第一句。</p></div>';
  box.focus();
}

const soon = later(30, assess); // a paste or a held key is one change
const typed = () => { struck = performance.now(); soon(); };
box.addEventListener("input", (event) => { if (!event.isComposing) typed(); }); // letters on the way to a character are no words yet
box.addEventListener("compositionend", typed);
$("#clear").addEventListener("click", clear);
place.addEventListener("click", (event) => {
  if (event.target.id !== "lower") return;
  highest = event.target.dataset.to;
  typed();
  box.focus();
});

keep.addEventListener("click", async () => {
  keep.disabled = true;
  try {
    const { response } = await fetchText("/v1/assessments", { narrative: box.value, occurred_at: new Date().toISOString(), channel: "接警录入" });
    const id = response.headers.get("fengqiao-assessment-id");
    const order = keep.dataset.levels.trim().split(" ");
    if (order.indexOf(highest) > order.indexOf(machine)) await postJson(`/v1/assessments/${encodeURIComponent(id)}/decision`, { colour: highest });
    location.assign(`/?note=${encodeURIComponent(id)}`);
  } catch (error) { keep.disabled = false; toast(error.message); }
});
box.focus();
