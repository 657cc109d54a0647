// Runs once, when #source is on the page. Gradio gives `element` (inside #source), `props` and
// `server`. Here: opening places, walking through an answer's quotes, and the panel of a narrow
// screen.

let latest = 0;
let places = []; // The quotes of the answer that the open one belongs to,
let at = 0; // and which of them is open.
const wide = window.matchMedia("(min-width: 901px)"); // All panels beside each other.
const steps = document.querySelector("#source-bar .steps");

const show = (panel) => {
  document.getElementById("panels").dataset.panel = panel;
  for (const button of document.querySelectorAll("[data-panel-button]")) {
    const mine = button.dataset.panelButton;
    const beside = mine === "talk" && panel !== "regression" && wide.matches;
    button.setAttribute("aria-pressed", String(mine === panel || beside));
  }
};

const address = (place) =>
  `?document=${encodeURIComponent(place.document)}` + (place.span ? `&span=${place.span}` : "");

const open = async (place) => {
  const mine = ++latest;
  show("source");
  steps.hidden = places.length < 2;
  steps.querySelector(".at").textContent = `${at + 1} of ${places.length}`;
  const others = places.filter((each) => each.document === place.document && each.span !== place.span);
  let html;
  try {
    html = await server.open_place({ ...place, others: others.map((each) => each.span) });
  } catch {
    html = '<p class="notice">The program behind this window does not answer. Is it running?</p>';
  }
  if (mine !== latest) return; // Another place was asked for meanwhile.
  props.value = html;
  history.replaceState(null, "", address(place)); // The address bar holds a link that lasts.
  // Gradio renders in a microtask of its own; after the next frame the new text stands there.
  requestAnimationFrame(() => {
    const mark = element.querySelector("mark.quote");
    document.getElementById("source").scrollTop = 0;
    mark?.scrollIntoView({ block: "center" });
    mark?.focus({ preventScroll: true });
  });
};

const placeOf = (link) => ({ document: link.dataset.document, span: link.dataset.span ?? "" });
const same = (one, other) => one.document === other.document && one.span === other.span;

// A footnote walks through the footnotes of its answer, a card through the cards beside it.
const openLink = (link) => {
  const place = placeOf(link);
  const turn = link.closest(".turn");
  const beside = link.closest(".cards") ?? turn?.querySelector(".notes");
  places = beside ? [...beside.querySelectorAll("a[data-document]")].map(placeOf) : [];
  at = places.findIndex((each) => same(each, place));
  if (at < 0) [places, at] = [[place], 0];
  open(place);
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-panel-button]");
  if (button) show(button.dataset.panelButton);

  const walk = event.target.closest("[data-walk]");
  if (walk && places.length) {
    at = (at + Number(walk.dataset.walk) + places.length) % places.length;
    open(places[at]);
  }

  const link = event.target.closest("a[data-document]");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !plain) return; // With a modifier, the link opens a tab of its own.
  event.preventDefault();
  openLink(link);
});

// A panel that scrolls can be scrolled by keyboard.
for (const [id, label] of [["source", "Source"], ["conversation", "Conversation"]]) {
  const panel = document.getElementById(id);
  panel.tabIndex = 0;
  panel.setAttribute("role", "region");
  panel.setAttribute("aria-label", label);
}
show("talk");
const asked = new URLSearchParams(window.location.search);
if (asked.has("document")) {
  open({ document: asked.get("document"), span: asked.get("span") ?? "" });
}
