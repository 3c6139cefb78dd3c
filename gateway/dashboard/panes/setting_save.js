// Saving: what is before and after is asked first; what somebody else changed meanwhile is shown beside it.

import { path, put } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { element, field } from "../core/elements.js";
import { changeRows } from "./setting_changes.js";

const MINE = "mine";

/**
 * Ask, and save the values of a block as it was read; `{ now }` the block when it was saved or theirs was taken,
 * `{ faults, message }` what does not fit, `{}` when the answer was no.
 */
export async function saveSettings(view, title, values) {
  const rows = changeRows(view, values);
  const done = await askFirst({
    title: `Save these settings of “${title}”?`,
    rows: [...rows, ["Then", "It holds within five seconds; nothing has to be restarted."], ["If it does not fit", "Nothing is changed, and the field says why."]],
    yes: "Save",
    act: () => sent(view.block, values, view.version),
  });
  if (!done) return {};
  return done.theirs ? chosen(view, done.theirs, title, values) : done;
}

async function sent(block, values, version) {
  try {
    return await put(path("api", "settings", block), values, { "if-match": `"${version}"` });
  } catch (error) {
    if (error.code === "changed_meanwhile") return { theirs: error.answer.now };
    if (error.code === "unfit_value") return { faults: error.answer.faults, message: error.message };
    throw error;
  }
}

// Both are shown; nothing is lost without a word.
async function chosen(view, theirs, title, values) {
  const changed = theirs.fields.filter((one, at) => JSON.stringify(one.value) !== JSON.stringify(view.fields[at].value));
  const other = Object.fromEntries(changed.map(({ name, value }) => [name, value]));
  const input = element("select", {}, element("option", { value: MINE }, "Save mine; what I did not touch stays as they have it"), element("option", { value: "theirs" }, "Take theirs, and drop mine"));
  const done = await askFirst({
    title: `Somebody else changed “${title}” meanwhile`,
    rows: [...changeRows(view, other).map(([name, words]) => [`Theirs: ${name}`, words]), ...changeRows(theirs, values).map(([name, words]) => [`Mine: ${name}`, words])],
    fields: [field("What shall hold", input)],
    yes: "Do that",
    no: "Decide later",
    act: () => (input.value === MINE ? sent(view.block, values, theirs.version) : { now: theirs }),
  });
  if (!done) return {};
  return done.theirs ? chosen(view, done.theirs, title, values) : done;
}
