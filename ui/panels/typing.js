// What several scripts of this folder begin with: elements that are made, text that is put into
// fields, and names that are typed in their place.

// The fixed words in the language of the page, which carries them where that is not English.
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

// The library that this page has, as its address names it; nothing for the first one.
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

// What was typed before the page was loaded again. Gradio may empty the field while it begins.
const typeAgain = (find, text, times = 10) => {
  const field = find();
  if (field && !field.value) fillIn(field, text);
  if (times) setTimeout(() => typeAgain(find, text, times - 1), 100);
};

// Have a name typed in the place of what shows it; Escape leaves it as it is. `done` is given the
// name where it is another one, and else nothing, and whether to take what is set `beside` it.
const typeName = (shown, label, done, before = shown.textContent, beside = []) => {
  const input = make("input", { type: "text", maxlength: "200", class: "naming", "aria-label": label });
  input.value = before;
  const fields = [input, ...beside];
  let over = false; // Taking the field away ends the typing once more.
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
    field.addEventListener("blur", () => setTimeout(left)); // Gradio may be taking it away.
  });
  shown.hidden = true;
  shown.after(...fields);
  input.select();
};
