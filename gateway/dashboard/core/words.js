// Numbers and states in plain words.

/** Bytes as gigabytes or terabytes, as disks and memory are sold. */
export function gigabytes(bytes) {
  const value = bytes / 1e9;
  if (value >= 1000) return `${(value / 1000).toFixed(1)} TB`;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} GB`;
}

/** A length of time as people say it: 40 seconds, 3 minutes, 2 hours, 5 days. */
export function about(seconds) {
  const steps = [["second", 1, 90], ["minute", 60, 5400], ["hour", 3600, 172800], ["day", 86400, Infinity]];
  const [unit, size] = steps.find(([, , limit]) => seconds < limit);
  const count = Math.max(1, Math.round(seconds / size));
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** A clock that counts up: 3:07. */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const KINDS = {
  vllm: "Chat and text",
  stt: "Speech to text",
  tts: "Text to speech",
  embeddings: "Embeddings",
  qdrant: "Search",
  http: "Service",
};

/** What a kind of service does. */
export function kindOf(kind) {
  return KINDS[kind] ?? kind;
}

const PHASES = {
  queued: "Waiting for its turn",
  looking: "Looking at what is running",
  preflight: "Checking that the new model will fit and start",
  draining: "Letting the answers under way end",
  stopping: "Stopping the present model",
  "waiting for memory": "Waiting until the memory is free",
  "starting the engine": "Starting the new model",
  "loading the weights": "Loading the model into memory",
  compiling: "Preparing the model for this GPU",
  "measuring memory": "Measuring how much memory is left",
  "capturing graphs": "Getting ready to answer quickly",
  "opening the server": "Opening the door for applications",
  answering: "Asking it for a first word",
  "putting back": "Putting the previous model back",
  done: "Done",
};

/** A phase as a sentence; one we do not know is shown as it is. */
export function phaseOf(phase) {
  return PHASES[phase] ?? (phase ? phase[0].toUpperCase() + phase.slice(1) : "");
}

/** Hosts in a sentence: "spark-1", "spark-1 and spark-2". */
export function listed(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Bytes as the largest unit that fits: 512 MB, 61 GB, 1.2 TB. */
export function bytes(count) {
  if (count >= 1e9) return gigabytes(count);
  return count >= 1e6 ? `${Math.round(count / 1e6)} MB` : `${Math.round(count / 1e3)} kB`;
}

/** A moment in the viewer's own zone and manner; seconds since 1970, or ISO 8601. */
export function moment(at) {
  const date = new Date(typeof at === "number" ? at * 1000 : at);
  const today = date.toDateString() === new Date().toDateString();
  const day = today ? {} : { weekday: "short", day: "numeric", month: "short" };
  return date.toLocaleString([], { ...day, hour: "2-digit", minute: "2-digit" });
}

/** One or many: `count(1, "host")` is "1 host", `count(2, "host")` "2 hosts". */
export const count = (number, noun, many = `${noun}s`) => `${number} ${number === 1 ? noun : many}`;

/** The first letter large, unless it begins with a name such as vLLM or spark-1. */
export const sentence = (words) => (/^[a-z][a-z'’-]*(?=[\s,.;:]|$)/.test(words) ? words[0].toUpperCase() + words.slice(1) : words);
