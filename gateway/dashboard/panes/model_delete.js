// The questions before weights are deleted, and before a recipe is removed.

import { path, remove } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { element } from "../core/elements.js";
import { bytes, listed } from "../core/words.js";
import { hostChoices, mannerChoice } from "./model_choices.js";
import { copiesOf, isFolder } from "./model_words.js";

/** Ask before a model's weights are deleted, on that host or on all; gives the run, or null. */
export function askDelete(model, { disks, models }, host = null) {
  const copies = copiesOf(model, disks);
  const others = (models ?? []).filter((other) => other.model === model.model && other.key !== model.key).map(({ title }) => title);
  const choice = (copy) => ({ name: copy.host, words: bytes(copy.bytes), ticked: host === null || copy.host === host });
  const hosts = hostChoices("On which hosts?", copies.map(choice));
  const manner = mannerChoice();
  const frees = element("span");
  const say = () => (frees.textContent = freed(copies.filter((copy) => hosts.ticked().includes(copy.host))));
  hosts.onchange = say;
  say();
  return askFirst({
    title: `Delete ${model.title} from disk?`,
    rows: [
      ["Frees", frees],
      ["Also without it", others.length ? `${listed(others)}: the same weights.` : null],
      ["Stops", "Nothing: it is not loaded. No switch can begin for these seconds."],
      ["Afterwards", afterwards(model)],
      ["If it fails", "What is deleted stays deleted; it can be asked for again."],
    ],
    fields: [hosts, manner],
    yes: copies.length > 1 ? "Delete" : `Delete ${bytes(copies[0]?.bytes ?? 0)}`,
    danger: true,
    act: () => remove(`${path("api", "models", model.key, "disk")}?${query(model, hosts.chosen(), manner.said())}`),
  });
}

function freed(copies) {
  if (!copies.length) return "Nothing: no host is ticked.";
  const all = copies.length > 1 ? `, ${bytes(copies.reduce((sum, copy) => sum + copy.bytes, 0))} in all` : "";
  return `${listed(copies.map((copy) => `${bytes(copy.bytes)} on ${copy.host}`))}${all}.`;
}

function afterwards(model) {
  if (isFolder(model)) return "It cannot be got back: it is a folder of yours, and Spark Control knows no other copy.";
  return `It can be downloaded again.${model.recipe ? " Its settings stay." : ""}`;
}

function query(model, hosts, said) {
  const pairs = [["repo", model.model], ...hosts.map((host) => ["hosts", host]), ...Object.entries(said).map(([name, value]) => [name, String(value)])];
  return new URLSearchParams(pairs).toString();
}

/** Ask before an own recipe is removed; gives the answer, or null. */
export function askForget(model) {
  return askFirst({
    title: `Remove the recipe of ${model.title}?`,
    rows: [
      ["Goes", "How it is started, and its settings."],
      ["Stays", model.hosts.length ? "Its weights on disk: it can be set up again." : "Everything else."],
      ["Afterwards", "If Spark Control came with a recipe of that name, that one is used again."],
    ],
    yes: "Remove it",
    danger: true,
    runs: false,
    act: () => remove(path("api", "models", model.key)),
  });
}
