// Shows the time in the chosen zone, and a button for the zone of this device.
// The list works without it.

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

function cityOf(select) {
  return select.selectedOptions[0]?.textContent ?? "";
}

// Some browsers report an old name, such as Asia/Calcutta, and read today's name as that one.
function zoneHere(select) {
  const zones = [...select.options].map(({ value }) => value);
  return zones.find((zone) => zone === here) ?? zones.find((zone) => oldName(zone) === here) ?? "";
}

function oldName(zone) {
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return ""; // this browser doesn't know the zone
  }
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
  const button = box.querySelector("button");
  button.hidden = !button.value || button.value === select.value;
}

function added(select) {
  const box = document.createElement("p");
  box.className = "hint";
  box.dataset.zoneNow = "";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn-link";
  button.value = zoneHere(select);
  button.textContent = `Use this device’s time zone: ${button.value}`;
  button.addEventListener("click", () => {
    select.value = button.value;
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
