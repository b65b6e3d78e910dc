// Drafts of papers: the API makes the file, the browser keeps it.
import { Refused, toast } from "./dom.js";

const WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

async function made(kind, body, accept) {
  const response = await fetch(`/v1/papers/${encodeURIComponent(kind)}`, {
    method: "POST", headers: { "content-type": "application/json", accept }, body: JSON.stringify(body), credentials: "same-origin",
  });
  if (!response.ok) throw new Refused(await response.text());
  return response;
}

export async function download(kind, body) {
  const response = await made(kind, body, WORD);
  const name = decodeURIComponent(/filename\*=UTF-8''([^;]+)/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? `${kind}.docx`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Buttons that make a file: of one incident, or of the hours of a day.
export function papersHere() {
  document.addEventListener("click", async (event) => {
    const told = event.target.closest("[data-paper]")?.dataset;
    if (!told) return;
    const until = () => new Date(new Date(`${told.since}+08:00`).getTime() + Number(told.hours) * 3_600_000).toISOString();
    const day = () => ({ since: `${told.since}+08:00`, until: until(), ...(told.station ? { station: told.station, set: { station: told.station } } : {}) });
    try { await download(told.paper, told.incident ? { incident: told.incident } : day()); } catch (error) { toast(error.message); }
  });
}
