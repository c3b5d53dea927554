// Saves input as a draft in this browser until the server has it.
// A form enables it with data-draft="<user>:<key result or page>"; only changed fields are saved.

const PREFIX = "draft:";
const PAUSE_MS = 300;
const KEPT_FOR_MS = 14 * 24 * 3600 * 1000; // an older draft is about another week

const timers = new Map(); // form -> timer of its next save

function fieldsOf(form) {
  const skipped = ["hidden", "file", "password", "submit", "button", "fieldset"];
  return [...form.elements].filter(({ name, type }) => name && !skipped.includes(type));
}

// The server has filled in fields from a sentence: all of them are the draft now.
function isFilled(form) {
  return form.hasAttribute("data-filled");
}

function isTicked({ type }) {
  return type === "radio" || type === "checkbox";
}

function isTyped(field) {
  if (isFilled(field.form)) return true;
  if (isTicked(field)) return field.checked !== field.defaultChecked;
  if (field.options) return [...field.options].some((o) => o.selected !== o.defaultSelected);
  return field.value !== field.defaultValue;
}

function slotOf(field) {
  return isTicked(field) ? `${field.name}=${field.value}` : field.name;
}

function read(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(PREFIX + key));
    return draft && Date.now() - draft.at < KEPT_FOR_MS ? draft : null;
  } catch {
    return null; // storage is off or has other content
  }
}

function write(key, draft) {
  localStorage.setItem(PREFIX + key, JSON.stringify(draft));
}

function versionOf(form) {
  return form.elements.namedItem("version");
}

function keep(form) {
  const kept = read(form.dataset.draft)?.fields ?? {};
  const fields = {};
  for (const field of fieldsOf(form)) {
    const slot = slotOf(field);
    if (isTyped(field) || slot in kept) fields[slot] = isTicked(field) ? field.checked : field.value;
  }
  if (Object.keys(fields).length === 0) return;
  const draft = { at: Date.now(), fields, version: versionOf(form)?.value };
  try {
    write(form.dataset.draft, draft);
    note(form, draft);
  } catch {
    // Storage is full or off: the form works without drafts.
  }
}

function restore(form) {
  if (isFilled(form)) keep(form);
  const draft = read(form.dataset.draft);
  if (!draft || fieldsOf(form).some(isTyped)) return;
  for (const field of fieldsOf(form)) {
    const value = draft.fields[slotOf(field)];
    if (value === undefined) continue;
    if (isTicked(field)) field.checked = value;
    else field.value = value;
    const folded = field.closest("details");
    if (folded && value) folded.open = true;
    if (field.matches(".input-figure") && field === document.activeElement) field.select();
  }
  // The draft is based on an older version, so that saving it still detects a conflict.
  if (draft.version && versionOf(form)) versionOf(form).value = draft.version;
  note(form, draft, "Restored what you had typed at");
  form.dispatchEvent(new CustomEvent("draft-restored", { bubbles: true }));
}

function note(form, draft, what = "Draft saved") {
  const place = form.querySelector("[data-draft-note]");
  if (place) place.textContent = `${what} ${timeOf(draft)}`;
}

function timeOf({ at }) {
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const timeZone = document.documentElement.dataset.zone;
  try {
    return new Date(at).toLocaleTimeString("en-GB", { ...clock, timeZone });
  } catch {
    return new Date(at).toLocaleTimeString("en-GB", clock); // this browser doesn't know the zone
  }
}

function forget(key) {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Storage is off: there are no drafts.
  }
}

function forgetAll() {
  [...timers.keys()].forEach(cancel);
  try {
    Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .forEach((key) => localStorage.removeItem(key));
  } catch {
    // Storage is off: there are no drafts.
  }
}

function cancel(form) {
  clearTimeout(timers.get(form));
  timers.delete(form);
}

function keepNow(form) {
  cancel(form);
  keep(form);
}

document.addEventListener("input", ({ target }) => {
  const form = target.form;
  if (!form?.dataset.draft) return;
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(() => keepNow(form), PAUSE_MS));
});

// Save the last keystrokes first, since sending can fail or lead to the sign-in page.
document.addEventListener(
  "submit",
  ({ target }) => {
    if ("signOut" in target.dataset) forgetAll();
    else if (timers.has(target)) keepNow(target);
  },
  true,
);

// A preview whose sign-in has expired leads away while someone types.
window.addEventListener("pagehide", () => [...timers.keys()].forEach(keepNow));

document.addEventListener("check-in-recorded", ({ detail, target }) => {
  const form = target.closest("form");
  if (form) cancel(form);
  if (detail.draft) forget(detail.draft);
});

function drop(form) {
  if (!form?.dataset.draft) return;
  cancel(form);
  forget(form.dataset.draft);
}

document.addEventListener("form-saved", ({ target }) => drop(target.closest("form")));
document.addEventListener("click", ({ target }) => drop(target.closest("[data-draft-drop]")?.closest("form")));

// A closed card shows that it has a draft.
function tellOf(place) {
  const draft = read(place.dataset.draftOf);
  const note = place.querySelector("[data-draft-note]");
  if (note && !note.closest("form")) note.textContent = draft ? `Draft saved ${timeOf(draft)}` : "";
}

// After a conflict the form is based on the current version, so the draft is too.
function bringUpToDate(form) {
  const draft = read(form.dataset.draft);
  if (!draft?.version || !versionOf(form)) return;
  try {
    write(form.dataset.draft, { ...draft, version: versionOf(form).value });
  } catch {
    // Storage is full or off: the form works without drafts.
  }
}

function areDrafts() {
  try {
    return Object.keys(localStorage).some((key) => key.startsWith(PREFIX));
  } catch {
    return false; // storage is off
  }
}

function lookAround(root) {
  root.querySelectorAll("[data-drafts-wait]").forEach((place) => (place.hidden = !areDrafts()));
  root.querySelectorAll("form[data-draft]").forEach(restore);
  root.querySelectorAll("[data-draft-of]").forEach(tellOf);
}

document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  const root = target.parentElement ?? target;
  if (detail.xhr?.status === 409) root.querySelectorAll("form[data-draft]").forEach(bringUpToDate);
  lookAround(root);
});
// After htmx is ready, because a restored draft triggers checks.
document.addEventListener("DOMContentLoaded", () => lookAround(document));
