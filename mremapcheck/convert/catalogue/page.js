const form = document.querySelector(".bar form");
const cards = [...document.querySelectorAll("article")];
function filter() {
  const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const card of cards) {
    const text = (card.text ??= card.textContent.toLowerCase());
    const fits = words.every((word) => text.includes(word)) && (!form.turns.checked || "turns" in card.dataset);
    card.hidden = !fits;
    shown += fits;
  }
  for (const part of document.querySelectorAll("main section")) {
    part.hidden = !part.querySelector("article:not([hidden])") && !part.matches(".always");
  }
  form.count.value = `${shown} of ${cards.length}`;
}
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.hidden = false;
for (const theme of document.querySelectorAll("nav details")) theme.open = innerWidth > 1050 && cards.length < 60;
filter();
