// The inbox by keyboard: c confirms the row in hand, d dismisses it; after that the next one is.
"use strict";

let place = 0;

const row = () => document.activeElement?.closest("[data-row]") ?? document.querySelector("[data-row]");

function decide(name) {
  const found = row();
  if (!found) return;
  place = [...document.querySelectorAll("[data-row]")].indexOf(found);
  found.querySelector(`[data-${name}]`)?.click();
}

document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("input, select, textarea, [contenteditable], dialog");
  if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "c") decide("confirm");
  if (event.key === "d") decide("dismiss");
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt?.id !== "rows" || !event.detail.requestConfig?.triggeringEvent?.type?.startsWith("case-changed")) return;
  const links = [...document.querySelectorAll("[data-row] a")].filter((a) => a.classList.contains("name"));
  links[Math.min(place, links.length - 1)]?.focus();
});
