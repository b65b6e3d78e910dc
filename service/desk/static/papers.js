// Drafts of papers: the API makes the file, the browser keeps it.
import { Refused } from "./dom.js";

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
