// Handles htmx requests: the busy button, the focus after a swap, toasts and errors.
// Pages work without it. Listeners are on the document, so that they cover swapped content.

const FAILED =
  "Something went wrong. Nothing was saved, and your text is still in the form. Try again.";
const AWAY =
  "Try again in a moment. Nothing was saved, and your text is still in the form.";
const OUTDATED =
  "This page is out of date. Nothing was saved. Reload it to get your text back.";
const TOAST_FOR_MS = 10_000;

// -- the pressed button is busy while its request runs

const pressed = new WeakMap(); // request -> button

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const button = detail.requestConfig.triggeringEvent?.submitter ?? detail.elt.closest("a, button");
  detail.elt.closest("form")?.querySelector("[data-failed]")?.remove();
  if (!button) return;
  pressed.set(detail.xhr, button);
  button.setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  pressed.get(detail.xhr)?.removeAttribute("aria-busy");
});

// -- a failed request shows an error in its form

function failed({ detail }) {
  const button = pressed.get(detail.xhr);
  button?.removeAttribute("aria-busy");
  if (!button) return; // a failed live preview needs no error
  const form = button.closest("form");
  if (!form) return toast("Something went wrong. Try again.", { stays: true });
  const notice = document.createElement("div");
  notice.className = "notice";
  notice.dataset.kind = "error";
  notice.dataset.failed = "";
  notice.tabIndex = -1;
  notice.setAttribute("role", "alert");
  notice.textContent = { 403: OUTDATED, 503: AWAY }[detail.xhr?.status] ?? FAILED;
  form.prepend(notice);
  notice.focus();
}
document.addEventListener("htmx:responseError", failed);
document.addEventListener("htmx:sendError", failed);
document.addEventListener("htmx:timeout", failed);

// -- after a swap the focus moves to the next step

let saved = null; // the card that was just saved: its id and its request

document.addEventListener("check-in-recorded", (event) => {
  const card = event.target.closest(".due");
  if (card) saved = { id: card.id, xhr: null };
});

// The response's swap follows its event at once, but a late preview's swap can come in between.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (saved) saved.xhr ??= detail.xhr;
});

document.addEventListener("htmx:afterSettle", (event) => {
  const swapped = event.target;
  const status = event.detail.xhr?.status;
  if (saved && saved.xhr === event.detail.xhr) {
    const { id, xhr } = saved;
    saved = null;
    goToNextCard(document.getElementById(id), pressed.get(xhr)?.value === "next");
  } else if (status === 422 || status === 409) {
    focusOn(swapped.querySelector('[aria-invalid="true"], [role="alert"]'));
  } else if (swapped.matches('.due[data-state="open"]')) {
    focusOn(firstField(swapped));
  } else if (swapped.matches(".due")) {
    focusOn(swapped.querySelector(".due-act :is(a, button)"));
  } else if (swapped.matches(".capture") && pressed.get(event.detail.xhr)?.closest("[data-capture]")) {
    focusOn([...swapped.querySelectorAll("textarea")].find((field) => field.offsetParent));
  } else if (swapped.matches("[data-action]")) {
    focusOn(swapped.querySelector("button"));
  } else if (swapped.matches("[data-escalation]")) {
    focusOn(firstField(swapped) ?? swapped.querySelector(".actions :is(a, button)") ?? swapped);
  } else if (document.activeElement === document.body && isGone(pressed.get(event.detail.xhr))) {
    focusOn(document.querySelector("[data-lands]"));
  }
});

// A button that is also in the new content keeps the focus.
function isGone(button) {
  return button && !button.isConnected && !(button.id && document.getElementById(button.id));
}

function goToNextCard(card, opensNext) {
  const cards = [...document.querySelectorAll(".due")];
  const waiting = cards.filter(({ dataset }) => dataset.state === "todo");
  const next = waiting.find((other) => cards.indexOf(other) > cards.indexOf(card)) ?? waiting[0];
  const opener = next?.querySelector(".due-act :is(a, button)");
  focusOn(opener ?? card?.querySelector(".due-name a"));
  if (opensNext) opener?.click();
}

function firstField(card) {
  return card.querySelector("form :is(input:not([type=hidden]), textarea, select)");
}

function focusOn(element) {
  if (!element) return;
  if (element.matches("[role=alert], [data-lands]")) element.tabIndex = -1;
  element.focus();
  if (element.matches(".input-figure")) element.select();
}

// -- toasts repeat a message of the page, and disappear after a while or on dismissal

const region = document.getElementById("toast");

function toast(text, { stays = false, undo = null } = {}) {
  region?.querySelectorAll(".toast:not([data-stay])").forEach((older) => older.remove());
  const box = document.createElement("div");
  box.className = "toast";
  if (stays) box.dataset.stay = "";
  const words = document.createElement("p");
  words.textContent = text;
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.dismiss = "";
  button.textContent = "Dismiss";
  box.append(words, ...(undo ? [undoForm(undo)] : []), button);
  region?.append(box);
  if (undo) window.htmx.process(box);
  leaveLater(box);
}

// Offers the card's undo form in the toast, while the next card is already open.
function undoForm({ url, card, title }) {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: url });
  const sends = { post: url, target: `#card-${card}`, swap: "outerHTML", sync: "this:drop" };
  for (const [name, value] of Object.entries(sends)) form.setAttribute(`hx-${name}`, value);
  const button = document.createElement("button");
  button.textContent = "Undo";
  const label = document.createElement("span");
  label.className = "visually-hidden";
  label.textContent = ` the check-in of ${title}`;
  button.append(label);
  form.append(button);
  return form;
}

function leaveLater(box) {
  if ("stay" in box.dataset) return;
  setTimeout(() => {
    if (box.matches(":hover, :focus-within")) leaveLater(box);
    else box.remove();
  }, TOAST_FOR_MS);
}

document.addEventListener("toast", ({ detail }) => toast(detail.text ?? detail.value, { undo: detail.undo }));
document.addEventListener("click", ({ target }) => {
  target.closest("[data-dismiss]")?.closest(".toast")?.remove();
});
region?.querySelectorAll(".toast").forEach(leaveLater);

// -- an address to copy is selected on focus, and copied by its button

function offerToCopy() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}
offerToCopy();
document.addEventListener("htmx:afterSettle", offerToCopy);

document.addEventListener("focusin", ({ target }) => {
  if (target.matches("input[readonly]")) target.select();
});
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(field.value);
    toast("Copied.");
  } catch {
    field.focus(); // the browser refuses: the address is selected, ready for Ctrl-C
  }
});

// -- the current tab is scrolled into view, and an edge with hidden tabs fades

const tabs = document.querySelector(".tabs");

function fadeEdges() {
  const { scrollLeft, clientWidth, scrollWidth } = tabs;
  tabs.toggleAttribute("data-more-after", scrollLeft + clientWidth < scrollWidth - 1);
}

if (tabs) {
  const current = tabs.querySelector("[aria-current]");
  const client = tabs.querySelector(".client")?.offsetWidth ?? 0;
  if (current) tabs.scrollLeft = current.offsetLeft - client - (tabs.clientWidth - client - current.offsetWidth) / 2;
  tabs.addEventListener("scroll", fadeEdges, { passive: true });
  new ResizeObserver(fadeEdges).observe(tabs);
}

// -- an open menu closes on a click outside it

document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
});

// -- an answer to a question about a figure fills in its field

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-fills]");
  if (!button) return;
  const field = button.form.elements[button.dataset.fills];
  button.form.elements[`confirmed_${field.name}`].value = button.value;
  field.value = button.dataset.text;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// -- a download button bypasses htmx: the browser stays on the page and saves the file

document.addEventListener(
  "submit",
  (event) => {
    if (event.submitter?.matches("[data-download]")) event.stopImmediatePropagation();
  },
  true,
);

// -- a long sheet shows its number of lines while it is checked

document.addEventListener("submit", async ({ target }) => {
  const status = target.querySelector("[data-counts-lines]");
  if (!status) return;
  const [file] = target.elements.sheet.files;
  if (file?.size > 1_000_000) return; // too large, the server refuses it
  const lines = (await (file?.text() ?? target.elements.lines.value)).trim().split("\n").length;
  status.textContent = status.dataset.countsLines.replace("{}", lines.toLocaleString("en"));
});
