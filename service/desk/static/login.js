import { $, Refused } from "./dom.js";

$("#login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const response = await fetch("/v1/session", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ key: $("#key").value.trim() }) });
  if (response.ok) location.assign("/");
  else $("#login-error").textContent = new Refused(await response.text()).message;
});
