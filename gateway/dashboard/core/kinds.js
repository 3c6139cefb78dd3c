// What each kind of run is called while it goes on, and at its end.

const of = (doing, done, noun, undo = null) => ({ doing, done, noun, undo });

const HALF_WAY = "What is done so far stays; it can be started again.";

const KINDS = {
  swap: of((on) => `Switching to ${on}`, (on) => `${on} is ready`, "switch", "Once the old model is stopped, cancelling leaves no model loaded."),
  download: of((on) => `Downloading ${on}`, (on) => `${on} is downloaded`, "download", "What is downloaded stays; a later download goes on from there."),
  delete: of((on) => `Deleting ${on}`, (on) => `${on} is deleted`, "deletion", "What is deleted already stays deleted."),
  validate: of((on) => `Checking whether ${on} would start`, (on) => `${on} is checked`, "check"),
  update: of(() => "Updating the launcher", () => "The launcher is up to date", "update", HALF_WAY),
  "deep-check": of((on) => (on && on !== "all" ? `Checking ${on}` : "Checking every service"), () => "The check is done", "check"),
  memory: of((on) => `Freeing memory on ${on}`, (on) => `${on} has memory again`, "freeing of memory"),
  start: of((on) => `Starting ${on}`, (on) => `${on} runs`, "start"),
  stop: of((on) => `Stopping ${on}`, (on) => `${on} is stopped`, "stop"),
  restart: of((on) => `Restarting ${on}`, (on) => `${on} runs again`, "restart"),
  logs: of((on) => `Reading the log of ${on}`, (on) => `The log of ${on} is here`, "reading"),
  wake: of((on) => `Waking ${on}`, (on) => `${on} is awake`, "wake-up"),
  "ssh-key": of((on) => `Looking after the key of ${on}`, (on) => `The key of ${on} is there`, "key"),
  bot: of(() => "Working on the bot", () => "The bot is done", "change of the bot", HALF_WAY),
  patches: of(() => "Patching the speech container", () => "The speech container has its patches", "patching", "If the files were put in place already, they stay; apply the patches again."),
  state: of(() => "Checking the state of the hosts", () => "The state of the hosts is checked", "check", HALF_WAY),
  nim: of((on) => `Installing ${on}`, (on) => `${on} is installed`, "installation", HALF_WAY),
};

const OTHER = of((on) => `Working on ${on}`, (on) => `${on} is done`, "run");

/** Words for a run of a kind: `doing(name)`, `done(name)`, `noun`, `undo` (what cancelling leaves; may be null). */
export const kindWords = (kind) => KINDS[kind] ?? OTHER;

/** States in which a run has ended. */
export const OVER = ["completed", "failed", "cancelled", "crashed"];

// Its result says so in its first words; nothing was changed by it.
const says = (run, words) => (run.result?.message ?? run.message ?? "").startsWith(words);
const isDryRun = (run) => says(run, "Dry run:");

/** Whether a run ended well and changed nothing: it was only to say what it would do, or was told not to. */
export const changedNothing = (run) => run.state === "completed" && (isDryRun(run) || says(run, "No go:"));

/** The title of a run; `on` is the name for people of what it is about. */
export function titleOf(run, on) {
  const words = kindWords(run.kind);
  const doing = words.doing(on);
  if (run.state === "completed" && says(run, "No go:")) return `${doing}: it was not done`;
  if (run.state === "completed") return isDryRun(run) ? `${doing}: what would be done` : words.done(on);
  if (run.state === "failed") return `${doing} failed`;
  if (run.state === "cancelled") return `${doing} was cancelled`;
  if (run.state === "crashed") return `${doing} broke off`;
  if (run.state === "queued") return `${doing}: waits for its turn`;
  return doing;
}
