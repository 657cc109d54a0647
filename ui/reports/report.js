// Shows the cases that hold the words typed and are in the state chosen.
const words = document.getElementById("words");
const state = document.getElementById("state");
const cases = [...document.querySelectorAll(".case")];
const texts = cases.map((each) => each.textContent.toLowerCase());
const states = cases.map((each) => each.dataset.states.split(" "));
const filter = () => {
  const wanted = words.value.toLowerCase();
  let shown = 0;
  cases.forEach((each, n) => {
    const fits = texts[n].includes(wanted) && (!state.value || states[n].includes(state.value));
    each.hidden = !fits;
    shown += fits;
  });
  document.getElementById("count").textContent = shown === 1 ? "1 case" : `${shown} cases`;
};
words.addEventListener("input", filter);
state.addEventListener("change", filter);
document.querySelector(".filter").addEventListener("submit", (event) => event.preventDefault());
