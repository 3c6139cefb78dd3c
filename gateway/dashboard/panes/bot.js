// The bot: its state, update, restart and log; nothing while there is none.

import { ago, momentOf } from "../core/ago.js";
import { ask, post } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { changeButton } from "../core/change_button.js";
import { watch } from "../core/changes.js";
import { badge, button, dot, draw, element, facts, fold, field } from "../core/elements.js";
import { LogBox } from "../core/log_view.js";
import { follow } from "../core/operations.js";
import { count } from "../core/words.js";
import { commitList } from "./updates_commits.js";
import { wayField } from "./updates_way.js";

const LOG_PATIENCE_MS = 40000;
const NONE = "there is no bot";

/** Fill the section; gives the function that ends it. */
export function mountBot(section) {
  const card = element("div", { class: "card stacked" });
  const log = new BotLog();
  section.hidden = true;
  section.append(card, log.place);
  const known = { bot: null, error: null, running: false, at: null };
  const show = () => {
    section.hidden = !known.bot && (!known.error || known.error.startsWith(NONE));
    draw(card, known, () => (known.bot ? tile(known, log) : [element("p", { class: "fault" }, known.error)]));
  };
  const ends = [
    watch("bot", (bot, { error, received }) => {
      const { age_seconds: age, ...rest } = bot ?? {};
      Object.assign(known, { bot: bot ? rest : null, error, at: momentOf(age, { received }) });
      show();
    }),
    watch("operations", (operations) => {
      known.running = (operations?.active ?? []).some(({ kind }) => kind === "bot");
      show();
    }),
    () => log.stop(),
  ];
  return () => ends.forEach((end) => end());
}

function tile({ bot, running, at }, log) {
  const why = running ? "Something is being done to it just now" : null;
  return [
    element("h4", {}, newsWords(bot), " ", bot.behind ? badge("update available", "warm") : bot.behind === 0 ? badge("up to date", "good") : null),
    ...bot.why.map((line) => element("p", { class: "why" }, `${line}.`)),
    facts([
      ["Runs on", bot.host],
      ["As user", bot.user],
      ["Checkout", element("code", {}, bot.directory)],
      ["Branch", bot.branch],
      ["Looked at", at === null ? null : ago(at)],
    ]),
    bot.containers.length ? element("ul", { class: "rows" }, bot.containers.map(container)) : null,
    bot.ahead ? element("p", { class: "why" }, `${count(bot.ahead, "commit")} of its own: an update saves them as a patch.`) : null,
    bot.dirty.length ? fold("bot-dirty", `${count(bot.dirty.length, "file")} changed by hand`, element("ul", { class: "rows" }, bot.dirty.map((file) => element("li", {}, element("code", {}, file))))) : null,
    commitList("bot", bot.commits),
    element(
      "div",
      { class: "actions" },
      log.button(),
      changeButton("Restart…", () => askRestart(), { why, focus: "bot-restart", label: "Restart the bot…" }),
      changeButton("Update…", () => askUpdate(bot), { why, focus: "bot-update", label: "Update the bot…", kind: bot.behind ? "main" : "" }),
    ),
  ];
}

function newsWords({ behind }) {
  if (behind === null) return "It is not known yet whether there is something new";
  return behind ? `${count(behind, "new commit")} upstream` : "The bot is up to date";
}

function container({ name, state, status, health }) {
  const up = state === "running" && health !== "unhealthy";
  const words = status || state || "not known yet";
  return element("li", {}, dot(up ? "up" : "down", up ? "runs" : "does not run"), " ", element("strong", {}, name), " ", element("span", { class: "quiet" }, words));
}

async function askUpdate(bot) {
  const way = wayField();
  const build = element("input", { type: "checkbox" });
  const own = bot.dirty.length || bot.ahead;
  const run = await askFirst({
    title: "Update the bot?",
    rows: [
      ["What comes", `What is new of ${bot.branch}; then its containers are started.`],
      ["Stops", "Containers that change are restarted: it does not answer for that moment."],
      own ? ["Changes by hand", "They are undone, and saved as a patch in the bot’s home beforehand."] : null,
      ["If it fails", "The run says what does not come up, and at which commit the bot was before."],
    ],
    fields: [way, checkField("Build its images anew", build)],
    yes: "Update",
    act: () => post("/api/bot/update", { ...way.values(), build: build.checked }),
  });
  if (run) await follow(run);
}

async function askRestart() {
  const way = wayField();
  const run = await askFirst({
    title: "Restart the bot?",
    rows: [["Stops", "It does not answer until its containers are up again."], ["If it fails", "The run says which container does not come up."]],
    fields: [way],
    yes: "Restart",
    act: () => post("/api/bot/restart", way.values()),
  });
  if (run) await follow(run);
}

function checkField(words, input) {
  const made = field(words, input);
  made.className = "field tick";
  return made;
}

/** The bot's log, read by a run when it is asked for. */
class BotLog {
  constructor() {
    this.box = new LogBox("Log of the bot");
    this.state = element("p", { class: "quiet", role: "status" });
    const close = button("Close the log", () => this.hide(), { "data-focus": "bot-log-close" });
    this.place = element("div", { class: "card stacked", hidden: true }, element("h4", {}, "Log of the bot"), this.state, this.box.place, element("div", { class: "actions" }, close));
    this.asking = null;
  }

  button() {
    return changeButton("Show the log", () => this.read(), { focus: "bot-log", label: "Show the log of the bot" });
  }

  async read() {
    this.stop();
    const asking = (this.asking = new AbortController());
    this.place.hidden = false;
    this.box.clear();
    this.box.place.hidden = true;
    this.say("Reading the last 200 lines; this takes some seconds…");
    try {
      const signal = AbortSignal.any([asking.signal, AbortSignal.timeout(LOG_PATIENCE_MS)]);
      const { lines } = await ask("/api/bot/logs?tail=200", { signal });
      this.box.place.hidden = !lines.length;
      this.box.add(lines.map((line) => ({ host: "", line })));
      this.say(lines.length ? "" : "The log is empty.");
    } catch (error) {
      if (!asking.signal.aborted) this.say(error.message);
    }
  }

  say(words) {
    this.state.textContent = words;
  }

  stop() {
    this.asking?.abort();
  }

  hide() {
    this.stop();
    this.place.hidden = true;
    document.querySelector('[data-focus="bot-log"]')?.focus();
  }
}
