// Runs once, when #translation is on the page. Gradio gives `element`, `trigger` and `watch`. The
// button below a quote in another language has it translated, one quote after another.
//
// #translation speaks each translation, once. What is shown below the quotes is a copy that is not
// spoken, and is put back when a turn is redrawn.

const conversation = document.getElementById("conversation");
const said = new Map(); // By quote and language: the `state`, and the `nodes` of the translation.
const asked = []; // Quotes to be translated; the first one is in progress.

const LABELS = {
  none: _("Translate"),
  asked: _("Translating…"),
  failed: _("Translate"),
  hidden: _("Translate"),
  shown: _("Hide translation"),
};

const placeOf = (button) => {
  const { document: id, span } = button.closest("li").querySelector("a[data-document]").dataset;
  const [start, end] = span.split("-").map(Number);
  return { document: id, start, end, language: button.dataset.translate };
};
const keyOf = (place) => JSON.stringify([libraryHere(), ...Object.values(place)]);

const draw = (button) => {
  const { state, nodes } = said.get(keyOf(placeOf(button))) ?? { state: "none" };
  if ((button.dataset.state ?? "none") === state) return;
  button.dataset.state = state;
  button.textContent = LABELS[state];
  button.setAttribute("aria-expanded", String(state === "shown"));
  button.setAttribute("aria-disabled", String(state === "asked"));
  const shown = ["shown", "failed"].includes(state) ? nodes : [];
  button.parentElement.querySelectorAll(":scope > :not(button)").forEach((each) => each.remove());
  button.before(...shown.map((each) => each.cloneNode(true)));
};
const drawAll = () => conversation.querySelectorAll("[data-translate]").forEach(draw);

const set = (key, state, nodes) => {
  said.set(key, { state, nodes: nodes ?? said.get(key)?.nodes ?? [] });
  drawAll();
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-translate]");
  if (!button) return;
  const place = placeOf(button);
  const key = keyOf(place);
  const state = said.get(key)?.state ?? "none";
  if (state === "shown") set(key, "hidden");
  if (state === "hidden") set(key, "shown");
  if (!["none", "failed"].includes(state)) return;
  set(key, "asked");
  asked.push({ key, place });
  if (asked.length === 1) trigger("translate", place);
});

watch("value", () => {
  const made = element.querySelector(".translation, .notice");
  if (!made || !asked.length) return; // It is still in progress.
  const { key } = asked.shift();
  const failed = made.matches(".notice");
  set(key, failed ? "failed" : "shown", failed ? [made] : [...made.childNodes]);
  if (asked.length) trigger("translate", asked[0].place);
});

new MutationObserver(drawAll).observe(conversation, { childList: true, subtree: true });
