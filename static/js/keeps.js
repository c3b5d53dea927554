// What somebody is writing in stays, while the screen around it follows the room; it says so once the
// room is elsewhere, and is turned to where the room is by its button.

const WORDS = "textarea, [type=text], [type=url]";

function hasWords(kept) {
  return [...kept.querySelectorAll(WORDS)].some(({ value }) => value.trim());
}

document.addEventListener("input", ({ target }) => {
  const kept = target.closest("[data-keeps]");
  if (!kept || !target.closest("form")) return;
  kept.toggleAttribute("data-touched", hasWords(kept) || !target.matches(WORDS));
});

// A draft that came back was written by somebody too.
document.addEventListener("draft-restored", ({ target }) => {
  const kept = target.closest("[data-keeps]");
  kept?.toggleAttribute("data-touched", hasWords(kept));
});

// An item stays as it is while somebody writes in a form of its own; their own steps leave it.
let follows = false;

document.addEventListener("htmx:beforeOnLoad", ({ detail }) => {
  follows = detail.elt.id === "room";
});

document.addEventListener("htmx:oobBeforeSwap", ({ detail, target }) => {
  if (follows && target.querySelector("[data-touched]")) detail.shouldSwap = false;
  if (!target.matches("[data-keeps]")) return;
  const fresh = detail.fragment.querySelector?.("[data-keeps]");
  if (!target.matches("[data-touched]")) return fresh && chooseAlike(target, fresh);
  detail.shouldSwap = false;
  if (fresh) tell(target, fresh.dataset);
});

// Whoever chose "Action" has it chosen still where the room has moved on.
function chooseAlike(kept, fresh) {
  const chosen = kept.querySelector("[type=radio][name=capture]:checked")?.value;
  for (const radio of fresh.querySelectorAll("[type=radio][name=capture]")) {
    radio.toggleAttribute("checked", radio.value === chosen);
    radio.checked = radio.value === chosen;
  }
}

function tell(kept, { about, title }) {
  const notice = kept.querySelector("[data-elsewhere]");
  notice.hidden = about === kept.dataset.about;
  notice.dataset.about = about;
  notice.dataset.title = title;
  notice.querySelector("[data-room]").textContent = title;
}

document.addEventListener("click", ({ target }) => {
  if (!target.closest("[data-follow]")) return;
  const kept = target.closest("[data-keeps]");
  const notice = kept.querySelector("[data-elsewhere]");
  const { about, title } = notice.dataset;
  for (const form of kept.querySelectorAll("form")) {
    form.elements.about.value = about;
    const [who, , what] = form.dataset.draft.split(":");
    form.dataset.draft = `${who}:${about}:${what}`;
  }
  Object.assign(kept.dataset, { about, title });
  kept.querySelector("[data-on]").textContent = `On “${kept.dataset.title}”`;
  notice.hidden = true;
  [...kept.querySelectorAll("textarea")].find((field) => field.offsetParent)?.focus();
});
