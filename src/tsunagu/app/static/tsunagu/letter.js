// The printed letter: opens the browser's print dialog.
"use strict";

document.querySelector("[data-print]").addEventListener("click", () => window.print());
