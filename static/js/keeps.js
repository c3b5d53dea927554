// A form with input stays while the screen follows the meeting. It shows when the meeting is at another
// item, with a button to switch to that item.

const WORDS = "textarea, [type=text], [type=url]";

function hasWords(kept) {
  return [...kept.querySelectorAll(WORDS)].some(({ value }) => value.trim());
}

document.addEventListener("input", ({ target }) => {
  const kept = target.closest("[data-keeps]");
  if (!kept || !target.closest("form")) return;
  kept.toggleAttribute("data-touched", hasWords(kept) || !target.matches(WORDS));
});

// A restored draft counts as input.
document.addEventListener("draft-restored", ({ target }) => {
  const kept = target.closest("[data-keeps]");
  kept?.toggleAttribute("data-touched", hasWords(kept));
});

// An item is not replaced while its form has input, except by the user's own action.
let follows = false;

document.addEventListener("htmx:beforeOnLoad", ({ detail }) => {
  follows = detail.elt.id === "live-review";
});

document.addEventListener("htmx:oobBeforeSwap", ({ detail, target }) => {
  if (follows && target.querySelector("[data-touched]")) detail.shouldSwap = false;
  if (!target.matches("[data-keeps]")) return;
  const fresh = detail.fragment.querySelector?.("[data-keeps]");
  if (!target.matches("[data-touched]")) return fresh && chooseAlike(target, fresh);
  detail.shouldSwap = false;
  if (fresh) tell(target, fresh.dataset);
});

// The chosen type of capture stays chosen when the meeting moves on.
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
  notice.querySelector("[data-current]").textContent = title;
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
