// Comes after `documents.js` in one script. Tags are given to documents, removed, and asked by.

const addTag = (button) => {
  const label = button.getAttribute("aria-label");
  const id = button.dataset.newTag;
  const done = (tag) => (tag ? trigger("tag", { document: id, add: tag }) : button.focus());
  typeName(button, label, done, "");
};

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.newTag) addTag(button);
  if (button?.dataset.untag) trigger("tag", { document: button.dataset.untag, remove: button.dataset.tag });
});
document.getElementById("by-tag").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) trigger("pick", { tag: button.dataset.pick });
});
