// Once on the page, in the script of the documents: what of the page is in its language besides words.

// Gradio says that the page is in the browser's language, whatever its words are in.
const root = document.documentElement;
const nameLanguage = () => {
  if (root.lang !== LANGUAGE) root.lang = LANGUAGE;
};
new MutationObserver(nameLanguage).observe(root, { attributeFilter: ["lang"] });
nameLanguage();

// What Gradio has no place for is put on the page by its style.
const inStyle = {
  "--add": _("Add files: drop them here or click"),
  "--formats": _("Texts, PDFs, slides, sheets, mails, pictures, ZIP"),
  "--opening": _("Opening…"),
};
for (const [name, words] of Object.entries(inStyle)) root.style.setProperty(name, JSON.stringify(words));
