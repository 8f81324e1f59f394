// Menus of rows close on a click elsewhere, and on Escape.

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.more[open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("details.more")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelector("details.more[open] > summary")?.focus();
  closeMenus(null);
});

// A click on a found product adds it to the list.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-product]");
  if (!button) return;
  const list = button.closest("form").elements.products;
  const lines = list.value.split("\n").filter((line) => line.trim());
  const id = button.dataset.product;
  if (!lines.some((line) => line.split(/[\s,;]+/).includes(id))) {
    const own = button.closest("form").elements.coverage.value === "own";
    const percent = lines.at(-1)?.split(/\s+/)[1] ?? "10";
    lines.push(own ? `${id} ${percent}` : id);
    list.value = lines.join("\n");
    list.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
