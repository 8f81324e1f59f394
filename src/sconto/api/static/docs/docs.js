// Swagger UI as assistive technology needs it: what its markup lacks is added as it draws.

// The path of an operation stands in a button, where no link may be: it becomes plain text. The
// button opens the operation, and that writes its fragment into the address.
const PlainPaths = (system) => ({
  wrapComponents: {
    DeepLink: (Original) => (props) =>
      String(props.path).includes("/")
        ? system.React.createElement("span", null, props.text)
        : system.React.createElement(Original, props),
  },
});

const NAMES = [
  ["#servers", () => "Server"],
  [".parameters-col_description select, .parameters-col_description input", parameterOf],
  ["select.content-type, .content-type select", () => "Content type"],
  [".examples-select__section-label + select, .examples-select-element", () => "Example"],
  ["select, textarea, input", parameterOf],
];

function parameterOf(field) {
  const row = field.closest("tr[data-param-name]");
  return row ? row.dataset.paramName : field.placeholder || "Value";
}

// The text of a label around a list is that of its choices, which is no name.
function isNamed(field) {
  if (field.hasAttribute("aria-label")) return true;
  return [...(field.labels ?? [])].some((label) => !label.contains(field) && label.textContent.trim());
}

function mend() {
  const page = document.getElementById("swagger-ui");
  for (const [where, nameOf] of NAMES) {
    for (const field of page.querySelectorAll(where)) {
      if (!isNamed(field)) field.setAttribute("aria-label", nameOf(field));
    }
  }
  // Wide examples scroll: with the arrow keys too.
  for (const block of page.querySelectorAll("pre:not([tabindex])")) block.tabIndex = 0;
  for (const [where, name] of [[".information-container", "About"], [".schemes-server-container", "Server and sign-in"]]) {
    const part = page.querySelector(where);
    part?.setAttribute("role", "region");
    part?.setAttribute("aria-label", name);
  }
  // Its headings begin at the third level.
  for (const heading of page.querySelectorAll("h3, h4, h5")) heading.setAttribute("aria-level", Number(heading.tagName[1]) - 1);
  for (const table of page.querySelectorAll("table[role=region]:not([aria-label])")) {
    table.setAttribute("aria-label", `Responses of ${table.id.replaceAll("_", " ")}`);
  }
}

let waiting = false;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    mend();
  });
}).observe(document.getElementById("swagger-ui"), { childList: true, subtree: true });
