// Forms a little better: the error summary is read first, and a double click sends once.
document.querySelector("[data-focus]")?.focus();

const sent = new WeakMap();
document.addEventListener("submit", (event) => {
  if (Date.now() - (sent.get(event.target) ?? 0) < 3000) event.preventDefault();
  else sent.set(event.target, Date.now());
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

for (const box of document.querySelectorAll("[data-shows]")) {
  const field = document.getElementById(box.dataset.shows);
  box.closest("[hidden]").hidden = false;
  box.addEventListener("change", () => { field.type = box.checked ? "text" : "password"; });
}
