// How a host is, in plain words.

import { count, gigabytes } from "../core/words.js";

const STATES = {
  well: ["up", "Well", ""],
  unreachable: ["down", "Not reachable", "Nobody takes the connection. Is it switched on, and is its cable plugged in?"],
  wedged: ["down", "Wedged", "The machine answers, but its login does not: mostly it has run out of memory. Some recover within half an hour; otherwise switch it off and on."],
  refused: ["down", "Refuses the login", "The controller and the machine do not believe each other’s keys: look under “SSH keys” below."],
  unknown: ["unknown", "Not looked at yet", "The observer looks at every host each few seconds. Does it run?"],
};

/** A state of a host: the state of a dot, words, and what it means. */
export const stateWords = (state) => STATES[state] ?? ["unknown", state, ""];

/** A dot and words for a host that may be well and still need a look. */
export function conditionOf({ state, findings, memory }) {
  const [kind, words, meaning] = stateWords(state);
  const alert = memory.alert !== "calm";
  if (kind !== "up" || !(findings.length || alert)) return [kind, words, meaning];
  return ["warm", alert ? "Short of memory" : "Well, but look at this", ""];
}

/** The GPU's clock, and whether it is slower than it could be; null when it does not tell. */
export function speedWords({ clock, throttling }) {
  const at = clock === null || clock === undefined ? "" : `${Math.round(clock)} MHz`;
  const reasons = throttling?.length ? throttling.join("; ") : null;
  return at ? `${at}, ${reasons ?? "not slowed down"}` : reasons;
}

/** The fast link between the hosts; null when nothing is known of it. */
export function linkWords(links) {
  if (!links?.length) return null;
  const up = links.filter((link) => link.state === "ACTIVE");
  const rates = [...new Set(up.map((link) => link.gigabits).filter((rate) => rate !== null))];
  const each = rates.length ? `, ${rates.join(" and ")} Gbit/s each` : "";
  return up.length ? `${up.length} of ${count(links.length, "port")} up${each}` : "No port is up: is the cable plugged in?";
}

/** The load of the last 1, 5 and 15 minutes. */
export function loadWords(load) {
  if (!load?.length) return null;
  return `${load.slice(0, 3).map((value) => value.toFixed(1)).join(", ")} over 1, 5, 15 minutes`;
}

/**
 * What memory is used for: `used`, `cache` and `free` of `total`, in bytes, with words; null when it is not told.
 * The kernel gives the page cache up for others, so it counts as available.
 */
export function memoryParts({ total, available, page_cache: pages }) {
  if (!total || available === null) return null;
  const cache = Math.min(pages ?? 0, available);
  const parts = { total, used: total - available, cache, free: available - cache };
  const cached = cache ? `, ${gigabytes(cache)} for kept files (given up when needed)` : "";
  return { ...parts, words: `${gigabytes(parts.used)} of ${gigabytes(total)} used${cached}, ${gigabytes(parts.free)} free` };
}
