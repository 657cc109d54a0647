// Runs once, when #check-bar is on the page. Gradio gives `trigger`. A sentence leads to its note and
// opens its first quote; the counts show the sentences of one verdict alone; a verdict is overruled;
// a file that is dropped is opened.

const panel = document.getElementById("check-panel");

panel.addEventListener("click", (event) => {
  const keep = event.target.closest("button[data-overrule]");
  if (keep) {
    const [verdict, note] = keep.parentElement.querySelectorAll("select, input");
    const said = "back" in keep.dataset ? {} : { verdict: verdict.value, note: note.value };
    trigger("overrule", { sentence: Number(keep.dataset.overrule), ...said });
  }
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

for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
  panel.addEventListener(type, (event) => {
    const files = event.dataTransfer?.types.includes("Files");
    if (!files) return; // Words are dropped into the box.
    event.preventDefault();
    panel.classList.toggle("dropping", type === "dragenter" || type === "dragover");
    const input = document.querySelector("#check-row input[type=file]");
    if (type !== "drop" || !event.dataTransfer.files.length || !input) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
