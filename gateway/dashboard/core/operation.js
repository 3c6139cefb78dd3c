// One run: its plan, progress, log and result, and what can be said to it.

import { ago } from "./ago.js";
import { ask, path, post } from "./api.js";
import { changeButton } from "./change_button.js";
import { bar, button, element } from "./elements.js";
import { OVER, kindWords, titleOf } from "./kinds.js";
import { LogView } from "./log_view.js";
import { about, phaseOf } from "./words.js";

/** The card of one run; `nameOf(run)` gives what it is about, `closed()` is called when it is put away. */
export class OperationCard {
  constructor(run, { nameOf, closed }) {
    this.nameOf = nameOf;
    this.closed = closed;
    this.doubting = false;
    this.title = element("h2", { tabIndex: -1 });
    this.phase = element("p", { class: "phase", role: "status" });
    this.message = element("p", { class: "quiet" });
    this.progress = element("div", { class: "progress" });
    this.times = element("p", { class: "quiet" });
    this.plan = element("div", { class: "plan" });
    this.outcome = element("div", { class: "outcome", role: "status" });
    this.fault = element("p", { class: "fault", role: "alert" });
    this.actions = element("div", { class: "actions" });
    this.log = new LogView(run.id);
    this.place = element("article", { class: "card run", "data-run": run.id });
    this.place.append(this.title, this.phase, this.message, this.progress, this.times, this.plan, this.outcome, this.fault, this.actions, this.log.place);
    this.take(run);
  }

  /** Show the run as it is now. */
  take(run) {
    this.run = run;
    const over = OVER.includes(run.state);
    this.place.className = `card run ${run.state}`;
    say(this.title, titleOf(run, this.nameOf(run)));
    say(this.phase, over ? "" : phaseLine(run));
    say(this.message, over || run.state === "waiting" ? "" : run.message);
    this.showProgress(run, over);
    const plan = run.state === "waiting" ? (run.plan ?? []) : [];
    this.plan.replaceChildren(...(plan.length ? [element("ol", {}, plan.map((line) => element("li", {}, line)))] : []));
    this.outcome.replaceChildren(...(over ? outcome(run) : []));
    this.log.over = over;
    this.showActions(run, over);
  }

  showProgress(run, over) {
    const moving = !over && run.state === "running";
    this.progress.replaceChildren(...(moving ? [bar(run.progress, `${Math.round(run.progress * 100)} % done`)] : []));
    const left = run.eta_seconds ? `, about ${about(run.eta_seconds)} to go` : "";
    const usual = run.expected_seconds ? `, usually ${about(run.expected_seconds)}` : "";
    this.times.replaceChildren(...(moving && run.started ? [ago(run.started, "clock"), ` so far${left || usual}`] : []));
  }

  showActions(run, over) {
    const key = over ? "over" : this.doubting ? "doubting" : run.state;
    if (this.actions.dataset.key === key) return;
    this.actions.dataset.key = key;
    const words = kindWords(run.kind);
    const sets = {
      over: () => [button("Close", this.closed, { "data-focus": `close-${run.id}` })],
      waiting: () => [changeButton("Don’t", () => this.answer(false)), changeButton("Go", () => this.answer(true), { kind: "main" })],
      cancelling: () => [],
      doubting: () => [
        element("p", { class: "why" }, words.undo ?? "What was begun ends in a known state."),
        button("Carry on", () => this.doubt(false)),
        changeButton("Cancel it", () => this.cancel(), { kind: "danger" }),
      ],
    };
    const set = sets[key] ?? (() => [changeButton(`Cancel the ${words.noun}`, () => this.doubt(true))]);
    const link = run.url && key !== "doubting" ? element("a", { href: run.url, target: "_blank", rel: "noopener" }, "Details in Prefect") : null;
    this.actions.replaceChildren(...[link, ...set()].filter(Boolean));
  }

  doubt(doubting) {
    this.doubting = doubting;
    this.take(this.run);
    this.actions.querySelector("button")?.focus();
  }

  async cancel() {
    this.doubting = false;
    await this.tell("cancel");
  }

  async answer(go) {
    await this.tell("resume", { go });
  }

  async tell(verb, body) {
    try {
      say(this.fault, "");
      this.take(await post(path("api", "runs", this.run.id, verb), body));
    } catch (error) {
      say(this.fault, error.message);
      this.take(await ask(path("api", "runs", this.run.id)).catch(() => this.run));
    }
  }
}

function say(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

function phaseLine(run) {
  if (run.state === "waiting") return "This is the plan. Shall it go on?";
  if (run.state === "cancelling") return "Stopping…";
  return phaseOf(run.state === "queued" ? "queued" : run.phase);
}

function outcome(run) {
  const result = run.result ?? {};
  const message = result.message || run.message;
  const rows = [
    ["", result.cause && message.includes(result.cause) ? "" : message],
    ["Why", result.cause],
    ["Where", result.host],
    ["What to do", result.advice],
    ["Loaded now", result.now_loaded],
  ];
  return rows
    .filter(([, words]) => words)
    .map(([name, words]) => element("p", {}, name ? element("strong", {}, `${name}: `) : null, String(words)));
}
