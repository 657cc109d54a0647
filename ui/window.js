// Runs once, when #source is on the page. Gradio gives `element` (inside #source), `props` and
// `server`. Everything that the window does in the browser is here: opening places, removing
// documents, keeping in view what is new, and choosing the panel on a narrow screen.

let latest = 0;

const show = (panel) => {
  document.getElementById("panels").dataset.panel = panel;
  for (const button of document.querySelectorAll("[data-panel-button]")) {
    button.setAttribute("aria-pressed", String(button.dataset.panelButton === panel));
  }
};

const openPlace = async (place) => {
  const mine = ++latest;
  show("source");
  let html;
  try {
    html = await server.open_place(place);
  } catch {
    html = '<p class="notice">The program behind this window does not answer. Is it running?</p>';
  }
  if (mine !== latest) return; // Another place was asked for meanwhile.
  props.value = html;
  // Gradio renders in a microtask of its own; after the next frame the new text stands there.
  requestAnimationFrame(() => {
    const mark = element.querySelector("mark.quote");
    const panel = document.getElementById("source");
    panel.scrollTop = 0;
    mark?.scrollIntoView({ block: "center" });
    mark?.focus({ preventScroll: true });
  });
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-panel-button]");
  if (button) show(button.dataset.panelButton);

  const link = event.target.closest("a[data-document]");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !plain) return; // With a modifier, the link opens a tab of its own.
  event.preventDefault();
  openPlace({ document: link.dataset.document, span: link.dataset.span ?? "" });
});

// What is new in the conversation comes into view once, so that scrolling back is not undone.
let step = "";
new MutationObserver(() => {
  const turn = document.querySelector("#current .turn");
  const now = turn ? turn.dataset.step + turn.querySelector(".asked").textContent : "";
  if (now === step) return;
  step = now;
  const inside = turn?.dataset.step === "draft" ? turn.querySelector(".draft") : turn;
  inside?.scrollIntoView({ block: inside === turn ? "start" : "nearest" });
}).observe(document.getElementById("conversation"), { childList: true, subtree: true, attributes: true, attributeFilter: ["data-step"] });

show("talk");
const address = new URLSearchParams(window.location.search);
if (address.has("document")) {
  openPlace({ document: address.get("document"), span: address.get("span") ?? "" });
}
