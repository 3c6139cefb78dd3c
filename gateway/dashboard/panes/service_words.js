// What a service is for, what is asked of it, and how it is, in plain words.

import { about, kindOf } from "../core/words.js";

const FOR = {
  vllm: "Answers chats and writes texts, with the model that is loaded.",
  stt: "Writes down what is spoken, and says who spoke.",
  tts: "Reads texts aloud.",
  embeddings: "Turns texts into numbers by their meaning, and sorts what is found by how well it fits.",
  qdrant: "Keeps the stored texts, and searches them.",
  http: "A service of your own.",
};

const STOPS = {
  vllm: "Chats and texts of every application",
  stt: "Writing down speech",
  tts: "Reading aloud",
  embeddings: "Search by meaning, and storing new texts",
  qdrant: "Every search in stored texts",
  http: "Whatever applications use it for",
};

const ASKS = {
  vllm: "one word of the loaded model",
  stt: "to write down a spoken sentence",
  tts: "to say “Good morning.”",
  embeddings: "to compare two texts",
  qdrant: "for a search in a stored collection",
  http: "whether it is well",
};

/** The kinds of services with their words, for a choice. */
export const KINDS = Object.keys(FOR).map((kind) => [kind, kindOf(kind)]);

/** What a kind of service does for applications. */
export const purposeOf = (kind) => FOR[kind] ?? FOR.http;

/** What applications go without while a service of that kind does not run. */
export const stopsWithout = (kind) => STOPS[kind] ?? STOPS.http;

/** What a deep check asks of a service of that kind. */
export const asksOf = (kind) => ASKS[kind] ?? ASKS.http;

const CONTAINERS = {
  running: "Runs",
  exited: "Has ended",
  created: "Was never started",
  paused: "Is paused",
  restarting: "Ends again and again",
  removing: "Is being removed",
  dead: "Is broken",
  absent: "There is none",
  unknown: "Not known",
};

/** A state of a container in words; one that we do not know is shown as it is. */
export const containerWords = (state) => CONTAINERS[state] ?? state;

/** Whether there is something to stop. */
export const isRunning = (state) => ["running", "restarting", "paused"].includes(state);

const VERDICTS = {
  well: ["It does its work", "good"],
  failing: ["It does not do its work", "bad"],
  busy: ["Busy with something else", ""],
  skipped: ["Left out this time", ""],
};

/** What a deep check found: words and the kind of its badge. */
export const verdictWords = (verdict) => VERDICTS[verdict] ?? ["Not checked yet", ""];

/** How a service is, as a whole: the state of a dot, and words. */
export function stateOf({ kind, wanted, http, container, restarts }, deep, loaded) {
  if (http.up === true) return answering(deep, restarts);
  if (wanted === "stopped") return ["unknown", "Stopped on purpose"];
  if (restarts.exhausted) return ["down", "Given up after too many restarts"];
  if (http.up === null) return ["unknown", "Not looked at yet"];
  if (container.state === "running") return ["warm", "Runs, but does not answer: it is starting, or hangs"];
  if (container.state === "restarting") return ["down", "Ends again and again"];
  if (kind === "vllm" && !loaded && container.state !== "unknown") return ["unknown", "No model is loaded"];
  return ["down", container.state === "unknown" ? "Does not answer" : "Does not run"];
}

function answering(deep, { exhausted }) {
  if (deep?.verdict === "failing") return ["down", "Answers, but does not do its work"];
  if (exhausted) return ["warm", "Answers, but is not restarted any more when it fails"];
  return deep?.verdict === "well" ? ["up", "Well"] : ["up", "Answers"];
}

/** Restarts used of those allowed: "1 of 3 in 30 minutes". */
export const restartsWords = ({ used, allowed, window_seconds: seconds }) => `${used} of ${allowed} in ${about(seconds)}`;

const EVENTS = {
  started: "Started",
  stopped: "Stopped on purpose",
  restarted: "Restarted",
  exhausted: "Given up",
  reset: "Taken up again",
};

/** What last happened to a service, in words. */
export const eventWords = (kind) => EVENTS[kind] ?? kind;
