// What several questions let one choose: hosts, and whether to see the plan first.

import { element, field } from "../core/elements.js";

/** Hosts to tick, each `{ name, words, ticked }`; `ticked()` gives their names, `chosen()` too but throws without any. */
export function hostChoices(legend, hosts) {
  const boxes = hosts.map(({ name, ticked }) => element("input", { type: "checkbox", value: name, checked: ticked }));
  const lines = hosts.map(({ name, words }, index) => element("label", { class: "choice" }, boxes[index], element("span", {}, `${name}: ${words}`)));
  const made = element("fieldset", { class: "choices", hidden: hosts.length < 2 }, element("legend", {}, legend), lines);
  made.ticked = () => boxes.filter((box) => box.checked).map((box) => box.value);
  made.chosen = () => {
    if (!made.ticked().length) throw new Error("Tick at least one host.");
    return made.ticked();
  };
  return made;
}

/** A list to choose from; `options` are pairs of words and value. */
export const select = (options, value = null) =>
  element("select", {}, options.map(([words, each]) => element("option", { value: String(each), selected: each === value }, words)));

const MANNERS = [["Do it at once", ""], ["Show me the plan, then ask me again", "ask"], ["Only tell me what would be done", "dry"]];

/** At once, after a look at the plan, or not at all; `said()` gives the fields of the request. */
export function mannerChoice() {
  const choice = select(MANNERS);
  const made = field("How to go about it", choice);
  made.said = () => ({ "": {}, ask: { approval: "ask" }, dry: { dry_run: true } })[choice.value];
  return made;
}
