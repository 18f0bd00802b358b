// Cards are dragged between columns with a mouse; elsewhere each card's own menu moves it.
"use strict";

const csrf = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];

async function move(card, from, place, stage) {
  const body = new URLSearchParams({ stage });
  try {
    const answer = await fetch(card.dataset.drop, { method: "POST", body, headers: { "X-CSRFToken": csrf() } });
    const { message } = await answer.json();
    notice(message, !answer.ok);
    if (answer.ok) return htmx.trigger(document.body, "deal-changed");
  } catch {
    notice(document.getElementById("trouble").textContent, true);
  }
  from.insertBefore(card, place);
}

function dragged(event) {
  if (event.from === event.to) return;
  move(event.item, event.from, event.from.children[event.oldIndex] ?? null, event.to.dataset.stage);
}

function watch() {
  if (!matchMedia("(pointer: fine)").matches) return;
  for (const list of document.querySelectorAll("[data-stage]")) {
    if (Sortable.get(list)) continue;
    Sortable.create(list, { group: "board", sort: false, draggable: "[data-deal]", animation: 120, onEnd: dragged });
  }
}

document.addEventListener("DOMContentLoaded", watch);
document.addEventListener("htmx:load", watch);
