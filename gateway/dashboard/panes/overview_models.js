// The models that can be switched to at once, and whether each would fit.

import { changeButton } from "../core/change_button.js";
import { badge, element } from "../core/elements.js";
import { follow } from "../core/operations.js";
import { about, gigabytes, listed } from "../core/words.js";
import { memoryFit } from "./overview_fit.js";
import { askSwap } from "./swap_question.js";

const SHOWN = 6;

/** The ready models that are not loaded, each with its fit in words. */
export function choices({ models, status, hardware }) {
  if (!models || !status) return null;
  const ready = models.models.filter(({ state, loaded }) => state === "ready" && !loaded);
  const loaded = models.models.find((model) => model.loaded);
  const shown = ready.slice(0, SHOWN).map((model) => ({ model, fit: fit(model, loaded, hardware?.hosts ?? []) }));
  return { shown, more: ready.length - shown.length, others: models.models.length - ready.length - (loaded ? 1 : 0), status, models: models.models };
}

function fit(model, loaded, hosts) {
  const found = memoryFit(model, loaded, hosts);
  if (!found) return null;
  const { host, needs, free } = found.least;
  const lacking = `too little memory: it takes ${gigabytes(needs)} on ${host}, ${gigabytes(free)} would be free`;
  return {
    now: ["good", "fits"],
    after: ["", `fits when ${loaded?.title} is stopped`],
    never: ["warm", lacking],
    weights: ["warm", `too large for the ${gigabytes(needs)} it may take on ${host}`],
  }[found.fits];
}

/** What of that is drawn: the rest is asked for when a button is pressed. */
export const drawnChoices = (view) => view && { ...view, status: null, models: null, shown: view.shown.map(({ model, fit: words }) => [model, words]) };

/** The list; `ask` gives the newest choices when a button is pressed. */
export function showChoices(view, ask) {
  if (!view) return element("p", { class: "quiet" }, "Looking…");
  const rest = view.more + view.others;
  return [
    view.shown.length
      ? element("ul", { class: "card next-models" }, view.shown.map(([model, words]) => choice(model, words, ask)))
      : element("p", { class: "card quiet" }, "No other model is ready on the disks."),
    element("p", {}, element("a", { href: "#/models" }, rest ? `All models: ${rest} more on the menu, to set up or to download` : "All about the models")),
  ];
}

function choice(model, words, ask) {
  const facts = [
    model.size_bytes ? gigabytes(model.size_bytes) : null,
    model.runs_on?.length ? `runs on ${listed(model.runs_on)}` : null,
    model.expected_seconds ? `takes about ${about(model.expected_seconds)}` : null,
  ];
  return element(
    "li",
    { class: "row next-model" },
    element(
      "div",
      {},
      element("div", { class: "named" }, element("h3", {}, model.title), words ? badge(...words.toReversed()) : null),
      element("p", { class: "quiet" }, facts.filter(Boolean).join(", ")),
    ),
    model.loading ? badge("Loading…") : changeButton("Switch to this", () => press(model.key, ask), { label: `Switch to ${model.title}`, focus: `switch-${model.key}` }),
  );
}

async function press(key, ask) {
  const { status, models } = ask();
  const model = models.find((each) => each.key === key);
  const run = model && (await askSwap(model, { status, models }));
  if (run) await follow(run);
}
