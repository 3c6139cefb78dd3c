// The switch under way: followed by its stream, shown with its plan, progress, log and result.

import { ask, post } from "./api.js";
import { bar, element } from "./elements.js";
import { clock, phaseOf } from "./words.js";

const OVER = ["completed", "failed", "cancelled", "crashed"];
const KEPT_LINES = 500;

/** The panel of one run at a time. */
export class RunPanel {
  constructor(place, ended) {
    this.place = place;
    this.ended = ended;
    this.id = null;
    this.run = null;
    this.titles = {};
    setInterval(() => this.tick(), 1000);
  }

  get busy() {
    return this.id !== null && this.run !== null && !OVER.includes(this.run.state);
  }

  /** The name for people of the model that is switched to. */
  get name() {
    return this.titles[this.run.model] ?? this.run.model;
  }

  /** Follow a run; one that is followed already goes on, also when its stream was lost. */
  async follow(id) {
    if (this.id === id) {
      if (this.busy && this.source?.readyState === EventSource.CLOSED) this.listen();
      return;
    }
    this.source?.close();
    this.id = id;
    this.run = null;
    this.doubting = false;
    this.build();
    await this.refresh();
    if (this.busy) this.listen();
  }

  async refresh() {
    const id = this.id;
    try {
      const run = await ask(`/api/runs/${id}`);
      if (id === this.id) this.take(run);
    } catch (error) {
      this.phase.textContent = error.message;
    }
  }

  listen() {
    this.lines = [];
    this.source = new EventSource(`/api/runs/${this.id}/stream`);
    const on = (kind, act) => this.source.addEventListener(kind, (event) => act(JSON.parse(event.data)));
    on("state", () => this.refresh());
    on("phase", (data) => this.take({ ...this.run, ...data }));
    on("log", (data) => this.addLines(data.lines ?? []));
    on("result", async () => {
      this.source.close();
      await this.refresh();
      this.ended();
    });
  }

  take(run) {
    this.run = run;
    this.taken = Date.now();
    this.show();
  }

  build() {
    this.title = element("h2", { tabIndex: -1 });
    this.phase = element("p", { class: "phase", role: "status", "aria-live": "polite" });
    this.message = element("p", { class: "quiet" });
    this.progress = element("div", { class: "progress" });
    this.times = element("p", { class: "quiet" });
    this.plan = element("div", { class: "plan" });
    this.log = element("pre", { tabIndex: 0, "aria-label": "Log" });
    this.fold = element("details", { class: "log" }, element("summary", {}, "Live log"), this.log);
    this.outcome = element("div", { class: "outcome", "aria-live": "polite" });
    this.actions = element("div", { class: "actions" });
    this.lines = [];
    const how = [this.title, this.phase, this.message, this.progress, this.times, this.plan];
    this.place.replaceChildren(...how, this.outcome, this.actions, this.fold);
    this.place.hidden = false;
  }

  show() {
    const run = this.run;
    const over = OVER.includes(run.state);
    this.place.className = `card run ${run.state}`;
    this.title.textContent = over ? resultTitle(run.state, this.name) : `Switching to ${this.name}`;
    this.phase.textContent = over ? "" : phaseLine(run);
    this.message.textContent = over || run.state === "waiting" ? "" : run.message;
    this.progress.replaceChildren(...(over || run.state === "waiting" ? [] : [bar(run.progress, `${Math.round(run.progress * 100)} % done`)]));
    this.fold.hidden = over && !this.lines.length;
    this.tick();
    this.showPlan(run);
    this.outcome.replaceChildren(...(over ? outcome(run) : []));
    this.showActions(run, over);
  }

  tick() {
    if (!this.times) return;
    if (!this.busy || this.run.state === "waiting") {
      this.times.textContent = "";
      return;
    }
    const passed = this.run.elapsed_seconds + (Date.now() - this.taken) / 1000;
    const usual = this.run.expected_seconds ? `, usually ${clock(this.run.expected_seconds)}` : "";
    this.times.textContent = `${clock(passed)} so far${usual}`;
  }

  showPlan(run) {
    const asked = run.state === "waiting";
    const lines = asked ? (run.plan ?? []) : [];
    this.plan.replaceChildren(
      ...(lines.length ? [element("ol", {}, ...lines.map((line) => element("li", {}, line)))] : []),
    );
  }

  showActions(run, over) {
    const key = over ? "over" : this.doubting ? "doubting" : run.state;
    if (this.actions.dataset.key === key) return;
    this.actions.dataset.key = key;
    const button = (text, act, kind = "") => element("button", { type: "button", class: kind, onclick: act }, text);
    const sets = {
      over: () => [button("Close", () => this.close())],
      waiting: () => [button("Don’t", () => this.answer(false)), button("Go", () => this.answer(true), "main")],
      cancelling: () => [],
      doubting: () => [
        element("p", { class: "why" }, "Once the old model is stopped, cancelling leaves no model loaded."),
        button("Carry on", () => this.doubt(false)),
        button("Cancel it", () => this.cancel()),
      ],
    };
    const set = sets[key] ?? (() => [button("Cancel the switch", () => this.doubt(true))]);
    this.actions.replaceChildren(...set());
    if (run.url && key !== "doubting") {
      const link = element("a", { href: run.url, target: "_blank", rel: "noopener" }, "Details in Prefect");
      this.actions.prepend(link);
    }
  }

  addLines(lines) {
    const atEnd = this.log.scrollTop + this.log.clientHeight >= this.log.scrollHeight - 20;
    this.lines.push(...lines.map(({ host, line }) => (host ? `${host}  ${line}` : line)));
    this.lines = this.lines.slice(-KEPT_LINES);
    this.log.textContent = this.lines.join("\n");
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  doubt(doubting) {
    this.doubting = doubting;
    this.show();
    this.actions.querySelector("button")?.focus();
  }

  async cancel() {
    this.doubting = false;
    await this.ask(() => post(`/api/runs/${this.id}/cancel`));
  }

  async answer(go) {
    await this.ask(() => post(`/api/runs/${this.id}/resume`, { go }));
  }

  async ask(act) {
    try {
      this.take(await act());
    } catch (error) {
      this.phase.textContent = error.message;
    }
  }

  close() {
    this.place.hidden = true;
  }
}

function phaseLine(run) {
  if (run.state === "waiting") return "This is the plan. Shall it go on?";
  if (run.state === "cancelling") return "Stopping the switch…";
  return phaseOf(run.phase);
}

function resultTitle(state, name) {
  const titles = {
    completed: `${name} is ready`,
    failed: `The switch to ${name} failed`,
    cancelled: `The switch to ${name} was cancelled`,
    crashed: `The switch to ${name} broke off`,
  };
  return titles[state];
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
