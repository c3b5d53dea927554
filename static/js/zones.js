// Shows the time in the chosen zone, and a button for the zone of this device.
// The list works without it.

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

function cityOf(select) {
  return select.selectedOptions[0]?.textContent ?? "";
}

function timeIn(zone) {
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit" }).format();
  } catch {
    return ""; // this browser doesn't know the zone
  }
}

function say(select) {
  const box = select.parentElement.querySelector("[data-zone-now]") ?? added(select);
  const time = timeIn(select.value);
  box.querySelector("span").textContent = time && `It is ${time} in ${cityOf(select)}. `;
  const isOffered = here !== select.value && [...select.options].some(({ value }) => value === here);
  box.querySelector("button").hidden = !isOffered;
}

function added(select) {
  const box = document.createElement("p");
  box.className = "hint";
  box.dataset.zoneNow = "";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn-link";
  button.textContent = `Use this device’s time zone: ${here}`;
  button.addEventListener("click", () => {
    select.value = here;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    select.focus();
  });
  box.append(document.createElement("span"), button);
  select.after(box);
  return box;
}

function sayAll() {
  document.querySelectorAll('select[name="time_zone"]').forEach(say);
}

sayAll();
document.addEventListener("htmx:afterSettle", sayAll);
document.addEventListener("change", ({ target }) => {
  if (target.matches('select[name="time_zone"]')) say(target);
});
