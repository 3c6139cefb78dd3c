// Who holds the lock, what is scheduled next, and how the last switch went.

import { ago } from "../core/ago.js";
import { changeButton } from "../core/change_button.js";
import { element, facts } from "../core/elements.js";
import { nameOf } from "../core/operations.js";
import { about, moment } from "../core/words.js";
import { endedSwaps } from "./overview_swaps.js";

const ROUTINE_SECONDS = 3600;
const SHOWN = 2;
const ENDS = { completed: "went well", failed: "failed", cancelled: "was cancelled", crashed: "broke off" };

/** The lock, the next two of the schedules, the last switch. */
export function switching({ status, schedules, operations }) {
  if (!status) return null;
  const last = status.swap ? null : endedSwaps(operations)[0];
  return {
    lock: status.lock,
    next: schedules ? next(schedules.schedules) : null,
    last: last ? { name: nameOf(last), state: last.state, ended: last.ended && Math.round(last.ended), took: last.elapsed_seconds } : null,
  };
}

// What comes round every few minutes, such as the checks, would hide what matters.
function next(schedules) {
  const coming = schedules.filter(({ active, next: times }) => active && times.length && !isRoutine(times));
  return coming.slice(0, SHOWN).map(({ what, owner, kind, next: [at] }) => ({ what: kind === "outside" ? `${what || "Something"} (${owner})` : what, at }));
}

const isRoutine = ([first, second]) => second !== undefined && (new Date(second) - new Date(first)) / 1000 < ROUTINE_SECONDS;

/** The card. */
export function showSwitching(view) {
  if (!view) return element("p", { class: "quiet" }, "Looking…");
  return facts([
    ["Who may switch", view.lock ? held(view.lock) : "Anybody: nobody holds the lock"],
    ["Next by the clock", coming(view.next)],
    ["Last switch", view.last ? lastSwitch(view.last) : "None so far"],
  ], "facts one-column");
}

function held(lock) {
  return [
    element("span", {}, `Only ${lock.holder}, until ${moment(lock.until)}`, lock.reason ? `: ${lock.reason}` : ""),
    element("div", {}, changeButton("Release the lock", () => release(lock), { kind: "small", runs: false, focus: "release-lock" })),
  ];
}

function coming(next) {
  if (next === null) return "Looking…";
  if (!next.length) return "Nothing but the regular checks";
  return element("ul", {}, next.map(({ what, at }) => element("li", {}, element("time", { dateTime: at }, moment(at)), ": ", what)));
}

function lastSwitch({ name, state, ended, took }) {
  const words = `To ${name}: ${ENDS[state] ?? state}`;
  return [words, ended ? [", ", ago(ended)] : "", state === "completed" && took ? `, after ${about(took)}` : ""];
}

async function release(lock) {
  const { takeAway } = await import("./lock.js");
  await takeAway(lock);
}
