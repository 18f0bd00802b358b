// Runs before the page is drawn, so that it does not flash in the other theme.
(function () {
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch { /* storage is blocked: follow the device */ }
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
})();
