// A chosen file is read at once, so that a fault or an ended session does not lose it.

const LARGEST_READ = 512 * 1024;

document.addEventListener("change", async (event) => {
  const input = event.target.closest("input[type=file][data-read]");
  if (!input?.files.length || input.files[0].size > LARGEST_READ) return;
  const form = input.form;
  const shown = input.dataset.read === "rows" ? "#rows" : "#codes";
  const sent = new FormData(form);
  sent.set("step", "rows");
  const answer = await fetch(form.action, { method: "POST", body: sent, headers: { "HX-Request": "true" } });
  // The file stays chosen: it is read when the form is saved.
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [before, after] = [document.querySelector(shown), page.querySelector(shown)];
  if (!before || !after) return;
  before.replaceWith(after);
  htmx.process(after);
  if (!after.querySelector(".fault")) input.value = "";
  showChips();
  showImpactOf(after);
});

// A corrected file of the same name is another one.
document.addEventListener("click", (event) => {
  if (event.target.matches?.("input[type=file][data-read]")) event.target.value = "";
});

// Codes as chips: how the text above them is understood.

const CODE = /^[\p{L}\p{N}_.-]{1,30}$/u;
const MOST_CHIPS = 100;

function showChips() {
  for (const field of document.querySelectorAll("textarea[data-chips]")) {
    let list = field.form.querySelector(".chips");
    if (!list) {
      list = document.createElement("ul");
      list.className = "chips";
      field.closest("label").after(list);
    }
    const codes = [...new Set(field.value.split(/[\s,;]+/).filter(Boolean))];
    list.replaceChildren(...codes.slice(0, MOST_CHIPS).map((code) => chip(field, code)));
    if (codes.length > MOST_CHIPS) {
      const rest = document.createElement("li");
      rest.className = "rest";
      rest.textContent = `+ ${codes.length - MOST_CHIPS}`;
      list.append(rest);
    }
  }
}

function chip(field, code) {
  const item = document.createElement("li");
  item.className = CODE.test(code) ? "" : "wrong";
  item.append(code);
  const remove = document.createElement("button");
  remove.type = "button";
  remove.textContent = "×";
  remove.setAttribute("aria-label", `${field.dataset.chips} ${code}`);
  remove.addEventListener("click", () => {
    field.value = field.value.split(/[\s,;]+/).filter((one) => one && one !== code).join("\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  item.append(remove);
  return item;
}

document.addEventListener("input", (event) => { if (event.target.matches("textarea[data-chips]")) showChips(); });
showChips();

// A row that was added or removed, and a preset, are changes as if they were typed.

const TYPED_PARTS = ["rows", "period", "tiers"];

document.addEventListener("htmx:afterSwap", (event) => {
  const form = document.getElementById("builder");
  if (form && TYPED_PARTS.includes(event.detail.target?.id)) showImpactOf(form);
});

// The impact that is still loading is that of before: it may have prices of rows that are gone.
function showImpactOf(changed) {
  htmx.trigger("#preview", "htmx:abort");
  changed.dispatchEvent(new Event("input", { bubbles: true }));
}

// A form that is sent while the table still loads waits for it.

const loading = new Set();
let waiting = null;

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id !== "preview" && event.target.closest("#builder")) loading.add(event.detail.xhr);
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!loading.delete(event.detail.xhr) || loading.size || !waiting) return;
  const [form, button] = waiting;
  waiting = null;
  // After the swap.
  setTimeout(() => form.requestSubmit(button));
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "builder" || !loading.size) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting = [event.target, event.submitter];
}, true);
