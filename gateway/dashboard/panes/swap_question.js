// The question before a switch: what stops, what starts and where, how long, what if it fails.

import { post } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { element, field, fold } from "../core/elements.js";
import { about, listed, moment } from "../core/words.js";
import { mannerChoice, select } from "./model_choices.js";

const HOUR = 60;
const LENGTHS = [
  ["For good", 0], ["1 hour", HOUR], ["2 hours", 2 * HOUR], ["4 hours", 4 * HOUR], ["8 hours", 8 * HOUR],
  ["1 day", 24 * HOUR], ["3 days", 72 * HOUR], ["7 days", 168 * HOUR],
];
const KINDS = [["Speech", ["stt", "tts"]], ["search", ["qdrant"]], ["embeddings", ["embeddings"]]];

/**
 * Ask before a switch; gives the run that was started, or null when the answer is no.
 *
 * `model` one of /api/models; `status` the answer of /api/status; `models` all of /api/models, for what comes afterwards.
 * A model that is loaded already is loaded anew.
 */
export function askSwap(model, { status, models = [] }) {
  const anew = model.loaded;
  const wishes = new Wishes(model, status, models);
  return askFirst({
    title: anew ? `Load ${model.title} anew?` : `Switch to ${model.title}?`,
    rows: rows(model, status, models),
    fields: wishes.fields,
    yes: anew ? "Load it anew" : "Switch",
    no: status.loaded ? `Keep ${status.loaded.title}` : "Leave it as it is",
    act: () => post("/api/swap", { model: model.key, ...(anew ? { force: true } : {}), ...wishes.said() }),
  });
}

function rows(model, { loaded, services, swap }, models) {
  const where = model.runs_on?.length ? ` on ${listed(model.runs_on)}` : "";
  const coming = swap && (models.find(({ key }) => key === swap.model)?.title ?? swap.model);
  return [
    coming ? ["Before that", `The switch to ${coming} ends; this one waits for its turn.`] : null,
    ["First", `It is checked whether ${model.title} would start. If not, nothing is stopped.`],
    ["Stops", loaded ? `${loaded.title}. ${cutOff(loaded.drain_seconds)}` : "Nothing: no model is loaded."],
    ["Starts", `${model.title}${where}.`],
    ["Takes", model.expected_seconds ? `About ${about(model.expected_seconds)}.` : "A few minutes."],
    ["Meanwhile", `Chat is not available.${goesOn(services)}`],
    ["If it fails", loaded ? `${loaded.title} is put back, and you are told why.` : "No model is loaded, as now, and you are told why."],
  ];
}

function cutOff(seconds) {
  if (!seconds) return "Answers that are being written are cut off.";
  return `Answers that are being written have ${about(seconds)} to end, then they are cut off.`;
}

function goesOn(services) {
  const there = KINDS.filter(([, kinds]) => services.some(({ kind }) => kinds.includes(kind))).map(([words]) => words);
  if (!there.length) return "";
  const words = listed(there);
  return ` ${words[0].toUpperCase()}${words.slice(1)} ${there.length === 1 && there[0] !== "embeddings" ? "goes" : "go"} on.`;
}

/** What is unusual about this switch, behind a fold; the lock's token before it while somebody holds the lock. */
class Wishes {
  constructor(model, { loaded, lock }, models) {
    this.length = select(LENGTHS);
    this.afterwards = select([[loaded ? `What is loaded now: ${loaded.title}` : "What was loaded before", ""], ...others(model, loaded, models)]);
    this.manner = mannerChoice();
    this.token = element("input", { type: "text", autocomplete: "off", required: true, spellcheck: false });
    const then = field("What comes after that", this.afterwards);
    then.hidden = true;
    this.length.onchange = () => (then.hidden = this.length.value === "0");
    this.fields = [
      lock ? field("Token of the lock", this.token, `${lock.holder} holds the lock until ${moment(lock.until)}. Only who has its token can switch.`) : null,
      fold("swap-wishes", "More choices", element("div", { class: "fields" }, field("How long it stays", this.length), then, this.manner)),
    ];
  }

  said() {
    const length = Number(this.length.value);
    return {
      ...(length ? { length_minutes: length } : {}),
      ...(length && this.afterwards.value ? { afterwards: this.afterwards.value } : {}),
      ...this.manner.said(),
      ...(this.token.value.trim() ? { lock_token: this.token.value.trim() } : {}),
    };
  }
}

function others(model, loaded, models) {
  return models.filter(({ key, state }) => state === "ready" && key !== model.key && key !== loaded?.key).map(({ key, title }) => [title, key]);
}
