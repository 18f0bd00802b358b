// The editor of a playbook: asks before what was typed is left behind, and shows refusals.
"use strict";

let typed = false;

document.addEventListener("input", (event) => { if (event.target.closest("#editor")) typed = true; });
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "editor") typed = true;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "editor" || event.detail.xhr.status !== 422) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});
document.addEventListener("htmx:afterSwap", () => {
  document.querySelector("#editor .alert-danger")?.scrollIntoView({ block: "center" });
});
document.addEventListener("htmx:beforeOnLoad", (event) => {
  // Published: the answer is another page.
  if (event.detail.xhr.getResponseHeader("HX-Redirect")) typed = false;
});
document.addEventListener("submit", (event) => { if (!window.htmx && event.target.id === "editor") typed = false; });
window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
