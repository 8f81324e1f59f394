// Buttons with `data-copy` copy that text, and say so to eyes and to screen readers.

(() => {
  const SHOWN_FOR = 2000;

  const told = document.createElement("div");
  told.className = "unseen";
  told.setAttribute("role", "status");

  function show(root) {
    for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  }

  // Where the clipboard cannot be written, as in a page without HTTPS, the browser copies what is
  // selected in a field.
  async function write(text) {
    if (navigator.clipboard && window.isSecureContext) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        // Not allowed: try the field.
      }
    }
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    field.setAttribute("aria-hidden", "true");
    document.body.append(field);
    const focused = document.activeElement;
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    focused?.focus();
    return copied;
  }

  function tell(button) {
    told.textContent = "";
    document.body.append(told);
    // A screen reader reads a text that changes in an element that it knows.
    setTimeout(() => { told.textContent = button.dataset.copied; }, 100);
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), SHOWN_FOR);
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (button && await write(button.dataset.copy)) tell(button);
  });

  document.body.addEventListener("htmx:afterSettle", (event) => show(event.target));
  document.body.addEventListener("htmx:load", (event) => show(event.target));
  show(document);
})();
