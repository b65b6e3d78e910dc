// Recording a step of the loop or a return visit: a dialog, the API, and what is to be shown afterwards.
import { $, postJson, toast, typingNow } from "./dom.js";

function ask(button, done) {
  const dialog = $("#loop"), form = $("#loop-form"), visit = button.dataset.visit !== undefined;
  form.reset();
  $("#loop-title").textContent = `${button.dataset.name}`;
  $("#loop-says").textContent = button.dataset.about;
  $("#loop-error").textContent = "";
  $("#loop-outcome-row").hidden = !visit;
  $("#loop-unit-row").hidden = $("#loop-due-row").hidden = visit;
  $("#loop-note-name").textContent = button.dataset.needs || "说明";
  if (visit) $("#loop-outcome").replaceChildren(...button.dataset.outcomes.trim().split(" ").map((item) => new Option(...item.split(":").reverse())));
  else $("#loop-unit").value = button.dataset.unit;
  dialog.showModal();
  (visit ? $("#loop-outcome") : $("#loop-unit")).focus();
  form.onsubmit = async (event) => {
    event.preventDefault();
    const told = Object.fromEntries(new FormData(form));
    const body = { ...(told.by ? { by: told.by } : {}), ...(told.note.trim() ? { note: told.note } : {}) };
    try {
      if (visit) await postJson(`/v1/cases/${encodeURIComponent(button.dataset.visit)}/visits`, { ...body, outcome: told.outcome });
      else {
        const due = told.due ? { due: `${told.due}:00+08:00` } : {};
        await postJson(`/v1/cases/${encodeURIComponent(button.dataset.of)}/steps`, { ...body, ...due, step: button.dataset.step, unit: told.unit });
      }
      dialog.close();
      toast(`已记下: ${button.dataset.name}`);
      await done();
    } catch (error) { $("#loop-error").textContent = error.message; }
  };
}

export function loopHere(done) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step], [data-visit]");
    if (button) ask(button, done);
    if (event.target.id === "loop-cancel") $("#loop").close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "s" || event.ctrlKey || event.metaKey || event.altKey || event.repeat || typingNow(event)) return;
    const near = document.activeElement?.closest("li, article") ?? document;
    const button = $("[data-step], [data-visit]", near) ?? $("[data-note] [data-step], [data-note] [data-visit]");
    if (button) { event.preventDefault(); ask(button, done); }
  });
}
