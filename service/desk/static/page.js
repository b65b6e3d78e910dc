// Pages that are read rather than worked in: printing, drafts in Word.
import { $, furnish, typingNow } from "./dom.js";
import { papersHere } from "./papers.js";

furnish();
papersHere();

document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
document.addEventListener("keydown", (event) => {
  if (event.key === "p" && $("[data-print]") && !event.ctrlKey && !event.metaKey && !event.altKey && !typingNow(event)) { event.preventDefault(); window.print(); }
});
for (const choice of document.querySelectorAll(".controls select, .controls input")) choice.addEventListener("change", () => choice.form.requestSubmit());
