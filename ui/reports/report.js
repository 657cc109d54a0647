// Shows only the cases that contain the typed words and have the chosen state.
const count = document.getElementById("count");
const counted = JSON.parse(count.dataset.words);
const plurals = new Intl.PluralRules(document.documentElement.lang);
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
  count.textContent = counted[plurals.select(shown)].replace("%(num)s", shown);
};
words.addEventListener("input", filter);
state.addEventListener("change", filter);
document.querySelector(".filter").addEventListener("submit", (event) => event.preventDefault());
