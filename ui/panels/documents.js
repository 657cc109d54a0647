// Runs once, when #documents is on the page. Gradio gives `element` and `trigger`. A document is
// removed, renamed in its place, or left out of what is asked.

const rename = (line, id) => {
  const title = line.querySelector(".title");
  const input = document.createElement("input");
  input.type = "text";
  input.maxLength = 200;
  input.className = "renaming";
  input.setAttribute("aria-label", "Name of the document");
  input.value = title.textContent;
  let over = false; // Taking the box away ends the typing once more.
  const done = (take) => {
    if (over || !input.isConnected) return;
    over = true;
    const wanted = input.value.trim();
    input.remove();
    title.hidden = false;
    line.querySelector(".rename").focus();
    if (take && wanted && wanted !== title.textContent) trigger("rename", { document: id, title: wanted });
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") done(true);
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    done(false);
  });
  input.addEventListener("blur", () => setTimeout(() => done(true))); // Gradio may be taking it away.
  title.hidden = true;
  title.after(input);
  input.select();
};

element.addEventListener("click", (event) => {
  const { remove, rename: renamed } = event.target.closest("button")?.dataset ?? {};
  if (remove) trigger("remove", { document: remove });
  if (renamed) rename(event.target.closest("li"), renamed);
});
element.addEventListener("change", (event) => {
  if (!event.target.matches("[data-choose]")) return;
  const boxes = [...element.querySelectorAll("[data-choose]")];
  const left = boxes.filter((box) => !box.checked).map((box) => box.dataset.choose);
  trigger("choose", { left_out: left });
});
