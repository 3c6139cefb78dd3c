// How a host was: memory, GPU, temperature and power over an hour, a day or a month.

import { ask, path } from "../core/api.js";
import { button, draw, element, fold, table } from "../core/elements.js";
import { moment } from "../core/words.js";
import { graph, short } from "./graph.js";

const AGAIN_MS = 60000;
const GIB = 1024 ** 3;
const ROWS = 12;
const SPANS = [
  ["hour", "Last hour", 3600],
  ["day", "Last day", 86400],
  ["month", "Last 30 days", 30 * 86400],
];

/** The history of a host behind a fold: asked when it is opened, and each minute while it is looked at. */
export class HostHistory {
  constructor(name) {
    this.name = name;
    this.total = null; // bytes of memory, when known
    this.span = SPANS[0];
    this.turn = 0;
    this.timer = null;
    this.fault = element("p", { class: "fault", role: "alert" });
    this.graphs = element("div", { class: "graphs" });
    this.buttons = SPANS.map((span) => this.choice(span));
    const spans = element("div", { class: "actions spans", role: "group", "aria-label": `Time shown of ${name}` }, this.buttons);
    this.place = fold(`history-${name}`, "How it was", spans, this.fault, this.graphs);
    this.place.addEventListener("toggle", () => (this.place.open ? this.open() : this.close()));
  }

  open() {
    this.close();
    this.ask();
    this.timer = setInterval(() => !document.hidden && this.ask(), AGAIN_MS);
  }

  /** Ask no more. */
  close() {
    this.turn += 1;
    clearInterval(this.timer);
  }

  choice(span) {
    const press = () => {
      this.span = span;
      for (const each of this.buttons) each.setAttribute("aria-pressed", String(each === made));
      this.ask();
    };
    const made = button(span[1], press, { class: "small", "aria-pressed": String(span === this.span), "data-focus": `span-${span[0]}-${this.name}` });
    return made;
  }

  async ask() {
    const turn = (this.turn += 1);
    const [span, words, seconds] = this.span;
    try {
      const history = await ask(`${path("api", "hardware", this.name, "history")}?span=${span}`);
      if (turn !== this.turn) return;
      this.fault.textContent = "";
      const until = Math.ceil(Date.now() / 1000 / history.step_seconds) * history.step_seconds;
      const numbers = numbersOf(history, this.total).map((number) => ({ ...number, from: until - seconds, until, span }));
      draw(this.graphs, numbers, (all) => [all.map(graph), fold(`table-${this.name}`, "The same as a table", asTable(`${this.name}, ${words.toLowerCase()}`, all))]);
    } catch (error) {
      if (turn === this.turn) this.fault.textContent = error.message;
    }
  }
}

/** The numbers that are drawn, of a history as the API gives it; memory in GB as it is sold. */
export function numbersOf({ at, step_seconds: step, columns }, total) {
  const of = (name, unit, top, column) => ({ name, unit, top, at, step, ...(columns[column] ?? nothing(at)) });
  return [memoryOf(columns.memory_available_gib, at, step, total), of("GPU at work", "%", 100, "gpu_percent"), of("Temperature", "°C", 100, "gpu_celsius"), of("Power", "W", null, "gpu_watts")];
}

function memoryOf(column, at, step, total) {
  const sample = { unit: "GB", at, step };
  const size = (gib) => (gib * GIB) / 1e9;
  if (!column) return { name: "Memory used", top: null, ...sample, ...nothing(at) };
  const mapped = (values, turn) => values.map((value) => (value === null ? null : Math.round(turn(value) * 10) / 10));
  if (!total) return { name: "Memory available", top: null, ...sample, min: mapped(column.min, size), mean: mapped(column.mean, size), max: mapped(column.max, size) };
  const used = (gib) => total / 1e9 - size(gib);
  // What is available least is used most.
  return { name: "Memory used", top: total / 1e9, ...sample, min: mapped(column.max, used), mean: mapped(column.mean, used), max: mapped(column.min, used) };
}

function nothing(at) {
  const empty = at.map(() => null);
  return { min: empty, mean: empty, max: empty };
}

function asTable(caption, numbers) {
  const [{ at }] = numbers;
  if (!at.length) return element("p", { class: "quiet" }, "Nothing was seen.");
  const size = Math.ceil(at.length / ROWS);
  const begins = at.map((_, place) => place).filter((place) => place % size === 0);
  const cut = (number, begin) => Object.fromEntries(["min", "mean", "max"].map((kind) => [kind, number[kind].slice(begin, begin + size)]));
  const range = (number, begin) => {
    const part = cut(number, begin);
    if (part.mean.every((value) => value === null)) return "not seen";
    const known = (values) => values.filter((value) => value !== null);
    return `${short(Math.min(...known(part.min)))} to ${short(Math.max(...known(part.max)))} ${number.unit}`;
  };
  const rows = begins.map((begin) => [moment(at[begin]), ...numbers.map((number) => range(number, begin))]);
  return table(caption, ["From", ...numbers.map((number) => number.name)], rows);
}
