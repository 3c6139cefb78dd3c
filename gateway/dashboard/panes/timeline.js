// A lane of the timeline: what state something was in, from left to right.

import { shape } from "../core/elements.js";
import { about, count, moment } from "../core/words.js";
import { eventWords, troubles } from "./connectivity_words.js";

const WIDTH = 1000;
const LEAST = 4; // so that a short outage can be seen

/** The drawing of a lane between two moments, in seconds since 1970; a screen reader gets it in words. */
export function timeline(lane, from, until) {
  const across = (at) => Math.round((WIDTH * 100 * (at - from)) / (until - from)) / 100;
  const wells = lane.spans.filter((each) => each.kind === "up");
  const others = lane.spans.filter((each) => each.kind !== "up");
  return shape(
    "svg",
    { class: "lane-drawing", viewBox: `0 0 ${WIDTH} 10`, preserveAspectRatio: "none", role: "img", "aria-label": laneWords(lane) },
    [...wells, ...others].map((each) => block(each, across)),
    lane.moments.filter(({ at }) => at > from).map((each) => mark(each, across)),
  );
}

function block(each, across) {
  const left = across(each.from);
  const width = Math.max(across(each.to) - left, each.kind === "up" ? 0 : LEAST);
  // Not by colour alone: what is well is low, what is away stands out.
  const height = { up: 5, warm: 7.5, down: 10 }[each.kind];
  const y = 10 - height;
  const words = `${moment(each.from)}: ${eventWords(each.state)}, for ${about(each.to - each.from)}${each.why ? `: ${each.why}` : ""}`;
  return shape("rect", { class: each.kind, x: Math.min(left, WIDTH - width), y, width, height }, shape("title", {}, words));
}

function mark(each, across) {
  return shape("rect", { class: "mark", x: across(each.at), y: 0, width: LEAST, height: 10 }, shape("title", {}, `${moment(each.at)}: ${eventWords(each.state)}`));
}

/** A lane in words: how often and how long it was not well. */
export function laneWords(lane) {
  const { times, seconds } = troubles(lane);
  const restarts = lane.moments.length ? `; started anew ${count(lane.moments.length, "time")}` : "";
  if (!lane.spans.length) return `nothing known${restarts}`;
  if (!times) return `well all the time that is known${restarts}`;
  return `not well ${times === 1 ? "once" : `${times} times`}, ${about(seconds)} in all${restarts}`;
}
