// What every page does in the browser: theme, keyboard, and word of failed requests.
"use strict";

const rows = () => [...document.querySelectorAll("[data-row]")].map((row) => row.querySelector("a"));

function step(by) {
  const links = rows();
  if (links.length === 0) return;
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by;
  links[Math.max(0, Math.min(links.length - 1, next))].focus();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => document.getElementById("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("input, select, textarea, [contenteditable], dialog");
  if (writing || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys]")) KEYS["?"]();
  if (!event.target.closest("[data-theme-switch]")) return;
  const root = document.documentElement;
  root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.bsTheme); } catch { /* only for this page then */ }
});

const trouble = (shown) => {
  const box = document.getElementById("trouble");
  box.hidden = !shown;
  // Beside an open dialog nothing can be seen or reached.
  (document.querySelector("dialog[open]") ?? document.body).append(box);
};
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, () => trouble(true));
}
document.addEventListener("htmx:afterOnLoad", () => trouble(false));
