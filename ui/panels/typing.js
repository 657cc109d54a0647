// The scripts of this folder begin with this: translation, making elements, filling in fields, and
// editing names in place.

// The fixed texts in the language of the page, which carries them unless that is English.
const { language: LANGUAGE, words: WORDS } = JSON.parse(
  document.getElementById("words")?.textContent ?? '{"language": "en", "words": {}}',
);
const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (_gap, name) => values[name]);
const _ = (message, values = {}) => filled(WORDS[message] ?? message, values);
const ngettext = (one, many, number, values = {}) => {
  const forms = WORDS[one] ?? { one, other: many };
  const form = forms[new Intl.PluralRules(LANGUAGE).select(number)] ?? forms.other;
  return filled(form, { num: number.toLocaleString(LANGUAGE), ...values });
};

// The library that this page has, as its address names it; "" for the first one.
const libraryHere = () => new URLSearchParams(window.location.search).get("library") ?? "";

const make = (name, attributes = {}, ...inner) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inner);
  return element;
};

const fillIn = (field, text) => {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

// Put back what was typed before a reload. Gradio may empty the field while it starts.
const typeAgain = (find, text, times = 10) => {
  const field = find();
  if (field && !field.value) fillIn(field, text);
  if (times) setTimeout(() => typeAgain(find, text, times - 1), 100);
};

// Edit a name in place; Escape leaves it as it is. `done` is given the new name, or "" if it is the
// same, and whether to take what is set in the fields `beside` it.
const typeName = (shown, label, done, before = shown.textContent, beside = []) => {
  const input = make("input", { type: "text", maxlength: "200", class: "naming", "aria-label": label });
  input.value = before;
  const fields = [input, ...beside];
  let over = false; // Removing the field would end the typing again.
  const end = (take) => {
    if (over || !input.isConnected) return;
    over = true;
    const name = input.value.trim();
    fields.forEach((field) => field.remove());
    shown.hidden = false;
    done(take && name && name !== before ? name : "", take);
  };
  const left = () => fields.includes(document.activeElement) || end(true);
  fields.forEach((field) => {
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") end(true);
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      end(false);
    });
    field.addEventListener("blur", () => setTimeout(left)); // Gradio may be removing it.
  });
  shown.hidden = true;
  shown.after(...fields);
  input.select();
};
