// Stages are dragged by their handle; the arrows beside them do the same without a mouse.
"use strict";

async function keep(list) {
  const order = [...list.querySelectorAll("[data-id]")].map((item) => item.dataset.id).join(",");
  const csrf = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const said = document.getElementById("order-said");
  try {
    const answer = await fetch(list.dataset.order, { method: "POST", body: new URLSearchParams({ order }), headers: { "X-CSRFToken": csrf } });
    // The arrows of the first and the last stage are for the order that the page was made with.
    if (answer.ok) return location.reload();
    said.textContent = await answer.text();
  } catch {
    said.textContent = document.getElementById("trouble").textContent;
  }
  said.hidden = false;
}

document.addEventListener("DOMContentLoaded", () => {
  const list = document.querySelector("[data-order]");
  if (!matchMedia("(pointer: fine)").matches) return;
  list.classList.add("draggable");
  Sortable.create(list, { handle: ".handle", draggable: "[data-id]", animation: 120, onEnd: () => keep(list) });
});
