// The search field of every page: `/` and Ctrl K lead to it, arrow keys go through what is found.

const field = document.getElementById("search-everything");
const box = field.closest("search");
const live = document.getElementById("search-live");

// These describe what this script does, so without it the field is a plain one.
field.setAttribute("role", "combobox");
field.setAttribute("aria-autocomplete", "list");
field.setAttribute("aria-controls", "search-live");
field.setAttribute("aria-expanded", "false");

const options = () => [...live.querySelectorAll('[role="option"]')];
const chosen = () => live.querySelector('[aria-selected="true"]');

function open(isOpen) {
  live.hidden = !isOpen;
  field.setAttribute("aria-expanded", String(isOpen && options().length > 0));
  if (!isOpen) choose(null);
}

function choose(option) {
  chosen()?.removeAttribute("aria-selected");
  if (!option) return field.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = options();
  if (live.hidden) return all.length ? open(true) : undefined;
  // BeforeAfter the options there is the field itself, which is place 0.
  const places = all.length + 1;
  const place = (all.indexOf(chosen()) + 1 + step + places) % places;
  choose(place ? all[place - 1] : null);
}

field.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && chosen() && !live.hidden) {
    event.preventDefault();
    chosen().click();
  } else if (event.key === "Escape" && !live.hidden) {
    event.preventDefault(); // Chromium would empty the field
    open(false);
  }
});

field.addEventListener("input", () => {
  if (!field.value.trim()) {
    live.replaceChildren();
    open(false);
  }
});
field.addEventListener("focus", () => options().length && field.value.trim() && open(true));
document.addEventListener("click", (event) => event.target.closest("search") !== box && open(false));
box.addEventListener("focusout", (event) => {
  if (event.relatedTarget && !box.contains(event.relatedTarget)) open(false);
});

live.addEventListener("htmx:afterSwap", () => {
  options().forEach((option, number) => (option.id = `search-option-${number}`));
  choose(null);
  open(live.childElementCount > 0 && field.value.trim() !== "" && document.activeElement === field);
});

document.addEventListener("keydown", (event) => {
  const letters = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTypedInto(event.target);
  if (!letters && !slash) return;
  event.preventDefault();
  field.focus();
  field.select();
});

function isTypedInto(element) {
  return element.isContentEditable || (element.matches("input, textarea, select") && !element.matches("[type=checkbox], [type=radio]"));
}

// A search that gets no answer says so, here and in the filters of lists.

function complaint() {
  const text = document.createElement("p");
  text.className = "said warning";
  text.setAttribute("role", "alert");
  text.textContent = box.dataset.unreachable;
  return text;
}

for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => {
    if (event.target === field) {
      live.replaceChildren(complaint());
      live.hidden = false;
    } else if (event.target.closest("search")) {
      document.querySelector("#results > .said")?.remove();
      document.getElementById("results")?.prepend(complaint());
    }
  });
}
