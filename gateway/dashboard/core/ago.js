// Ages that go on by themselves: "12 seconds ago".

import { element } from "./elements.js";
import { about, clock, moment } from "./words.js";

const TICK_MS = 1000;

/** How long ago something was; `at` in seconds since 1970. `manner`: "ago", "for" (a length), "clock" (3:07). */
export function ago(at, manner = "ago") {
  const made = element("time", { "data-at": String(at), "data-manner": manner, dateTime: new Date(at * 1000).toISOString(), title: moment(at) });
  say(made);
  return made;
}

/** The moment an age of a change points to, in whole seconds since 1970; null without an age. */
export function momentOf(ageSeconds, { received }) {
  return ageSeconds === null || ageSeconds === undefined ? null : Math.round(received / 1000 - ageSeconds);
}

const MANNERS = {
  ago: (seconds) => (seconds < 5 ? "just now" : `${about(seconds)} ago`),
  for: about,
  clock,
};

function say(made) {
  const words = MANNERS[made.dataset.manner](Math.max(0, Date.now() / 1000 - Number(made.dataset.at)));
  if (made.textContent !== words) made.textContent = words;
}

setInterval(() => {
  if (!document.hidden) for (const made of document.querySelectorAll("time[data-at]")) say(made);
}, TICK_MS);
