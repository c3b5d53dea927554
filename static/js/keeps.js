// A form with input stays while the page updates itself. In a review it shows when the meeting is at another item,
// with a button to switch to that item.

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

// The screen asks every few seconds for its current state. An answer that was asked for before a press, or before
// the answer to that press, may be older than what the user sees. It is ignored, and the screen asks again.
let poll = null; // the request whose answer is still wanted
let follows = false; // whether the page asked for the answer at hand by itself

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  poll = isScreen(detail.elt) ? detail.xhr : null;
});

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { elt, xhr } = event.detail;
  follows = elt.matches("[data-follows]");
  if (!isScreen(elt)) poll = null;
  else if (xhr !== poll) event.preventDefault();
});

function isScreen(element) {
  return element.id === "live-review";
}

// An answer cannot reach the page once another answer has replaced the form that it is for. The screen asks again.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!isScreen(detail.target) || detail.requestConfig.elt.isConnected) return;
  detail.shouldSwap = false;
  window.htmx.trigger(detail.target, "outdated");
});

// A part is not replaced while its form has input, the focus or a request under way, except by the user's own
// action.
document.addEventListener("htmx:oobBeforeSwap", ({ detail, target }) => {
  const inUse = "[data-touched], [data-keeps]:focus-within, form.htmx-request";
  if (follows && target.querySelector(inUse)) detail.shouldSwap = false;
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
