// Runs once, when #talk-bar is on the page, after `kept.js`. Gradio gives `element`, `server` and
// `trigger`. This keeps what is on the page, handles the buttons of a turn, shows the quotes of
// footnotes, and scrolls to what is new.
//
// Each turn on the page carries itself as JSON, with the id of its conversation. What is on the
// page is what is kept.

const TYPED = "footnoted:typed";

const conversation = document.getElementById("conversation");
const box = () => document.querySelector("#question textarea"); // It may come later than this script.

let inView = -1; // The turn of which another version was chosen.

const turns = () => [...conversation.querySelectorAll(".turn")];
const exchange = (turn) => JSON.parse(turn.dataset.exchange);
const busy = () => turns().some((turn) => !turn.dataset.exchange);
const say = (text) => {
  const line = make("p", { class: "notice" }, text);
  document.querySelector("#status [role=status]").replaceChildren(line);
};

// --- what is on the page is kept

const keep = () => {
  const answered = done();
  const given = answered.at(-1)?.conversation;
  let id = parted.get(given) ?? given;
  if (begun.has(id) && busy()) return; // A branch begins with its first answer.
  if (id) {
    const exchanges = answered.filter((each) => each.conversation === given).map(({ conversation, ...rest }) => rest);
    if (!exchanges.every((each) => knows(id, each))) {
      if (!covers(exchanges, id)) {
        id = newId();
        parted.set(given, id);
        say(_("This conversation also went on in another tab: both versions are kept."));
      }
      write(id, exchanges);
    }
    here.setItem(SHOWN, id);
    here.setItem(SHOWN_IN, libraryHere());
  }
  if (busy()) return;
  const conversations = all();
  fill(id, conversations);
  showBranches(id, conversations);
};

const restore = (id, turned = false) => {
  const found = id ? kept(id) : null;
  if (found) {
    here.setItem(SHOWN, id);
    here.setItem(SHOWN_IN, libraryHere());
    parted.delete(id);
    learn(id, found.exchanges);
  } else here.removeItem(SHOWN);
  trigger("restore", { conversation: id ?? "", exchanges: found?.exchanges ?? [], turned });
};

// Open a kept conversation: first its library, if the page has another one.
let comingTo = null;
const turnTo = (library, id) => {
  comingTo = id;
  const turn = new CustomEvent("footnoted:turn", { detail: library, cancelable: true });
  if (document.dispatchEvent(turn)) return;
  comingTo = null;
  say(_("Wait for what is in progress, or stop it: it belongs to the library that is open."));
};
const openKept = (id) => {
  const found = kept(id);
  if (isElsewhere(found)) turnTo(found.library, id);
  else restore(id);
};

document.addEventListener("footnoted:leaving", keep); // Including what was answered a moment ago.

// The page has another library: nothing of the one before is shown.
document.addEventListener("footnoted:library", () => {
  document.dispatchEvent(new Event("footnoted:new"));
  restore(comingTo, !comingTo);
  comingTo = null;
});

// Return the id of a new conversation that begins as the one on the page does.
const branch = () => {
  keep();
  const id = newId();
  const shown = kept(here.getItem(SHOWN));
  if (shown) begun.set(id, familyOf(shown));
  return id;
};

// What was typed but not asked is back when the page is reloaded.
const keepTyped = () => box() && here.setItem(TYPED, box().value);
document.addEventListener("input", (event) => event.target === box() && keepTyped());

// --- what is done with it

// Return the bytes of conversations, each with a title, in a format.
const written = async (format, conversations) => {
  const made = await server.export_as({ format, conversations });
  if (made.error) return say(made.error);
  const bytes = Uint8Array.from(atob(made.data), (sign) => sign.charCodeAt(0));
  return { name: made.name, file: new Blob([bytes], { type: made.type }) };
};

const done = () => turns().filter((turn) => turn.dataset.exchange).map(exchange);
const title = () => document.getElementById("talk-title").textContent;

const download = async (format, conversations) => {
  if (!conversations.length) return say(_("There is nothing to export yet."));
  const made = await written(format, conversations);
  if (!made) return;
  const link = make("a", { href: URL.createObjectURL(made.file), download: made.name });
  link.click();
  URL.revokeObjectURL(link.href);
};

const copy = async (turn, button) => {
  const made = await written("text", [{ title: title(), exchanges: [exchange(turn)], library: libraryHere() }]);
  if (!made) return;
  try {
    await navigator.clipboard.writeText(await made.file.text());
    button.textContent = _("Copied");
    setTimeout(() => (button.textContent = _("Copy")), 2000);
  } catch {
    say(_("The browser does not let this page copy: export the conversation instead."));
  }
};

const check = (turn) => {
  const said = exchange(turn).answer.sentences.filter((each) => each.supported);
  fillIn(document.querySelector("#draft textarea"), said.map((each) => each.text).join(" "));
  document.querySelector('[data-panel-button="check"]').click();
  document.getElementById("check")?.click();
};

let pressed; // The button that gets the focus back when its turn is redrawn.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  pressed = null;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target) || button) menu.open = false;
  }
  if (!button) return;
  const { act, conversationAct, example, export: format, exportAll, branch: other } = button.dataset;
  if (act || conversationAct || other || format || exportAll) keep(); // Including what was answered a moment ago.
  if (format) download(format, done().length ? [{ title: title(), exchanges: done(), library: libraryHere() }] : []);
  if (exportAll) {
    const library = (each) => (isElsewhere(each) ? each.library : libraryHere());
    const one = (each) => ({ title: titleOf(each), exchanges: each.exchanges, library: library(each) });
    download(exportAll, all().map(one));
  }
  const turn = button.closest(".turn");
  if (act === "copy") copy(turn, button);
  if (act === "check") check(turn);
  if (act === "case") trigger("keep_case", { turn: turns().indexOf(turn) });
  if (busy()) return; // One answer at a time: stop it first.
  if (act === "edit") edit(turn);
  if (act === "up" || act === "down") {
    pressed = { turn: turns().indexOf(turn), act };
    trigger("rate", { ...pressed, rating: act, conversation: exchange(turn).conversation });
  }
  if (act === "again" || act === "typed") {
    const typed = act === "typed";
    trigger("again", { turn: turns().indexOf(turn), conversation: branch(), typed });
  }
  if (example) trigger("again", { question: example, conversation: newId() });
  if (other) {
    inView = turns().indexOf(turn);
    restore(other);
  }
  if (conversationAct === "new") {
    restore(null);
    document.dispatchEvent(new Event("footnoted:new"));
    box().focus();
  }
});

// Edit a question in place. The earlier answer stays as a branch.
const edit = (turn) => {
  if (!turn || turn.querySelector(".editing")) return;
  const asked = turn.querySelector(".asked");
  const field = make("textarea", { "aria-label": _("Question"), rows: "2", maxlength: "4000" });
  field.value = exchange(turn).question;
  const form = make(
    "form",
    { class: "editing" },
    field,
    make("button", { type: "submit" }, _("Ask")),
    make("button", { type: "button", "data-cancel": "" }, _("Cancel")),
  );
  const close = () => {
    form.remove();
    asked.hidden = false;
    turn.querySelector('[data-act="edit"]')?.focus();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (!question || busy()) return;
    close();
    trigger("again", { turn: turns().indexOf(turn), question, conversation: branch() });
  });
  form.addEventListener("click", (event) => "cancel" in event.target.dataset && close());
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && event.target === field) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  asked.after(form);
  asked.hidden = true;
  field.focus();
};

document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowUp" || event.target !== box() || box().value || busy()) return;
  const last = turns().at(-1);
  if (!last) return;
  event.preventDefault();
  edit(last);
});

// --- a footnote shows its quote

const peek = make("div", { id: "peek", role: "tooltip", hidden: "" });
document.querySelector(".gradio-container").append(peek);
let leaving;

const unpeek = () => {
  peek.hidden = true;
  document.querySelector("[aria-describedby=peek]")?.removeAttribute("aria-describedby");
};
const showQuote = (footnote) => {
  clearTimeout(leaving);
  const { place, quote } = footnote.dataset;
  peek.replaceChildren(make("span", {}, place), make("q", { dir: "auto" }, quote));
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
    const byHand = type === "focusin" && !footnote?.matches(":focus-visible"); // Focused by touch, or by “Back”.
    if (footnote && inside && !byHand) showQuote(footnote);
    else if (footnote || event.target.closest?.("#peek")) inside ? clearTimeout(leaving) : later();
  });
}
// Escape closes what is open, the innermost first; if nothing is, it stops the answer.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    if (peek.hidden && !menu) return;
    unpeek();
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);
document.addEventListener("keydown", (event) => {
  const stop = document.getElementById("stop");
  if (event.key !== "Escape" || event.defaultPrevented || !stop?.checkVisibility()) return;
  stop.click();
  box().focus();
});
conversation.addEventListener("scroll", unpeek);
document.addEventListener("click", unpeek);

// --- what is new comes into view once, so that scrolling back is not undone

let step = "";
let settling;
const settled = () => {
  keep();
  if (inView >= 0) turns()[inView]?.scrollIntoView({ block: "start" });
  inView = -1;
};
new MutationObserver(() => {
  clearTimeout(settling);
  settling = setTimeout(settled, 200); // Gradio renders the parts of an event one after the other.
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

const typed = here.getItem(TYPED);
if (typed) typeAgain(box, typed);
// Answers of another library are not shown if the page was sent to this one.
const shown = here.getItem(SHOWN_IN) === libraryHere() ? here.getItem(SHOWN) : null;
// With nothing kept, only the welcome is drawn: a question may have been asked already.
if (shown && kept(shown)) restore(shown);
else {
  here.removeItem(SHOWN);
  trigger("begin");
}
fill(shown);
window.addEventListener("pagehide", () => {
  keep(); // Including what was answered a moment ago.
  keepTyped();
});
