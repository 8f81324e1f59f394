// Leaving a form with unsaved changes asks first. Saving does not ask.

const changed = new Set();
let sent = null;

function formOf(field) {
  const form = field.form ?? field.closest?.("form");
  // Search fields and forms that only ask change nothing.
  return form?.method === "post" && field.type !== "search" && form.matches("main form") ? form : null;
}

for (const form of document.querySelectorAll("main form[data-unsaved]")) changed.add(form);

document.addEventListener("input", (event) => {
  const form = formOf(event.target);
  if (form) changed.add(form);
});

document.addEventListener("submit", (event) => { sent = event.target; });
document.addEventListener("click", (event) => {
  // "Take theirs" says itself what is lost.
  if (event.target.closest?.("[data-leave]")) sent = event.target.closest("form");
});
// A page that comes back from the browser's store is no longer sending.
window.addEventListener("pageshow", () => { sent = null; });

window.addEventListener("beforeunload", (event) => {
  if ([...changed].some((form) => form.isConnected && form !== sent)) event.preventDefault();
});

// htmx sends nothing once the session has ended. What is typed stays, and saving leads to the sign-in.

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status !== 401) return;
  for (const note of document.querySelectorAll("[data-session-ended]")) note.hidden = false;
});
