// Runs once, when #check-bar is on the page. Gradio gives `trigger`. A click on a sentence shows its
// verdict next to the text, and its first quote in the source; a click on a count shows only the
// sentences with that verdict; N and P go from finding to finding; verdicts can be overruled; a file
// that is dropped is opened. The page is redrawn at each step, so what is open, chosen and scrolled
// to is kept here.

const panel = document.getElementById("check-panel");
const wide = window.matchMedia("(min-width: 901px)"); // The source is next to the text.
const DRAFT = "footnoted:draft-text";

let only = ""; // The only verdict whose sentences are shown,
let open = 0; // the number of the sentence that is open,
let from = null; // what had the focus before it was,
const scrolled = {}; // and how far the text and the verdicts are scrolled.

const drawn = () => panel.querySelector(".checked");
const noteOf = (number) => document.getElementById(`note-${number}`);
const numberOf = (note) => Number(note.id.slice("note-".length));

// The notes to go through: those with the chosen verdict, or all that are not supported.
const findings = () => {
  const notes = [...panel.querySelectorAll(".found > li")];
  if (only) return notes.filter((each) => each.classList.contains(only));
  return notes.filter((each) => !each.matches(".supported, .nothing_to_check"));
};

const mark = () => {
  const shown = drawn();
  if (!shown) return;
  for (const button of shown.querySelectorAll("button[data-only]")) {
    button.setAttribute("aria-pressed", String(button.dataset.only === only));
  }
  for (const each of shown.querySelectorAll("a.s")) {
    each.classList.toggle("aside", only !== "" && !each.classList.contains(only));
    each.classList.toggle("open", Number(each.dataset.note) === open);
  }
  for (const each of shown.querySelectorAll(".found > li")) {
    each.classList.toggle("open", numberOf(each) === open);
  }
  shown.classList.toggle("opened", Boolean(open && noteOf(open)));
  const found = findings();
  const at = found.findIndex((each) => numberOf(each) === open);
  const all = ngettext("%(num)s finding", "%(num)s findings", found.length);
  const told = at < 0 ? all : ngettext("%(at)s of %(num)s finding", "%(at)s of %(num)s findings", found.length, { at: at + 1 });
  const counter = shown.querySelector(".verdicts .at");
  if (counter.textContent !== told) counter.textContent = told;
  for (const button of shown.querySelectorAll("[data-find]")) button.disabled = !found.length;
};

const show = (number) => {
  const note = noteOf(number);
  if (!note) return; // There was nothing to check.
  open = number;
  mark();
  panel.querySelector(".verdicts").scrollTop = 0;
  if (wide.matches) note.querySelector("a.card")?.click();
};

const close = () => {
  open = 0;
  mark();
  from?.focus?.({ preventScroll: true });
};

const step = (by) => {
  const found = findings().map(numberOf);
  if (!found.length) return;
  const next = by > 0 ? found.find((each) => each > open) : found.findLast((each) => each < open);
  const number = next ?? (by > 0 ? found[0] : found.at(-1));
  show(number);
  panel.querySelector(`a[data-note="${number}"]`)?.scrollIntoView({ block: "nearest" });
};

panel.addEventListener("click", (event) => {
  const keep = event.target.closest("button[data-overrule]");
  if (keep) {
    const [verdict, note] = keep.parentElement.querySelectorAll("select, input");
    const said = "back" in keep.dataset ? {} : { verdict: verdict.value, note: note.value };
    trigger("overrule", { sentence: Number(keep.dataset.overrule), ...said });
  }
  const count = event.target.closest("button[data-only]");
  if (count) {
    only = only === count.dataset.only ? "" : count.dataset.only;
    mark();
    if (only && open && !noteOf(open)?.classList.contains(only)) step(1);
  }
  const find = event.target.closest("button[data-find]");
  if (find) step(Number(find.dataset.find));
  if (event.target.closest("button[data-close]")) close();
  const sentence = event.target.closest("a[data-note]");
  if (!sentence) return;
  event.preventDefault();
  from = sentence;
  show(Number(sentence.dataset.note));
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select");
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  if (event.defaultPrevented || modified || !panel.checkVisibility() || !drawn()) return;
  if (event.key === "Escape" && open && !event.target.closest("#source-panel")) {
    event.preventDefault();
    close();
  }
  if (typing) return;
  if (event.key === "n") step(1);
  if (event.key === "p") step(-1);
});

panel.addEventListener(
  "scroll",
  (event) => {
    for (const name of ["draft-text", "verdicts"]) {
      if (event.target.classList?.contains(name)) scrolled[name] = event.target.scrollTop;
    }
  },
  true,
);
new MutationObserver(() => {
  if (!drawn()) return;
  for (const [name, top] of Object.entries(scrolled)) {
    const part = panel.querySelector(`.${name}`);
    if (part && part.scrollTop !== top) part.scrollTop = top;
  }
  mark();
}).observe(panel, { childList: true, subtree: true });

// The text is still there after the page is reloaded, and so is what was checked of it.
panel.addEventListener("input", (event) => {
  if (event.target.matches("#draft textarea")) sessionStorage.setItem(DRAFT, event.target.value);
});
const draft = sessionStorage.getItem(DRAFT);
if (draft) typeAgain(() => panel.querySelector("#draft textarea"), draft);
const token = sessionStorage.getItem(CHECKED);
if (token) trigger("reopen", { token });

// What opens at the edge of the sheet comes into view.
panel.addEventListener("toggle", (event) => event.target.open && event.target.scrollIntoView({ block: "nearest" }), true);

for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
  panel.addEventListener(type, (event) => {
    const files = event.dataTransfer?.types.includes("Files");
    if (!files) return; // Text is dropped into the box.
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
