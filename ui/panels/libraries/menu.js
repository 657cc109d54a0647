// Runs once, when #library is on the page. Gradio gives `element`, `trigger` and `watch`. The page's
// address names the library that it has; this turns the page to another one, and opens the list.
//
// A page keeps its library while an answer is made or a text is checked, so that both end where they
// were begun. What was typed but not asked stays.

const list = document.getElementById("library-list");
const name = () => document.getElementById("library-name");

let opened = false;
const show = () => {
  list.hidden = !opened && !list.querySelector(".notice"); // A notice that there is no such library stays in view.
  name()?.setAttribute("aria-expanded", String(!list.hidden));
};
const open = (wanted) => {
  opened = wanted;
  show();
  if (wanted) trigger("look");
};
const tell = (words) => {
  const line = list.querySelector(".told");
  if (line) line.textContent = words;
};

const waitsFor = () =>
  document.getElementById("stop")?.checkVisibility()
    ? _("Wait for the answer that is being made, or stop it.")
    : document.getElementById("stop-check")?.checkVisibility()
      ? _("Wait for the text that is being checked, or stop it.")
      : "";

let focused = false; // Whether the focus was in what is being redrawn.
let next = ""; // What the page is turned to once it is loaded: else what it loads would be shown last.
const turnTo = (library) => {
  if (!name()) {
    next = library;
    return;
  }
  document.dispatchEvent(new Event("footnoted:leaving"));
  focused = list.contains(document.activeElement) || element.contains(document.activeElement);
  history.replaceState(null, "", `?library=${encodeURIComponent(library)}`);
  open(false);
  trigger("turn");
};
const turnOrTell = (library) => (waitsFor() ? tell(waitsFor()) : turnTo(library));
// Other scripts ask for a library with this event, which is prevented if the page has to wait.
document.addEventListener("footnoted:turn", (event) => (waitsFor() ? event.preventDefault() : turnTo(event.detail)));

element.addEventListener("click", (event) => {
  if (event.target.closest("#library-name")) open(!opened);
});
list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const { library, renameLibrary: before } = button?.dataset ?? {};
  if (library !== undefined && library !== name()?.dataset.name) turnOrTell(library);
  else if (library !== undefined) open(false);
  if (before === undefined) return;
  typeName(button.closest("li").querySelector(".library"), _("Name of the library"), (typed) => {
    if (typed && before === name()?.dataset.name && waitsFor()) tell(waitsFor());
    else if (typed) trigger("rename", { library: before, name: typed });
    else button.focus();
  });
});
list.addEventListener("submit", (event) => {
  event.preventDefault();
  trigger("begin", { name: list.querySelector("#new-library").value });
});
for (const part of [element, list]) {
  part.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !opened) return;
    event.preventDefault();
    open(false);
    name()?.focus();
  });
}

// The page turns to a library that was just made or renamed; its conversations follow the new name.
const renamed = (before, now) => {
  for (const storage of [localStorage, sessionStorage]) {
    for (const key of Object.keys(storage).filter((each) => each.startsWith("footnoted:conversation:"))) {
      try {
        const kept = JSON.parse(storage.getItem(key));
        if (kept?.library === before) storage.setItem(key, JSON.stringify({ ...kept, library: now }));
      } catch {} // Not ours, or broken.
    }
  }
};
new MutationObserver(() => {
  show();
  const told = list.querySelector("[data-go]");
  if (!told) return;
  const { go, renamed: before } = told.dataset;
  told.removeAttribute("data-go");
  if (before) renamed(before, go);
  if (before && before !== name()?.dataset.name) document.dispatchEvent(new Event("footnoted:kept"));
  else turnOrTell(go);
}).observe(list, { childList: true, subtree: true });

watch("value", () => {
  const go = next || name()?.dataset.go;
  if (next && waitsFor()) tell(waitsFor());
  else if (go) turnTo(go);
  next = "";
  show();
  if (focused) name()?.focus();
  focused = false;
  document.dispatchEvent(new Event("footnoted:kept"));
});
show();
