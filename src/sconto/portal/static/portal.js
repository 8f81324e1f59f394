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
    // A product with its own percent gets none here: the merchant writes it.
    const own = button.closest("form").elements.coverage.value === "own";
    lines.push(own ? `${id} ` : id);
    list.value = lines.join("\n");
    list.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

// Enter in a search field that is part of a longer form searches; it does not send the form.

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.type !== "search") return;
  if (event.target.form?.method === "post") event.preventDefault();
});
