// The team room: names after "@", and the refusal of a comment in its own form.
"use strict";

const TYPED = /(?:^|[^A-Za-z0-9._%+-])[@＠]([^\s@＠]{0,20})$/;
const field = () => document.getElementById("say-text");
const names = () => document.getElementById("say-people");

function ask() {
  clearTimeout(ask.timer);
  const found = TYPED.exec(field().value.slice(0, field().selectionStart));
  if (!found) return names().replaceChildren();
  ask.timer = setTimeout(() => {
    const address = `${field().dataset.mentions}?q=${encodeURIComponent(found[1])}`;
    htmx.ajax("GET", address, { target: "#say-people", swap: "innerHTML" });
  }, 150);
}

function take(name) {
  const box = field();
  const before = box.value.slice(0, box.selectionStart).replace(/[@＠][^\s@＠]{0,20}$/, `@${name} `);
  const after = box.value.slice(box.selectionStart);
  box.value = before + after;
  box.focus();
  box.setSelectionRange(before.length, before.length);
  names().replaceChildren();
}

document.addEventListener("input", (event) => {
  if (event.target === field()) ask();
});

document.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-name]");
  if (chosen) take(chosen.dataset.name);
  if (!event.target.closest("[data-say]")) return;
  event.preventDefault();
  // At once: a key or the telephone's keyboard would stop a smooth scroll halfway.
  field().focus({ preventScroll: true });
  document.getElementById("say").scrollIntoView({ block: "start", behavior: "instant" });
});

document.addEventListener("keydown", (event) => {
  const shown = names() ? [...names().querySelectorAll("button")] : [];
  const inside = event.target === field() || shown.includes(event.target);
  if (!shown.length || !inside || event.isComposing) return;
  const at = shown.indexOf(document.activeElement);
  if (event.key === "ArrowDown") shown[Math.min(at + 1, shown.length - 1)].focus();
  else if (event.key === "ArrowUp" && at >= 0) (shown[at - 1] ?? field()).focus();
  else if (event.key === "Escape") names().replaceChildren();
  else return;
  event.preventDefault();
});

// The server says no in words that belong into the form.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "say" || event.detail.xhr.status !== 422) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});
