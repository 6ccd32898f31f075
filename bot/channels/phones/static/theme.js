// Sets the chosen colours before the page is painted; the system's are followed without a choice.
(() => {
  const chosen = localStorage.getItem("phones.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
