// The card of one model: what it is, where it lies, and what can be done with it.

import { ago } from "../core/ago.js";
import { changeButton } from "../core/change_button.js";
import { badge, bar, button, dot, element, facts, fold } from "../core/elements.js";
import { about, count, gigabytes, listed, sentence } from "../core/words.js";
import { abilities, isFolder, lacking, whereItLies } from "./model_words.js";

/**
 * The card.
 *
 * `shown` has `model`, its `copies`, `download` (its run, or null), `checking`, `check` (what was found of a start, or
 * null) and `busy` (why no switch can be asked for, or null); `acts` has what each button does, by name, with the model.
 */
export function modelCard(shown, acts) {
  const { model, download, check, checking } = shown;
  return element(
    "article",
    { class: model.loaded ? "card model loaded" : "card model", "data-model": model.key },
    element("div", { class: "row" }, element("h4", {}, model.title), stateBadge(model, download)),
    model.description ? element("p", {}, model.description) : null,
    element("p", { class: "quiet" }, abilities(model)),
    facts(rows(shown)),
    download || model.loaded || model.loading ? null : reason(shown),
    download ? progress(download) : null,
    checking ? element("p", { class: "quiet", role: "status" }, "Checking whether it would start…") : null,
    check && !checking ? findings(check, model.key) : null,
    element("div", { class: "actions" }, moreActions(shown, acts), mainAction(shown, acts)),
  );
}

function rows({ model, copies }) {
  return [
    ["Size", model.size_bytes ? gigabytes(model.size_bytes) : null],
    ["On disk", model.state === "not on disk" ? null : whereItLies(model, copies)],
    ["Runs on", model.runs_on.length ? listed(model.runs_on) : null],
    ["Takes to load", model.expected_seconds ? `about ${about(model.expected_seconds)}` : null],
  ];
}

function reason({ model, copies }) {
  const words = whyNot(model);
  const parts = copies.filter((copy) => !copy.complete && copy.missing.length);
  const missing = parts.map((copy) => element("p", { class: "quiet" }, `Missing on ${copy.host}: ${lacking(copy)}.`));
  return [words ? element("p", { class: "why" }, words) : null, ...missing];
}

function whyNot(model) {
  const { state, why, recipe, runs_on: needed, hosts } = model;
  if (isFolder(model) && state !== "needs setup" && why) return `${sentence(why)}. It is a folder of yours: put its files there.`;
  if (state === "not on disk" || !why) return "";
  if (!recipe && state === "needs setup") return "Nobody has said yet how it is started: that is what “Set up” is for.";
  const lacking = needed.filter((host) => !hosts.includes(host));
  if (state === "incomplete" && lacking.length) return `It runs on ${listed(needed)}, and is not complete on ${listed(lacking)}: download the rest.`;
  return `${sentence(why)}.`;
}

function stateBadge(model, download) {
  if (model.loading) return badge("Loading…", "warm");
  if (model.loaded) return badge("Loaded", "good");
  if (download) return badge("Downloading", "warm");
  const words = { ready: "Ready", incomplete: "Not complete", "needs setup": "Needs set-up", "not on disk": "Not on disk" };
  return badge(words[model.state] ?? model.state, model.state === "ready" ? "good" : "");
}

function progress({ progress: share, message }) {
  return element("div", { class: "progress" }, bar(share, `${Math.round(share * 100)} % downloaded`), element("p", { class: "quiet" }, message));
}

const FOUND = { ok: ["up", "Well"], fault: ["down", "In the way"], unknown: ["warm", "Not sure"] };

function findings({ at, startable, message, findings: found }, key) {
  const told = startable ? "It would start." : startable === false ? "It would not start." : message;
  const good = found.filter(({ state }) => state === "ok");
  const list = (some) => (some.length ? element("ul", { class: "found" }, some.map(findingLine)) : null);
  return element(
    "div",
    { class: "check" },
    element("p", { role: "status" }, told, " ", element("span", { class: "quiet" }, "Checked ", ago(at), ".")),
    list(found.filter((finding) => !good.includes(finding))),
    good.length ? fold(`check-${key}`, `${count(good.length, "thing")} that ${good.length === 1 ? "is" : "are"} well`, list(good)) : null,
  );
}

function findingLine({ state, sentence: words, advice }) {
  const [colour, meaning] = FOUND[state] ?? FOUND.unknown;
  const told = state === "ok" ? sentence(words) : `${meaning}: ${words}`;
  return element("li", {}, dot(colour, meaning), element("span", {}, `${told}. `, advice ? element("strong", {}, advice) : null));
}

function mainAction({ model, download, busy }, acts) {
  if (model.loading) return null;
  const { state, title } = model;
  const focus = `main-${model.model}-${model.key}`;
  const main = (words, act, label, options = {}) => changeButton(words, () => act(model), { label: `${label} ${title}`, focus, ...options });
  if (model.loaded) return button("Test", () => acts.test(model), { "aria-label": `Test ${title}`, "data-focus": focus });
  if (download) return null;
  if (state === "ready") return main("Switch to this", acts.swap, "Switch to", { kind: "main", why: busy });
  if (state === "needs setup") return model.recipe ? null : main("Set up", acts.setUp, "Set up", { runs: false });
  if (isFolder(model)) return null;
  if (state === "incomplete") return main("Download the rest", acts.download, "Download the rest of");
  return main("Download", acts.download, "Download");
}

function moreActions({ model, copies, busy }, acts) {
  const name = `${model.model}-${model.key}`;
  const small = (words, act, label, options = {}) =>
    changeButton(words, () => act(model), { label: `${label} ${model.title}`, focus: `${label}-${name}`, kind: "small", ...options });
  const danger = { kind: "small danger", why: model.loaded ? "It is loaded: switch to another model first" : null };
  const made = [
    model.recipe && model.hosts.length && !model.loaded ? small("Would it start?", acts.validate, "Check a start of") : null,
    model.recipe ? small("Settings", acts.knobs, "Settings of", { runs: false }) : null,
    model.loaded ? small("Load it anew", acts.swap, "Load anew", { why: busy }) : null,
    model.recipe ? small("Export", acts.exportIt, "Export", { runs: false }) : null,
    copies.length ? small("Delete from disk", acts.erase, "Delete from disk:", danger) : null,
    model.recipe === "own" ? small("Remove its recipe", acts.forget, "Remove the recipe of", { ...danger, runs: false }) : null,
  ].filter(Boolean);
  if (!made.length) return null;
  const summary = ["More", element("span", { class: "unseen" }, ` about ${model.title}`)];
  return fold(`more-${name}`, summary, element("div", { class: "small-actions" }, made));
}
