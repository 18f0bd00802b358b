// The case's page: copies the link to the customer's form, or the text of a mail.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = button.closest(".inquiry").querySelector("input, textarea");
  field.select();
  // Without https a browser has no clipboard; the link is selected then, to be copied by hand.
  if (!navigator.clipboard) return;
  await navigator.clipboard.writeText(field.value);
  button.querySelector("span").textContent = button.dataset.copied;
});
