// A graph of one number over time: the mean as a line, lowest to highest as a band, gaps where nothing was seen.

import { element, shape } from "../core/elements.js";

const WIDTH = 1000;
const HEIGHT = 100;

/** Runs of samples that follow each other, as lists of places; a missing value or sample ends a run. */
export function stretches(at, step, values) {
  const found = [];
  let last = null;
  values.forEach((value, place) => {
    if (value === null) return;
    const follows = last === place - 1 && at[place] - at[last] < 1.5 * step;
    if (last !== null && follows) found.at(-1).push(place);
    else found.push([place]);
    last = place;
  });
  return found;
}

/** A round number at or above the highest value, at which the scale ends. */
export function topOf(highest) {
  if (!(highest > 0)) return 1;
  const size = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 5, 10].map((times) => times * size).find((top) => top >= highest);
}

/** Round moments of the viewer's own clock between two moments, with their labels. */
export function ticks(from, until, span) {
  const date = new Date(from * 1000);
  const next = { hour: () => date.setMinutes(date.getMinutes() + 15), day: () => date.setHours(date.getHours() + 6), month: () => date.setDate(date.getDate() + 7) }[span];
  if (span === "hour") date.setMinutes(0, 0, 0);
  else date.setHours(0, 0, 0, 0);
  const manner = span === "month" ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" };
  const found = [];
  while (date.getTime() / 1000 <= until) {
    if (date.getTime() / 1000 >= from) found.push({ at: date.getTime() / 1000, label: date.toLocaleString([], manner) });
    next();
  }
  return found;
}

/** The axis of time, for under a graph or a timeline. */
export function axis(from, until, span) {
  const share = (at) => (at - from) / (until - from);
  const label = (tick) => {
    const made = element("span", {}, tick.label);
    made.style.left = `${100 * share(tick.at)}%`;
    return made;
  };
  const shown = ticks(from, until, span).filter((tick) => share(tick.at) > 0.05 && share(tick.at) < 0.95);
  return element("div", { class: "axis", "aria-hidden": "true" }, shown.map(label));
}

/**
 * The graph of a number.
 *
 * `number`: `{ name, unit, top, at, step, from, until, span, min, mean, max }`, times in seconds since 1970, columns
 * as long as `at` with null for what is not known; `top` null: a round number above the highest.
 */
export function graph(number) {
  const { name, from, until, span } = number;
  const top = number.top ?? topOf(Math.max(0, ...number.max.filter((value) => value !== null)));
  const words = summary(number);
  const lines = ticks(from, until, span).map(({ at }) => shape("line", { class: "grid", x1: across(number, at), x2: across(number, at), y1: 0, y2: HEIGHT }));
  const drawing = shape(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${name}: ${words}` },
    [0, 50, 100].map((y) => shape("line", { class: "grid", x1: 0, x2: WIDTH, y1: y, y2: y })),
    lines,
    shape("path", { class: "band", d: bandOf(number, top) }),
    shape("path", { class: "mean", d: lineOf(number, top) }),
  );
  return element(
    "figure",
    { class: "graph" },
    element("figcaption", {}, element("strong", {}, name), element("span", { class: "quiet" }, words)),
    element("div", { class: "scale", "aria-hidden": "true" }, [top, top / 2, 0].map((value) => element("span", {}, short(value)))),
    element("div", { class: "plot" }, drawing),
    axis(from, until, span),
  );
}

/** Lowest, highest and newest value of a number in words. */
export function summary({ unit, at, step, until, min, mean, max }) {
  const known = (values) => values.filter((value) => value !== null);
  if (!known(mean).length) return "nothing was seen";
  const words = (value) => `${short(value)} ${unit}`;
  const last = mean.findLastIndex((value) => value !== null);
  const newest = at[last] + 3 * step > until ? "now" : "last seen";
  return `${words(Math.min(...known(min)))} to ${words(Math.max(...known(max)))}, ${newest} ${words(mean[last])}`;
}

/** A number as short as it can be read. */
export const short = (value) => String(Math.abs(value) < 10 ? Math.round(value * 10) / 10 : Math.round(value));

const across = ({ from, until }, at) => round((WIDTH * (at - from)) / (until - from));
const round = (value) => Math.round(value * 100) / 100;
const middle = (number, place) => across(number, number.at[place] + number.step / 2);
const height = (value, top) => round(HEIGHT * (1 - Math.min(1, Math.max(0, value / top))));

function lineOf(number, top) {
  const point = (place) => `${middle(number, place)} ${height(number.mean[place], top)}`;
  // A sample without neighbours is a dot: a line of no length with round ends.
  return stretches(number.at, number.step, number.mean).map((run) => `M${[...run, run.at(-1)].map(point).join("L")}`).join("");
}

function bandOf(number, top) {
  const point = (column) => (place) => `${middle(number, place)} ${height(number[column][place], top)}`;
  return stretches(number.at, number.step, number.mean)
    .filter((run) => run.length > 1)
    .map((run) => `M${[...run.map(point("max")), ...[...run].reverse().map(point("min"))].join("L")}Z`)
    .join("");
}
