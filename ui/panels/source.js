// Runs once, when #source is on the page. Gradio gives `element` (inside #source), `props` and
// `server`. This opens places, steps through an answer's quotes, and switches the panels on a narrow
// screen.

let latest = 0;
let places = []; // The quotes of the answer that the open one belongs to,
let at = 0; // and which of them is open.
let from = null; // Where it was opened, and with which panel in view.
let opened = null; // The open place itself,
let view = "text"; // and how it is shown: "text", "stored" (as it is stored), or its "page".
let chosen = false; // Whether a person chose the view: else what was read from pictures is shown as pictures.
const wide = window.matchMedia("(min-width: 901px)"); // All panels side by side.
const steps = document.querySelector("#source-bar .steps");
const panel = document.getElementById("source"); // Marked as busy while a place is opened.

const show = (wanted) => {
  const panels = document.getElementById("panels").dataset;
  // The sources of a text that is checked are shown next to it.
  const shown = wanted === "source" && panels.panel === "check" && wide.matches ? "check" : wanted;
  panels.panel = shown;
  sessionStorage.setItem("footnoted:panel", shown === "source" ? "talk" : shown);
  for (const button of document.querySelectorAll("[data-panel-button]")) {
    const mine = button.dataset.panelButton;
    const beside = mine === "talk" && !["regression", "check", "settings"].includes(shown) && wide.matches;
    button.setAttribute("aria-pressed", String(mine === shown || beside));
  }
};

const ofLibrary = () => (libraryHere() ? `?library=${encodeURIComponent(libraryHere())}` : "");
const address = (place) =>
  `${ofLibrary() ? `${ofLibrary()}&` : "?"}document=${encodeURIComponent(place.document)}` +
  (place.span ? `&span=${place.span}` : "");

const setView = (wanted) => {
  view = wanted;
  document.getElementById("source-panel").dataset.view = view;
  for (const button of document.querySelectorAll("[data-view]:is(button)")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
};

// Return the panel's content for a place; only a document with pages is drawn.
const contentOf = async (place, others, page, mine) => {
  const asked = { ...place, library: libraryHere() };
  if (page) return server.open_page({ ...asked, page }); // Its pages are being turned.
  const text = await server.open_place({ ...asked, others: others.map((each) => each.span) });
  if (mine !== latest) return text; // Another place was asked for meanwhile.
  const drawn = /^<header class="about" data-pages="[1-9]/.test(text);
  document.querySelector('#source-bar [data-view="page"]').hidden = !drawn;
  const scanned = drawn && text.slice(0, 80).includes(" data-scanned>");
  if (view === "page" && !drawn) setView("text");
  if (!chosen && drawn && place.span) setView(scanned ? "page" : "text");
  return view === "page" ? server.open_page({ ...asked, page: "" }) : text;
};

// A panel that comes into view can take the focus only some frames later: wait, unless the user
// moves the focus.
const focusOnceInView = (wanted) => {
  const before = document.activeElement;
  const attempt = (frames) => {
    if (![before, document.body].includes(document.activeElement)) return;
    wanted.focus({ preventScroll: true });
    if (frames && document.activeElement !== wanted) requestAnimationFrame(() => attempt(frames - 1));
  };
  attempt(90);
};

const open = async (place, page) => {
  const mine = ++latest;
  opened = place;
  show("source");
  steps.hidden = places.length < 2;
  steps.querySelector(".at").textContent = _("%(at)s of %(all)s", { at: at + 1, all: places.length });
  const others = places.filter((each) => each.document === place.document && each.span !== place.span);
  panel.setAttribute("aria-busy", "true");
  let html;
  try {
    html = await contentOf(place, others, page, mine);
  } catch {
    html = `<p class="notice">${_("The program behind this window does not answer. Is it running?")}</p>`;
  }
  if (mine !== latest) return;
  panel.removeAttribute("aria-busy");
  props.value = html;
  history.replaceState(null, "", address(place)); // The address bar holds a link that lasts.
  // Gradio renders in a microtask of its own; after the next frame the new text is there.
  requestAnimationFrame(() => {
    const mark = element.querySelector("mark.quote, .spot");
    panel.scrollTop = 0;
    mark?.scrollIntoView({ block: "center" });
    if (mark) focusOnceInView(mark);
  });
};

// A new conversation has opened nothing yet.
const nothing = props.value;
document.addEventListener("footnoted:new", () => {
  latest++;
  panel.removeAttribute("aria-busy");
  [places, at, opened] = [[], 0, null];
  steps.hidden = true;
  props.value = nothing;
  history.replaceState(null, "", window.location.pathname + ofLibrary());
});

const placeOf = (link) => ({ document: link.dataset.document, span: link.dataset.span ?? "" });
const same = (one, other) => one.document === other.document && one.span === other.span;

// A footnote opens a walk through its answer's footnotes, a card one through the cards next to it.
const openLink = (link) => {
  const place = placeOf(link);
  const turn = link.closest(".turn");
  const beside = link.closest(".cards") ?? turn?.querySelector(".notes");
  places = beside ? [...beside.querySelectorAll("a[data-document]")].map(placeOf) : [];
  at = places.findIndex((each) => same(each, place));
  if (at < 0) [places, at] = [[place], 0];
  if (!link.closest("#source-panel")) from = { link, panel: document.getElementById("panels").dataset.panel };
  open(place);
};

// Go back to where the source was opened; if that turn was redrawn since, to its new footnote.
const back = () => {
  show(from?.panel ?? "talk");
  const { document: id, span } = from?.link.dataset ?? {};
  const again = [...document.querySelectorAll("a[data-document]")].find(
    (each) => each.dataset.document === id && each.dataset.span === span && !each.closest("#source-panel"),
  );
  const wanted = from?.link.isConnected ? from.link : again ?? document.querySelector("#question textarea");
  if (wanted) focusOnceInView(wanted);
};
document.getElementById("source-panel").addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  event.preventDefault();
  back();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-panel-button]");
  if (button) show(button.dataset.panelButton);

  if (event.target.closest("[data-back]")) back();

  const walk = event.target.closest("[data-walk]");
  if (walk && places.length) {
    at = (at + Number(walk.dataset.walk) + places.length) % places.length;
    open(places[at]);
  }

  const wanted = event.target.closest("button[data-view]");
  if (wanted) {
    const redrawn = "page" === view || "page" === wanted.dataset.view;
    chosen = true;
    setView(wanted.dataset.view);
    if (opened && redrawn) open(opened);
  }
  const turned = event.target.closest("#source [data-page]");
  if (turned) open(opened, turned.dataset.page);

  const link = event.target.closest("a[data-document]");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  const elsewhere = event.target.closest("a[data-turn-to]");
  if (elsewhere && plain) {
    event.preventDefault();
    turnTo(elsewhere);
  }
  if (!link || !plain) return; // With a modifier, the link opens a tab of its own.
  event.preventDefault();
  openLink(link);
});

// A document of another library is opened once the page has turned to that library.
let coming = null;
const turnTo = ({ dataset }) => {
  coming = { document: dataset.of, span: dataset.at };
  const turn = new CustomEvent("footnoted:turn", { detail: dataset.turnTo, cancelable: true });
  if (document.dispatchEvent(turn)) return;
  coming = null;
  element.querySelector(".waits").hidden = false;
};
document.addEventListener("footnoted:library", () => {
  const place = coming;
  coming = null;
  if (!place) return;
  [places, at] = [[place], 0];
  setTimeout(() => open(place)); // After all that is reset with the library.
});

// A link that is opened in a tab of its own, or copied, also names the library.
for (const type of ["click", "auxclick", "contextmenu"]) {
  const name = (event) => {
    const link = event.target.closest?.("a[data-document]");
    if (link) link.href = address(placeOf(link));
  };
  document.addEventListener(type, name, true);
}

// “?” lists the keys, unless something is being typed.
const keys = document.getElementById("keys");
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, dialog");
  if (event.key === "?" && !typing) keys.showModal();
});
document.getElementById("show-keys").addEventListener("click", () => keys.showModal());

// A panel that scrolls can be scrolled by keyboard.
for (const [id, label] of [["source", _("Source")], ["conversation", _("Conversation")]]) {
  const scrolled = document.getElementById(id);
  scrolled.tabIndex = 0;
  scrolled.setAttribute("role", "region");
  scrolled.setAttribute("aria-label", label);
}
show(sessionStorage.getItem("footnoted:panel") ?? "talk");
setView("text");
const asked = new URLSearchParams(window.location.search);
if (asked.has("document")) {
  open({ document: asked.get("document"), span: asked.get("span") ?? "" });
}
