// Live typing: each pause of 150 ms is assessed and not stored; the highest colour seen stays until a person lowers it.
import { $, fetchText, furnish, later, postJson, toast } from "./dom.js";

furnish();

const box = $("#words"), place = $("#typed"), keep = $("#keep");
let highest = "", machine = "", running = null;

async function assess() {
  const narrative = box.value;
  keep.disabled = !narrative.trim();
  running?.abort();
  if (!narrative.trim()) { $("#took").textContent = ""; return; }
  running = new AbortController();
  const began = performance.now();
  try {
    const { text, response } = await fetchText("/desk/typing", { narrative, highest }, running.signal);
    highest = response.headers.get("fengqiao-colour");
    machine = response.headers.get("fengqiao-machine");
    place.innerHTML = text;
    place.dataset.colour = highest;
    $("#took").textContent = `${Math.round(performance.now() - began)} 毫秒`;
  } catch (error) { if (error.name !== "AbortError") toast(error.message); }
}

function clear() {
  running?.abort();
  [box.value, highest, machine] = ["", "", ""];
  keep.disabled = true;
  delete place.dataset.colour;
  place.innerHTML = '<div class="nothing"><p>在左边写下第一句。</p></div>';
  box.focus();
}

box.addEventListener("input", later(150, assess));
$("#clear").addEventListener("click", clear);
place.addEventListener("click", (event) => {
  if (event.target.id !== "lower") return;
  highest = event.target.dataset.to;
  assess();
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
