// Runs once, in the script of the documents: sets the page's language, and texts in its style.

// Gradio sets `lang` to the browser's language, whatever language the page is in.
const root = document.documentElement;
const nameLanguage = () => {
  if (root.lang !== LANGUAGE) root.lang = LANGUAGE;
};
new MutationObserver(nameLanguage).observe(root, { attributeFilter: ["lang"] });
nameLanguage();

// Texts that Gradio has no place for are put on the page by its style.
const inStyle = {
  "--add": _("Add files: drop them here or click"),
  "--formats": _("Text, PDF, slides, spreadsheets, email, pictures, ZIP"),
  "--opening": _("Opening…"),
};
for (const [name, words] of Object.entries(inStyle)) root.style.setProperty(name, JSON.stringify(words));
