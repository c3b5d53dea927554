// Shortcuts: J and K move between cards, C checks in, Ctrl+Enter saves, Esc closes, ? shows the list.
// In a scale, a digit chooses its value. Single keys are off in text fields, and everywhere if the profile turns them off.

const sheet = document.getElementById("keys");
const isOff = document.documentElement.dataset.keys === "off";

function isTyping({ target }) {
  return target.isContentEditable || target.matches("input:not([type=radio], [type=checkbox]), textarea, select");
}

function currentCard() {
  return document.activeElement?.closest(".due");
}

function mainControl(card) {
  return card?.querySelector(".due-act :is(a, button)") ?? card?.querySelector("a, button");
}

function walk(step) {
  const cards = [...document.querySelectorAll(".due")];
  const at = cards.indexOf(currentCard());
  const next = at < 0 ? (step > 0 ? 0 : cards.length - 1) : at + step;
  mainControl(cards[next])?.focus();
}

function checkIn() {
  const card = currentCard();
  const target = card?.dataset.state === "todo" ? mainControl(card) : null;
  (target ?? document.querySelector('[data-key="c"], .due[data-state="todo"] .due-act a'))?.click();
}

function close() {
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    return menu.querySelector("summary").focus();
  }
  const card = currentCard() ?? document;
  (card.querySelector("[data-close]") ?? document.querySelector(".due [data-close]"))?.click();
}

function save() {
  const form = document.activeElement?.closest("form");
  const keep = form?.querySelector("[data-keep]"); // in a conflict, overwriting takes a choice
  if (keep) return keep.focus();
  form?.requestSubmit(form.querySelector("button:not([type=button], :disabled)"));
}

// A page can assign a button to a key; otherwise the key moves between cards.
function press(key) {
  const button = document.querySelector(`[data-key="${key}"]`);
  button?.click();
  return Boolean(button);
}

const KEYS = {
  j: () => press("j") || walk(1),
  k: () => press("k") || walk(-1),
  c: checkIn,
  "?": () => sheet.showModal(),
};

// On layouts without Latin letters the key is known by its position: "о" is typed on KeyJ.
function keyOf({ key, code, shiftKey }) {
  if (/^[ -~]$/.test(key)) return key.toLowerCase();
  if (code === "Slash" && shiftKey) return "?";
  return /^Key[A-Z]$/.test(code) ? code.slice(3).toLowerCase() : key;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    save();
  } else if (event.key === "Escape") {
    close();
  } else if (/^\d$/.test(event.key) && event.target.matches(".scale input")) {
    event.target.closest(".scale").querySelector(`[value="${event.key}"]`)?.click();
  } else if (!isOff && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event)) {
    const act = KEYS[keyOf(event)];
    if (!act) return;
    event.preventDefault();
    act();
  }
});

for (const button of document.querySelectorAll("[data-open-keys]")) {
  button.hidden = false;
  button.addEventListener("click", () => sheet.showModal());
}
