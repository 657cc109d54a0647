// Runs once, when #talk-bar is on the page. Gradio gives `element`, `server` and `trigger`, and
// `conversation.py` gives `newId`. Here:
// keeping conversations in the browser, the buttons of a turn, footnotes that show their quote, and
// what is new in view.
//
// Each turn on the page carries itself as JSON, with the id of its conversation. What is on the
// page is what is kept: one entry of localStorage a conversation, so that tabs do not disturb each
// other; sessionStorage knows which one this tab shows. The ids are made by the browser, so that no
// server can give the same one twice.

const PREFIX = "footnoted:conversation:";
const SHOWN = "footnoted:shown";
const TITLE = 90;

const conversation = document.getElementById("conversation");
const list = document.getElementById("conversations");
const storage = window.localStorage;

const turns = () => [...conversation.querySelectorAll(".turn")];
const exchange = (turn) => JSON.parse(turn.dataset.exchange);
const busy = () => turns().some((turn) => !turn.dataset.exchange);
const say = (text) => {
  const line = document.createElement("p");
  line.className = "notice";
  line.textContent = text;
  document.querySelector("#status [role=status]").replaceChildren(line);
};

// --- what is kept

const kept = (id) => {
  try {
    const found = JSON.parse(storage.getItem(PREFIX + id));
    return Array.isArray(found?.exchanges) ? found : null;
  } catch {
    return null; // Somebody else's, or broken: as if it were not there.
  }
};

const all = () =>
  Object.keys(storage)
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => ({ id: key.slice(PREFIX.length), ...kept(key.slice(PREFIX.length)) }))
    .filter((each) => each.exchanges?.length)
    .sort((one, other) => other.changed - one.changed);

// By id, what this tab has kept or opened last. Only what is not in it is written: what another tab
// has changed or deleted since is left alone.
const known = new Map();
const knows = (id, exchange) => known.get(id)?.has(JSON.stringify(exchange));
const learn = (id, exchanges) => known.set(id, new Set(exchanges.map((each) => JSON.stringify(each))));

// Where another tab has gone on with the same conversation, this tab goes on under an id of its own.
const parted = new Map();

// Nothing is lost by it: what is kept stands in `exchanges` too, but for answers of this tab that it
// has rated or made anew.
const covers = (exchanges, id) =>
  (kept(id)?.exchanges ?? []).every(
    (each, at) =>
      JSON.stringify(each) === JSON.stringify(exchanges[at]) ||
      (knows(id, each) && each.question === exchanges[at]?.question),
  );

const write = (id, exchanges) => {
  try {
    storage.setItem(PREFIX + id, JSON.stringify({ changed: Date.now(), exchanges }));
    learn(id, exchanges);
  } catch {
    say("The browser has no more room: this conversation is not kept. Export it, or delete older ones.");
  }
};

const keep = () => {
  const done = turns().filter((turn) => turn.dataset.exchange).map(exchange);
  const given = done.at(-1)?.conversation;
  let id = parted.get(given) ?? given;
  if (id) {
    const exchanges = done.filter((each) => each.conversation === given).map(({ conversation, ...rest }) => rest);
    if (!exchanges.every((each) => knows(id, each))) {
      if (!covers(exchanges, id)) {
        id = newId();
        parted.set(given, id);
        say("This conversation went on in another tab too: both are kept.");
      }
      write(id, exchanges);
    }
    sessionStorage.setItem(SHOWN, id);
  }
  if (!busy()) fill(id);
};

const fill = (id) => {
  const conversations = all();
  const fresh = conversations.some((each) => each.id === id) ? [] : [new Option("New conversation", "")];
  const options = conversations.map((each) => {
    const title = String(each.exchanges[0].question);
    return new Option(title.length > TITLE ? `${title.slice(0, TITLE)}…` : title, each.id, false, each.id === id);
  });
  list.replaceChildren(...fresh, ...options);
};

window.addEventListener("storage", (event) => {
  if (event.key === null || event.key.startsWith(PREFIX)) fill(list.value); // Another tab has written.
});

const restore = (id) => {
  const found = id ? kept(id) : null;
  if (found) {
    sessionStorage.setItem(SHOWN, id);
    parted.delete(id);
    learn(id, found.exchanges);
  } else sessionStorage.removeItem(SHOWN);
  trigger("restore", { conversation: id ?? "", exchanges: found?.exchanges ?? [] });
};

// --- what is done with it

const written = async (format, exchanges) => {
  const address = window.location.origin + window.location.pathname;
  const made = await server.export_as({ format, exchanges, address });
  if (made.error) say(made.error);
  return made.error ? null : made;
};

const download = async (format) => {
  const done = turns().filter((turn) => turn.dataset.exchange).map(exchange);
  const made = done.length ? await written(format, done) : say("There is nothing to export yet.");
  if (!made) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([made.text], { type: made.type }));
  link.download = made.name;
  link.click();
  URL.revokeObjectURL(link.href);
};

const copy = async (turn, button) => {
  const made = await written("text", [exchange(turn)]);
  if (!made) return;
  try {
    await navigator.clipboard.writeText(made.text);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  } catch {
    say("The browser does not let this page copy: export the conversation instead.");
  }
};

const check = (turn) => {
  const said = exchange(turn).answer.sentences.filter((each) => each.supported);
  const box = document.querySelector("#draft textarea");
  box.value = said.map((each) => each.text).join(" ");
  box.dispatchEvent(new Event("input", { bubbles: true }));
  document.querySelector('[data-panel-button="check"]').click();
  document.getElementById("check")?.click();
};

let pressed; // The button that has the focus while its turn is drawn anew.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  pressed = null;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target) || button) menu.open = false;
  }
  if (!button) return;
  const { act, conversationAct, example, export: format } = button.dataset;
  if (format) download(format);
  const turn = button.closest(".turn");
  if (act === "copy") copy(turn, button);
  if (act === "check") check(turn);
  if (act === "case") trigger("keep_case", { turn: turns().indexOf(turn) });
  if (busy()) return; // One answer at a time: stop it first.
  if (act || conversationAct) keep(); // What was answered a moment ago, too.
  if (act === "edit") {
    trigger("edit", { turn: turns().indexOf(turn), conversation: newId() });
    document.querySelector("#question textarea").focus();
  }
  if (act === "up" || act === "down") {
    pressed = { turn: turns().indexOf(turn), act };
    trigger("rate", { ...pressed, rating: act });
  }
  if (act === "again" || act === "typed") {
    const typed = act === "typed";
    trigger("again", { turn: turns().indexOf(turn), conversation: newId(), typed });
  }
  if (example) trigger("again", { question: example, conversation: newId() });
  if (conversationAct === "new") restore(null);
  if (conversationAct === "delete" && confirm("Delete this conversation?")) {
    storage.removeItem(PREFIX + sessionStorage.getItem(SHOWN));
    restore(null);
  }
});

list.addEventListener("change", () => {
  const chosen = list.value;
  keep();
  if (!busy()) restore(chosen);
});

// --- a footnote shows its quote

const peek = document.createElement("div");
peek.id = "peek";
peek.setAttribute("role", "tooltip");
peek.hidden = true;
document.querySelector(".gradio-container").append(peek);
let leaving;

const unpeek = () => {
  peek.hidden = true;
  document.querySelector("[aria-describedby=peek]")?.removeAttribute("aria-describedby");
};
const showQuote = (footnote) => {
  clearTimeout(leaving);
  const [where, words] = ["span", "q"].map((name) => document.createElement(name));
  where.textContent = footnote.dataset.place;
  words.textContent = footnote.dataset.quote;
  words.dir = "auto";
  peek.replaceChildren(where, words);
  peek.hidden = false;
  footnote.setAttribute("aria-describedby", "peek");
  const at = footnote.getBoundingClientRect();
  const left = Math.min(at.left, window.innerWidth - peek.offsetWidth - 12);
  const below = at.bottom + peek.offsetHeight + 12 < window.innerHeight;
  peek.style.left = `${Math.max(12, left)}px`;
  peek.style.top = `${below ? at.bottom + 4 : at.top - peek.offsetHeight - 4}px`;
};
const later = () => {
  clearTimeout(leaving);
  leaving = setTimeout(unpeek, 150); // Time to point at the quote itself.
};

for (const [type, inside] of [["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]]) {
  document.addEventListener(type, (event) => {
    const footnote = event.target.closest?.("a.footnote");
    if (footnote && inside) showQuote(footnote);
    else if (footnote || event.target.closest?.("#peek")) inside ? clearTimeout(leaving) : later();
  });
}
document.addEventListener("keydown", (event) => event.key === "Escape" && unpeek());
conversation.addEventListener("scroll", unpeek);
document.addEventListener("click", unpeek);

// --- what is new comes into view once, so that scrolling back is not undone

let step = "";
let settling;
new MutationObserver(() => {
  clearTimeout(settling);
  settling = setTimeout(keep, 200); // Gradio renders the parts of one event after each other.
  if (pressed && document.activeElement === document.body) {
    turns()[pressed.turn]?.querySelector(`[data-act=${pressed.act}]`)?.focus({ preventScroll: true });
  }
  const turn = document.querySelector("#current .turn");
  const now = turn ? turn.dataset.step + turn.querySelector(".asked").textContent : "";
  if (now === step) return;
  step = now;
  const inside = turn?.dataset.step === "draft" ? turn.querySelector(".draft") : turn;
  inside?.scrollIntoView({ block: inside === turn ? "start" : "nearest" });
}).observe(conversation, {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ["data-step", "data-exchange"],
});

list.disabled = false;
const shown = sessionStorage.getItem(SHOWN);
// With nothing kept, only the welcome is drawn: a question may have been asked already.
if (shown && kept(shown)) restore(shown);
else {
  sessionStorage.removeItem(SHOWN);
  trigger("begin");
}
fill(shown);
window.addEventListener("pagehide", keep); // What was answered a moment ago, too.
