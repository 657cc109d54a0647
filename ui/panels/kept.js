// The conversations that the browser keeps, and the list of them (#talks). This comes before
// `conversation.js` in one script. `conversation.py` gives `newId`.
//
// Each conversation is one entry of localStorage, so that tabs do not interfere; sessionStorage
// knows which one this tab shows. The browser makes the ids, so that no server can give the same
// one twice. If a question is edited or asked again, the earlier version stays as a conversation of
// its own in the same family: a branch. The list has one line for each family.
//
// gr.BrowserState keeps one value, which is written whole: tabs would overwrite each other's
// conversations, and all of them would be sent to the server to be listed.

const PREFIX = "footnoted:conversation:";
const SHOWN = "footnoted:shown";
const SHOWN_IN = "footnoted:shown-in"; // The library that the page had then, as its address names it.
const DAY = 24 * 60 * 60 * 1000;
const local = window.localStorage;
const here = window.sessionStorage; // Of this tab only: for what localStorage has no room.

// --- what is kept

const stored = (storage, id) => {
  try {
    const found = JSON.parse(storage.getItem(PREFIX + id));
    const told = Array.isArray(found?.exchanges) && found.exchanges.every((each) => each?.question != null);
    return told && found.exchanges.length ? { ...found, id } : null;
  } catch {
    return null; // Not ours, or broken: as if it were not there.
  }
};

const kept = (id) => {
  const [one, other] = [stored(local, id), stored(here, id)];
  return one && other ? (other.changed > one.changed ? other : one) : one ?? other;
};

const all = () => {
  const keys = [...Object.keys(local), ...Object.keys(here)].filter((key) => key.startsWith(PREFIX));
  const ids = new Set(keys.map((key) => key.slice(PREFIX.length)));
  return [...ids].map(kept).filter(Boolean).sort((one, other) => other.changed - one.changed);
};

// The name of this page's library; "" before the server has sent it.
const libraryName = () => document.getElementById("library-name")?.dataset.name ?? "";
// A conversation belongs to the library that it was asked in; those of older versions, to any.
const isElsewhere = (each) => Boolean(each?.library && libraryName() && each.library !== libraryName());

const familyOf = (each) => each.family ?? each.id;
const familyNamed = (name) => all().filter((each) => familyOf(each) === name);

// What this tab has last kept or opened, by id. Only what is not in it is written, so that what
// another tab has changed or deleted since is left alone.
const known = new Map();
const knows = (id, exchange) => known.get(id)?.has(JSON.stringify(exchange));
const learn = (id, exchanges) => known.set(id, new Set(exchanges.map((each) => JSON.stringify(each))));

// If another tab has continued the same conversation, this tab continues it under a new id.
const parted = new Map();
// The families of conversations that were begun here by an edit, and are not written yet.
const begun = new Map();

// Whether writing `exchanges` loses nothing: they include all that is kept, except for exchanges of
// this tab that it has rated, or asked again because there was no answer.
const covers = (exchanges, id) =>
  (kept(id)?.exchanges ?? []).every(
    (each, at) =>
      JSON.stringify(each) === JSON.stringify(exchanges[at]) ||
      (knows(id, each) && each.question === exchanges[at]?.question),
  );

// Return whether it is kept for good, or else only while this tab is open.
const put = (id, conversation) => {
  const written = JSON.stringify(conversation);
  try {
    local.setItem(PREFIX + id, written);
    here.removeItem(PREFIX + id);
    return true;
  } catch {
    here.setItem(PREFIX + id, written);
    return false;
  }
};

const write = (id, exchanges) => {
  const before = kept(id);
  const family = before?.family ?? begun.get(id);
  const title = before?.title ?? (family && familyNamed(family)[0]?.title);
  const now = Date.now();
  const library = before?.library ?? libraryName();
  const conversation = { changed: now, begun: before?.begun ?? now, family, title, library, exchanges };
  try {
    if (!put(id, conversation)) say(_("The browser has no more room. Export this conversation, or delete older ones: it is kept only until this tab is closed."));
    learn(id, exchanges);
    begun.delete(id);
  } catch {
    say(_("The browser has no more room. Export this conversation, or delete older ones: it is not kept."));
  }
};

// --- the list

const list = document.getElementById("conversations");
const search = document.getElementById("talk-search");
const told = document.getElementById("talks-told");

// A conversation's title is its first question, or else the greeting that it opens with.
const titleOf = ({ title, exchanges }) => {
  const typed = exchanges.filter((each) => each.question);
  const asked = typed.find((each) => each.answer?.route?.kind !== "conversation");
  return title ?? String((asked ?? typed[0])?.question ?? "");
};
const words = (conversation) =>
  [titleOf(conversation), ...conversation.exchanges.flatMap((each) => [each.question, each.answer?.answer])]
    .join("\n")
    .toLowerCase();

const dayOf = (changed) => {
  const midnight = new Date().setHours(0, 0, 0, 0);
  if (changed >= midnight) return _("Today");
  if (changed >= midnight - DAY) return _("Yesterday");
  if (changed >= midnight - 6 * DAY) return _("Last seven days");
  return new Date(changed).toLocaleDateString(LANGUAGE, { month: "long", year: "numeric" });
};

const where = (conversation) =>
  isElsewhere(conversation) ? [" ", make("span", { class: "elsewhere" }, _("in %(library)s", { library: conversation.library }))] : [];

const lineOf = (conversation) => {
  const title = titleOf(conversation);
  const act = (name, word, whole, sign) =>
    make("button", { type: "button", "data-kept-act": name, "aria-label": whole, title: word }, sign);
  return make(
    "li",
    { "data-family": familyOf(conversation) },
    make("button", { type: "button", class: "kept", "data-open": conversation.id, title }, title, ...where(conversation)),
    act("rename", _("Rename"), _("Rename: %(title)s", { title }), "✎"),
    act("delete", _("Delete"), _("Delete: %(title)s", { title }), "×"),
  );
};

// The line of each family shows its newest conversation.
const fill = (id, conversations = all()) => {
  if (list.querySelector(".naming")) return; // A title is being typed.
  const families = new Map();
  for (const each of conversations) if (!families.has(familyOf(each))) families.set(familyOf(each), each);
  const shown = conversations.find((each) => each.id === id);
  const wanted = search.value.trim().toLowerCase();
  const lines = [...families.values()].filter((each) => words(each).includes(wanted));
  const days = new Map();
  for (const each of lines) days.set(dayOf(each.changed), [...(days.get(dayOf(each.changed)) ?? []), each]);
  const next = list.cloneNode();
  next.append(
    ...[...days].map(([day, within]) => make("li", {}, make("h3", {}, day), make("ul", {}, ...within.map(lineOf)))),
  );
  const none = wanted ? _("No conversation has these words.") : _("Your conversations are kept here, in this browser.");
  if (!lines.length) next.append(make("li", { class: "empty" }, none));
  // A button that is replaced while it is pressed is never clicked: only changes are redrawn.
  for (const each of list.querySelectorAll("[aria-current]")) each.removeAttribute("aria-current");
  if (!next.isEqualNode(list)) list.replaceChildren(...next.childNodes);
  if (shown) lineNamed(familyOf(shown))?.querySelector(".kept").setAttribute("aria-current", "true");
  search.hidden = families.size < 2;
  document.getElementById("talk-title").textContent = shown ? titleOf(shown) : _("New conversation");
};

const lineNamed = (family) => list.querySelector(`[data-family="${CSS.escape(family)}"]`);
const rename = (family) => {
  const line = lineNamed(family).querySelector(".kept");
  line.querySelector(".elsewhere")?.remove();
  line.textContent = line.textContent.trim();
  typeName(line, _("Title of the conversation"), (title) => {
    for (const { id, ...each } of title ? familyNamed(family) : []) put(id, { ...each, title });
    fill(here.getItem(SHOWN));
    lineNamed(family)?.querySelector(".kept").focus();
  });
};

// Deleted conversations come back while the page is open, until others are deleted.
let deleted = [];
const remove = (family) => {
  deleted = familyNamed(family);
  for (const { id } of deleted) for (const storage of [local, here]) storage.removeItem(PREFIX + id);
  const undo = make("button", { type: "button", "data-kept-act": "undo" }, _("Undo"));
  told.replaceChildren(`${_("Deleted: %(title)s", { title: titleOf(deleted[0]) })} `, undo);
  undo.focus();
  if (deleted.some((each) => each.id === here.getItem(SHOWN))) restore(null);
  else fill(here.getItem(SHOWN));
};
const bringBack = () => {
  for (const { id, ...each } of deleted) put(id, each);
  const [newest] = deleted;
  deleted = [];
  told.replaceChildren();
  if (newest && !turns().length && !isElsewhere(newest)) restore(newest.id);
  else fill(here.getItem(SHOWN));
};

list.closest("section").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const family = button.closest("[data-family]")?.dataset.family;
  const act = button.dataset.keptAct;
  const shown = kept(here.getItem(SHOWN));
  const mine = shown && familyOf(shown) === family;
  if (busy() && (button.dataset.open || act === "undo" || (act === "delete" && mine))) {
    say(_("Wait for the answer that is being made, or stop it."));
    return;
  }
  keep(); // Including what was answered a moment ago.
  if (button.dataset.open) openKept(button.dataset.open);
  if (button.dataset.open || button.dataset.conversationAct === "new") {
    document.querySelector('#top [data-panel-button="talk"]').click();
  }
  if (act === "rename") rename(family);
  if (act === "delete") remove(family);
  if (act === "undo") bringBack();
});
search.addEventListener("input", () => fill(here.getItem(SHOWN)));
window.addEventListener("storage", (event) => {
  if (event.key === null || event.key.startsWith(PREFIX)) fill(here.getItem(SHOWN)); // Another tab has written.
});

document.addEventListener("footnoted:kept", () => fill(here.getItem(SHOWN))); // Or in another library.

// --- the branches of a turn

// The versions of a turn in the conversations that begin as this one does, oldest first: the newest
// conversation for each question and answer.
const same = (one, other) => one.question === other.question && one.answer?.answer === other.answer?.answer;
const branchesAt = (family, exchanges, at) => {
  const alike = family.filter(
    (each) => each.exchanges.length > at && exchanges.slice(0, at).every((own, n) => same(own, each.exchanges[n])),
  );
  const found = [];
  for (const each of alike.sort((one, other) => (one.begun ?? one.changed) - (other.begun ?? other.changed))) {
    const before = found.findIndex((other) => same(other.exchanges[at], each.exchanges[at]));
    if (before < 0) found.push(each);
    else if (each.changed > found[before].changed) found[before] = each;
  }
  return found;
};

// Write “‹ 2 of 3 ›” under the questions that have other versions.
const showBranches = (id, conversations) => {
  const shown = conversations.find((each) => each.id === id);
  const family = conversations.filter((each) => shown && familyOf(each) === familyOf(shown));
  turns().forEach((turn, at) => {
    const place = turn.querySelector(".branches");
    const own = shown?.exchanges[at];
    if (!place || !own) return;
    const branches = family.length > 1 ? branchesAt(family, shown.exchanges, at) : [];
    const mine = branches.findIndex((each) => same(each.exchanges[at], own));
    const ids = branches.length > 1 ? branches.map((each) => each.id).join(" ") : "";
    if (place.dataset.of === `${mine} ${ids}`) return;
    place.dataset.of = `${mine} ${ids}`;
    place.replaceChildren();
    if (!ids) return;
    const step = (word, sign, to) =>
      make("button", { type: "button", "aria-label": word, ...(branches[to] ? { "data-branch": branches[to].id } : { disabled: "" }) }, sign);
    const further = Math.max(...branches.map((each, n) => (n === mine ? 0 : each.exchanges.length - at - 1)));
    const versions = { version: mine + 1, all: branches.length };
    const told =
      further > 0
        ? ngettext(
            "Version %(version)s of %(all)s, another has %(num)s further question",
            "Version %(version)s of %(all)s, another has %(num)s further questions",
            further,
            versions,
          )
        : _("Version %(version)s of %(all)s", versions);
    place.append(
      step(_("Previous version of the question"), "‹", mine - 1),
      make("span", {}, told),
      step(_("Next version of the question"), "›", mine + 1),
    );
  });
};
