// Schedules in plain words: what comes, when, and in whose zone.

import { count, listed, sentence } from "../core/words.js";

/** The days as the API names them, and their names. */
export const DAYS = [
  ["mon", "Monday"], ["tue", "Tuesday"], ["wed", "Wednesday"], ["thu", "Thursday"],
  ["fri", "Friday"], ["sat", "Saturday"], ["sun", "Sunday"],
];

const FLOWS = { "deep-check": "Check of every service" };

/** The zone of the viewer's own clocks. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** What a schedule will do; `titleOf(key)` gives a model's name for people. */
export function whatWords(schedule, titleOf) {
  if (schedule.kind === "outside") return schedule.name;
  const { model, length_minutes: minutes, afterwards } = schedule.parameters;
  if (schedule.kind === "run") return FLOWS[schedule.name] ?? sentence(schedule.name.replaceAll("-", " "));
  if (schedule.kind === "once") return sentence(schedule.what || schedule.name);
  const stay = minutes ? ` for ${lengthWords(minutes)}, then ${afterwards ? `to ${titleOf(afterwards)}` : "back to what was loaded before"}` : "";
  return `Switch to ${model ? titleOf(model) : "the usual model"}${stay}`;
}

/** When it comes, by its own clocks: "Every weekday at 09:00"; the zone is named when it is not `zone`. */
export function whenWords(schedule, zone = ownZone()) {
  const place = !schedule.timezone || sameClocks(schedule.timezone, zone, schedule.next[0]) ? "" : ` by the clocks of ${zoneWords(schedule.timezone)}`;
  if (schedule.at) return `${daysWords(schedule.days)} at ${schedule.at}${place}`;
  if (schedule.kind === "once" || schedule.when.startsWith("once")) return "Once";
  if (schedule.cron) return `${cronWords(schedule.cron)}${place}`;
  return sentence(schedule.when);
}

/** Days as people say them: no days, or all of them, are every day. */
export function daysWords(days) {
  const key = DAYS.map(([day]) => day).filter((day) => days.includes(day)).join(" ");
  if (!key || key === "mon tue wed thu fri sat sun") return "Every day";
  if (key === "mon tue wed thu fri") return "Every weekday";
  if (key === "sat sun") return "Every Saturday and Sunday";
  return `Every ${listed(DAYS.filter(([day]) => days.includes(day)).map(([, name]) => name))}`;
}

/** A length in its largest whole unit: 90 → "1 hour 30 minutes". */
export function lengthWords(minutes) {
  if (minutes % 1440 === 0) return count(minutes / 1440, "day");
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours ? count(hours, "hour") : "", rest ? count(rest, "minute") : ""].filter(Boolean).join(" ");
}

/** A time to come, in the viewer's zone: "today at 09:00", "tomorrow at 09:00", "Mon, 23 Nov at 09:00". */
export function dueWords(at, now = new Date()) {
  const date = new Date(at);
  const clock = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  if (date.toDateString() === now.toDateString()) return `today at ${clock}`;
  if (date.toDateString() === tomorrow.toDateString()) return `tomorrow at ${clock}`;
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  return `${date.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short", ...year })} at ${clock}`;
}

/** A zone's name as people write it. */
export const zoneWords = (zone) => zone.replaceAll("_", " ");

// Two names may be one zone: Berlin's and Vienna's clocks show the same.
function sameClocks(one, other, at) {
  if (one === other) return true;
  const shown = (zone) => new Date(at ?? Date.now()).toLocaleString("en-GB", { timeZone: zone });
  try {
    return shown(one) === shown(other);
  } catch {
    return false; // a zone that this browser does not know
  }
}

function cronWords(line) {
  const [minute, hour, ...days] = line.split(" ");
  const everyDay = days.join(" ") === "* * *";
  const step = /^\*\/(\d+)$/.exec(minute);
  if (everyDay && hour === "*" && step) return `Every ${count(Number(step[1]), "minute")}`;
  if (everyDay && hour === "*" && /^\d+$/.test(minute)) return `Every hour, ${count(Number(minute), "minute")} past`;
  return "At times of its own";
}
