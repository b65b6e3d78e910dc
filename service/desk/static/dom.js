// Small hand-written ES modules instead of a framework: three things happen here (a fragment is swapped, an event arrives, a key is pressed),
// and all of it fits a policy that allows neither inline code nor eval. Fragments come escaped from the server's templates.

export const $ = (selector, root = document) => root.querySelector(selector);

export async function fetchText(url, body, signal) {
  const options = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(url, { ...options, signal, credentials: "same-origin" });
  if (response.status === 401 || (response.redirected && new URL(response.url).pathname === "/desk/login")) {
    location.assign("/desk/login");
    throw new Error("signed out");
  }
  const text = await response.text();
  if (!response.ok) throw new Refused(text);
  return { text, response };
}

// A problem document of the API: its Chinese title and remedy are what the officer reads.
export class Refused extends Error {
  constructor(text) {
    let told = {};
    try { told = JSON.parse(text); } catch { told = { title: "服务没有答复" }; }
    super([told.title, told.remedy].filter(Boolean).join(": "));
    this.code = told.code;
  }
}

export const postJson = async (url, body) => JSON.parse((await fetchText(url, body)).text);

let fading;
export function toast(text) {
  const place = $("#toast");
  place.textContent = text;
  place.classList.add("shown");
  clearTimeout(fading);
  fading = setTimeout(() => place.classList.remove("shown"), 4000);
}

export function later(wait, act) {
  let timer;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => act(...given), wait); };
}

export const typingNow = (event) => event.target.closest("input, textarea, select, dialog[open]") !== null;

const PLACES = { q: "/", n: "/desk/typing", b: "/desk/board", r: "/desk/daily", o: "/desk/overview" };

// What all pages with a top bar share: help, signing out, lighting up the words that a chip rests on.
export function furnish() {
  const page = document.body.dataset.page;
  $(`[data-nav="${page === "note" ? "queue" : page}"]`)?.setAttribute("aria-current", "page");
  const help = $("#help");
  $("#help-open")?.addEventListener("click", () => help.showModal());
  $("#sign-out")?.addEventListener("click", async () => { await fetch("/v1/session", { method: "DELETE" }); location.assign("/desk/login"); });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typingNow(event)) return;
    if (event.key === "?") help.showModal();
    else if (PLACES[event.key] && PLACES[event.key] !== location.pathname) location.assign(PLACES[event.key]);
    else return;
    event.preventDefault();
  });
  for (const [on, off] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
    document.addEventListener(on, (event) => light(event.target, true));
    document.addEventListener(off, (event) => light(event.target, false));
  }
}

function light(from, on) {
  const wanted = from.closest?.("[data-shows]")?.dataset.shows;
  if (!wanted) return;
  for (const piece of document.querySelectorAll("[data-by]")) if (piece.dataset.by.split(" ").includes(wanted)) piece.classList.toggle("lit", on);
}
