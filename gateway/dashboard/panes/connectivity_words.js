// States of hosts and services over time, in plain words, and what the API tells of them as lanes (pure).

const GOOD = ["up", "well", "calm"];
const BAD = ["down", "unreachable", "wedged", "refused"];

/** How a state is drawn: "up", "down", or "warm" for what is neither, such as slow. */
export function kindOfState(state) {
  if (GOOD.includes(state)) return "up";
  return BAD.includes(state) ? "down" : "warm";
}

const EVENTS = {
  up: "answers",
  down: "does not answer",
  well: "is well",
  unreachable: "cannot be reached",
  wedged: "takes connections, but its login does not answer",
  refused: "refuses the login",
  restarted: "was started anew",
  calm: "has memory enough again",
  low: "is short of memory",
  falling: "is losing memory quickly",
};

/** A transition as the end of a sentence that begins with its subject; another's word is shown as it is. */
export const eventWords = (state) => EVENTS[state] ?? `is ${state}`;

/** What is over as soon as it happened. */
export const isMoment = (state) => state === "restarted";

/** Who says so, in words. */
export function sourceWords(source) {
  if (source.startsWith("report/")) return `reported by ${source.slice(7)}`;
  if (source === "observer") return "seen by the observer, over SSH";
  if (source === "gateway") return "seen by the gateway, over HTTP";
  return `said by the ${source}`;
}

/** What a lane of its own is about: the word of another than the observer and the gateway. */
export const aspectOf = (source) => (source === "memory guard" ? "memory" : sourceWords(source));

const SUBJECTS = { host: "Host", service: "Service", app: "Application" };

/** A subject as its kind in words and its name. */
export function subjectParts(subject) {
  const [kind, ...rest] = subject.split("/");
  return [SUBJECTS[kind] ?? kind, rest.join("/")];
}

// What one source says does not end what another says; what the observer sees of a service are moments only.
const laneOf = ({ subject, source }) => (["observer", "gateway"].includes(source) ? subject : `${subject} ${source}`);
const ORDER = ["host", "service", "app"];

/**
 * One lane for each subject and each outside word on it: `{ id, subject, source, now, spans, moments }`, hosts first.
 * `spans` are `{ state, kind, from, to, why }` within `from` and `until`, oldest first.
 */
export function lanesOf({ subjects, history }, from, until) {
  const lanes = new Map();
  const lane = (each) => {
    const id = laneOf(each);
    if (!lanes.has(id)) lanes.set(id, { id, subject: each.subject, source: each.source, now: null, spans: [], moments: [] });
    return lanes.get(id);
  };
  for (const each of subjects) {
    Object.assign(lane(each), { now: each, source: each.source });
    if (each.at < from) lane(each).spans.push(span(each, from, until));
  }
  for (const each of history) {
    const mine = lane(each);
    if (isMoment(each.state)) mine.moments.push(each);
    else if ((each.until ?? until) > from && each.at < until) mine.spans.push(span(each, from, until));
  }
  for (const each of lanes.values()) each.spans = ordered(each.spans);
  return [...lanes.values()].sort((one, other) => rank(one) - rank(other) || one.id.localeCompare(other.id));
}

const rank = ({ subject }) => ORDER.indexOf(subject.split("/")[0]);

function span({ state, at, until: end, why }, from, until) {
  return { state, kind: kindOfState(state), from: Math.max(at, from), to: Math.min(end ?? until, until), why };
}

function ordered(spans) {
  const known = new Map(spans.map((each) => [each.from, each]));
  return [...known.values()].sort((one, other) => one.from - other.from);
}

/** How often and how long a lane was not well: `{ times, seconds }`. */
export function troubles({ spans }) {
  const bad = spans.filter((each) => each.kind !== "up");
  return { times: bad.length, seconds: bad.reduce((sum, each) => sum + each.to - each.from, 0) };
}

/** The newest changes, each once: those at hand and those just told, newest first, no more than `most`. */
export function merged(before, now, most) {
  const key = ({ subject, source, at, state }) => `${subject} ${source} ${at} ${state}`;
  const all = new Map([...before, ...now].map((each) => [key(each), each]));
  return [...all.values()].sort((one, other) => other.at - one.at).slice(0, most);
}
