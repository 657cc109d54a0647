// Runs once, when #documents is on the page. Gradio gives `element` and `trigger`. Documents are
// removed, renamed in place, or left out of questions. The page also looks for changes.

const rename = (line, id) => {
  const button = line.querySelector(".rename");
  const language = element.querySelector("[data-languages]").cloneNode(true);
  language.hidden = false;
  language.value = button.dataset.language;
  const done = (title, take) => {
    button.focus();
    const said = take && language.value !== button.dataset.language ? language.value : "";
    if (title || said) trigger("rename", { document: id, title, language: said });
  };
  typeName(line.querySelector(".title"), _("Name of the document"), done, undefined, [language]);
};

element.addEventListener("click", (event) => {
  const { remove, rename: renamed, more } = event.target.closest("button")?.dataset ?? {};
  if (remove && event.detail < 2) trigger("remove", { document: remove }); // Once for a double click.
  if (more !== undefined) trigger("more");
  if (renamed) rename(event.target.closest("li"), renamed);
});
element.addEventListener("change", (event) => {
  if (event.target.matches("[data-choose]")) trigger("choose");
});
document.addEventListener("click", (event) => {
  const { undo, again } = event.target.closest("#outcomes button")?.dataset ?? {};
  if (undo !== undefined) trigger("undo_remove");
  if (again !== undefined) trigger("again");
});

// Look for progress while documents are being added, otherwise for changes of the library. A hidden
// page does not look.
const SOON = 700;
const LATER = 3_000;
let looked = Date.now();
const revisionNow = () => server.revision({ library: libraryHere() });
let revision = revisionNow().catch(() => undefined); // The page is being loaded as it is now.

// If the window was closed, Gradio is not called: it would consider the page lost, and let it ask
// nothing any more.
const isThere = () =>
  fetch("health", { method: "HEAD" }).then(
    (answer) => answer.ok,
    () => false,
  );

const isAdding = () => document.querySelector("#adding li") !== null;
let wasAdding = false;

const look = async () => {
  if (!(await isThere())) return;
  // One look more after the last: see Page.lacks.
  const goesOn = isAdding() || wasAdding;
  wasAdding = isAdding();
  if (!goesOn) {
    const before = await revision;
    const now = await revisionNow().catch(() => before);
    if (now === before) return;
    revision = now;
  }
  trigger("look");
};

setInterval(() => {
  if (document.hidden || Date.now() - looked < (isAdding() ? SOON : LATER)) return;
  looked = Date.now();
  look();
}, 100);

// The example questions of a new conversation depend on the documents that are there.
let known = null;
watch("value", () => {
  trigger("drawn");
  const now = element.textContent;
  if (known !== null && now !== known) trigger("changed");
  known = now;
});
