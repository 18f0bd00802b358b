// Fetches a file by itself, once it is there.
"use strict";

const fetchOnce = () => {
  const link = document.querySelector("[data-fetch]");
  if (!link) return;
  link.removeAttribute("data-fetch");
  // Going back to this page must not fetch again.
  history.replaceState(null, "", location.pathname);
  link.click();
};

document.addEventListener("DOMContentLoaded", fetchOnce);
document.addEventListener("htmx:afterSettle", fetchOnce);
