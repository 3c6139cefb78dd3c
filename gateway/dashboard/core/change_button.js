// Buttons that change something: off, with the reason, while nobody knows whether it could be done.

import { watch, watchLink } from "./changes.js";
import { element } from "./elements.js";

const buttons = new Set();
let live = null;
let prefect = true;

/** Why nothing can be changed now, in words; null when it can. */
export function whyOff() {
  if (live === false) return "The page has lost touch with the gateway: what it shows is old";
  return prefect ? null : "Prefect, which runs every change, is out of reach";
}

/**
 * A button for a change; it should ask first (`askFirst`).
 * `why`: a reason of its own to be off, in words. `runs`: false for changes that Prefect does not run.
 */
export function changeButton(words, onclick, { why = null, kind = "", label = null, focus = null, runs = true } = {}) {
  const properties = { type: "button", class: kind, onclick, "aria-label": label, "data-focus": focus ?? label ?? words };
  const made = element("button", properties, words);
  buttons.add({ made: new WeakRef(made), why, runs });
  set(made, why, runs);
  return made;
}

function set(made, own, runs) {
  const reason = own ?? (runs || live === false ? whyOff() : null);
  made.disabled = reason !== null;
  made.title = reason ?? "";
}

function setAll() {
  for (const entry of buttons) {
    const made = entry.made.deref();
    if (!made) buttons.delete(entry);
    else set(made, entry.why, entry.runs);
  }
}

/** Keep every button in step with the state of things. */
export function keepButtons() {
  watchLink((now) => {
    live = now;
    setAll();
  });
  watch("status", (status) => {
    const reachable = status?.prefect.reachable ?? prefect;
    if (reachable === prefect) return;
    prefect = reachable;
    setAll();
  });
}

setInterval(() => {
  for (const entry of buttons) if (!entry.made.deref()) buttons.delete(entry);
}, 30000);
