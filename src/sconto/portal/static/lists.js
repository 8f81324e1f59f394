// Rows of a list that are chosen: all at once, how many, and the buttons once there is one.

const boxes = () => [...document.querySelectorAll('input[name="chosen"][form="bulk"]')];

function show() {
  const form = document.getElementById("bulk");
  if (!form) return;
  const all = form.querySelector(".choose-all");
  const chosen = boxes().filter((box) => box.checked).length;
  all.hidden = false;
  all.firstElementChild.checked = chosen > 0 && chosen === boxes().length;
  all.firstElementChild.indeterminate = chosen > 0 && chosen < boxes().length;
  const count = form.querySelector(".chosen-count");
  count.textContent = chosen === 1 ? count.dataset.one : chosen ? count.dataset.many.replace("{number}", chosen) : "";
  form.querySelector(".for-chosen").hidden = !chosen;
}

document.addEventListener("change", (event) => {
  if (event.target.closest(".choose-all")) {
    for (const box of boxes()) box.checked = event.target.checked;
  }
  show();
});
document.addEventListener("htmx:afterSettle", show);
window.addEventListener("pageshow", show); // a browser that goes back keeps what was chosen
show();

// After an action the list stands where it stood.

const PLACE = "sconto-list-place";
const here = location.pathname + location.search;

window.addEventListener("pagehide", () => sessionStorage.setItem(PLACE, JSON.stringify([location.pathname + location.search, scrollY])));

const [address, top] = JSON.parse(sessionStorage.getItem(PLACE) ?? "[]");
if (address === here && !location.hash && document.querySelector(".notice")) scrollTo(0, top);
