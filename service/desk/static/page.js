// Pages that are read rather than worked in: printing, drafts in Word.
import { $, furnish, toast, typingNow } from "./dom.js";
import { download } from "./papers.js";

furnish();

document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-print]")) return window.print();
  const button = event.target.closest("[data-paper]");
  if (!button) return;
  const { paper, since, hours, station } = button.dataset;
  const until = new Date(new Date(`${since}+08:00`).getTime() + Number(hours) * 3_600_000).toISOString();
  try { await download(paper, { since: `${since}+08:00`, until, ...(station ? { station, set: { station } } : {}) }); } catch (error) { toast(error.message); }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "p" && $("[data-print]") && !event.ctrlKey && !event.metaKey && !event.altKey && !typingNow(event)) { event.preventDefault(); window.print(); }
});
for (const choice of document.querySelectorAll(".controls select, .controls input")) choice.addEventListener("change", () => choice.form.requestSubmit());
