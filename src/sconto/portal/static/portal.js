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

// Enter in a search field that is part of a longer form searches; it does not send the form.

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.type !== "search") return;
  if (event.target.form?.method === "post") event.preventDefault();
});
