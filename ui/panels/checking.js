// Runs once, when #check-bar is on the page. A sentence leads to its note and opens its first
// quote; the counts show the sentences of one verdict alone.

document.getElementById("check-panel").addEventListener("click", (event) => {
  const count = event.target.closest("button[data-only]");
  if (count) {
    const shown = count.closest(".checked");
    const only = shown.dataset.only === count.dataset.only ? "" : count.dataset.only;
    shown.dataset.only = only;
    for (const button of shown.querySelectorAll("button[data-only]")) {
      button.setAttribute("aria-pressed", String(button.dataset.only === only));
    }
    for (const each of shown.querySelectorAll(".found > li, a.s")) {
      each.classList.toggle("aside", only !== "" && !each.classList.contains(only));
    }
  }
  const sentence = event.target.closest("a[data-note]");
  if (!sentence) return;
  event.preventDefault();
  const note = document.getElementById(`note-${sentence.dataset.note}`);
  if (!note) return; // There was nothing to check.
  for (const each of document.querySelectorAll("#checked .open")) each.classList.remove("open");
  for (const each of [sentence, note]) each.classList.add("open");
  note.scrollIntoView({ block: "nearest" });
  note.querySelector("a.card")?.click();
});
