// Deciding: one key accepts, one raises; lowering and closing ask why, and for the upper colours who the second person is.
import { $, fetchText, postJson, toast, typingNow } from "./dom.js";

const KEYS = { a: "accept", u: "raise", d: "lower", x: "close" };
const vouches = document.body.dataset.vouches === "yes";

const open = () => $("[data-note]");
const levelsOf = (note) => note.dataset.levels.trim().split(" ").map((item) => item.split(":"));

export async function show(id, place = $("#note")) {
  const { text } = await fetchText(`/desk/notes/${encodeURIComponent(id)}?part=true`);
  place.innerHTML = text;
  place.scrollTop = 0;
}

async function send(note, body, said) {
  const done = await postJson(`/v1/assessments/${encodeURIComponent(note.dataset.assessment)}/decision`, body);
  toast(done.decision.state === "pending" ? "已记下, 待第二人确认; 现级未变" : said);
  await show(note.dataset.note);
  document.dispatchEvent(new CustomEvent("decided"));
}

function ask({ title, says, colours = [], reason = false, second = false, by = vouches }) {
  const dialog = $("#ask"), form = $("#ask-form");
  form.reset();
  $("#ask-title").textContent = title;
  $("#ask-says").textContent = says;
  $("#ask-error").textContent = "";
  $("#ask-colour-row").hidden = colours.length === 0;
  $("#ask-colour").replaceChildren(...colours.map(([code, name]) => new Option(name, code)));
  $("#ask-reason-row").hidden = !reason;
  if (vouches) { $("#ask-by-row").hidden = !by; $("#ask-second-row").hidden = !second; }
  dialog.showModal();
  (reason ? $("#ask-reason") : $("#ask-by") ?? $("#ask-ok")).focus();
  return (act) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      const told = Object.fromEntries(new FormData(form));
      if (reason && told.reason.trim().length < 2) { $("#ask-error").textContent = "请写理由。"; return $("#ask-reason").focus(); }
      if (second && told.second && !told.by) { $("#ask-error").textContent = "写了第二人, 也须写自己的警号。"; return $("#ask-by").focus(); }
      try { await act(told); dialog.close(); } catch (error) { $("#ask-error").textContent = error.message; }
    };
  };
}

const named = (told) => ({ ...(told.by ? { by: told.by } : {}), ...(told.by && told.second ? { second_person: told.second } : {}) });

async function act(kind, button) {
  const note = open();
  if (!note || button?.disabled) return;
  const levels = levelsOf(note), rank = Number(note.dataset.rank), upper = 2 * rank >= levels.length;
  const guarded = upper ? "橙色、红色须第二人同意; 未填第二人则待其确认, 现级不变。" : "";
  try {
    if (kind === "accept") return await send(note, { colour: note.dataset.colour }, "已认可");
    if (kind === "raise" && levels[rank + 1]) return await send(note, { colour: levels[rank + 1][0] }, `已调高为${levels[rank + 1][1]}`);
    if (kind === "lower" && rank > 0) {
      const lower = levels.slice(0, rank).reverse();
      return ask({ title: "调低", says: guarded, colours: lower, reason: true, second: upper })((told) =>
        send(note, { colour: told.colour, reason: told.reason, ...named(told) }, "已调低"));
    }
    if (kind === "close") {
      return ask({ title: "办结", says: guarded, reason: true, second: upper })((told) => send(note, { close: true, reason: told.reason, ...named(told) }, "已办结"));
    }
    const decision = button?.dataset.decision;
    if (kind === "confirm" && vouches) {
      return ask({ title: "第二人确认", says: "须是另一人。" })((told) => send(note, { confirms: decision, ...named(told) }, "已确认"));
    }
    if (kind === "confirm") return await send(note, { confirms: decision }, "已确认");
    if (kind === "withdraw") return await send(note, { withdraws: decision }, "已撤回");
  } catch (error) { toast(error.message); }
}

export function decideHere() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button) act(button.dataset.act, button);
    if (event.target.id === "ask-cancel") $("#ask").close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typingNow(event)) return;
    const button = KEYS[event.key] && $(`[data-act="${KEYS[event.key]}"]`);
    if (button) { event.preventDefault(); act(KEYS[event.key], button); }
  });
}
