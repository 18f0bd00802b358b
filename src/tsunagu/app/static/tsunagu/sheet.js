// The sheet that comes up from below: opens at once, fills from the server, closes when done.
"use strict";

const sheet = document.getElementById("sheet");
const sheetBody = document.getElementById("sheet-body");

function openSheet(address) {
  sheetBody.replaceChildren(document.getElementById("sheet-wait").cloneNode(true));
  sheetBody.firstElementChild.hidden = false;
  sheetBody.firstElementChild.removeAttribute("id");
  if (!sheet.open) sheet.showModal();
  htmx.ajax("GET", address, { target: sheetBody, swap: "innerHTML" });
}

function notice(words, bad = false) {
  const box = document.getElementById("notice");
  box.textContent = words;
  box.classList.toggle("bad", bad);
  box.hidden = false;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => { box.hidden = true; }, bad ? 8000 : 4000);
}

document.addEventListener("click", (event) => {
  if (event.target === sheet || event.target.closest("[data-close]")) sheet.close();
  const opener = event.target.closest("a[data-sheet]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openSheet(opener.href);
});

// The server says no in words that belong into the sheet.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target !== sheetBody || ![403, 422].includes(event.detail.xhr.status)) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

document.addEventListener("sheet-done", (event) => {
  sheet.close();
  notice(event.detail.said);
});
