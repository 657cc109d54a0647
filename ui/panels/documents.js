// Runs once, when #documents is on the page. Gradio gives `element` and `trigger`. A document is
// removed, renamed in its place, or left out of what is asked.

const rename = (line, id) => {
  typeName(line.querySelector(".title"), "Name of the document", (title) => {
    line.querySelector(".rename").focus();
    if (title) trigger("rename", { document: id, title });
  });
};

element.addEventListener("click", (event) => {
  const { remove, rename: renamed } = event.target.closest("button")?.dataset ?? {};
  if (remove && event.detail < 2) trigger("remove", { document: remove }); // Once for a double click.
  if (renamed) rename(event.target.closest("li"), renamed);
});
element.addEventListener("change", (event) => {
  if (event.target.matches("[data-choose]")) trigger("choose");
});
