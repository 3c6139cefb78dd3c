// The speech container's patches: each file beside ours, and having ours put there.

import { ago, momentOf } from "../core/ago.js";
import { post } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { changeButton } from "../core/change_button.js";
import { latest, watch } from "../core/changes.js";
import { badge, dot, draw, element, facts, field, fold } from "../core/elements.js";
import { follow } from "../core/operations.js";
import { count, listed, sentence } from "../core/words.js";
import { lockFields } from "./lock_token.js";
import { wayField } from "./updates_way.js";

const NONE = "the cluster has no service of kind";

const WHOLE = {
  in_sync: ["The patches are in place", "in place", "good"],
  missing: ["Patches are missing", "not in place", "warm"],
  drift: ["Files are not as our patches have them", "not in place", "warm"],
  unknown_base: ["Files are there that nobody knows", "look first", "bad"],
  no_container: ["Its container is not there", "no container", "bad"],
  unknown: ["It is not known yet whether the patches are in place", null, ""],
};

const FILES = {
  in_sync: ["up", "ours"],
  missing: ["down", "not there"],
  drift: ["warm", "another one, which may be replaced"],
  unknown_base: ["down", "one that nobody knows"],
};

/** Fill the section; gives the function that ends it. */
export function mountPatches(section) {
  const card = element("div", { class: "card tile" });
  section.hidden = true;
  section.append(element("p", { class: "quiet" }, "Files of ours in the speech container tell its speakers apart. A container that is made anew has lost them."), card);
  const known = { patches: null, error: null, running: false, at: null };
  const show = () => {
    section.hidden = !known.patches && (!known.error || known.error.startsWith(NONE));
    draw(card, known, () => (known.patches ? tile(known) : [element("p", { class: "fault" }, known.error)]));
  };
  const ends = [
    watch("patches", (patches, { error, received }) => {
      const { age_seconds: age, ...rest } = patches ?? {};
      Object.assign(known, { patches: patches ? rest : null, error, at: momentOf(age, { received }) });
      show();
    }),
    watch("operations", (operations) => {
      known.running = (operations?.active ?? []).some(({ kind }) => kind === "patches");
      show();
    }),
    watch("lock", () => {}), // a question asks what is so at its moment
  ];
  return () => ends.forEach((end) => end());
}

function tile({ patches, running, at }) {
  const [words, word, kind] = WHOLE[patches.state] ?? WHOLE.unknown;
  const why = running ? "The patches are being looked at just now" : null;
  const main = ["missing", "drift", "unknown_base"].includes(patches.state) || patches.runs_ours === false;
  return [
    element("h4", {}, words, " ", word ? badge(word, kind) : null),
    ...patches.why.map((line) => element("p", { class: "why" }, `${sentence(line)}.`)),
    facts([
      ["Service", patches.service],
      ["Runs on", patches.host],
      ["Container", element("code", {}, patches.container)],
      ["Memory", patches.memory_gib === null ? null : patches.memory_gib ? `at most ${patches.memory_gib} GiB` : "no cap"],
      ["Looked at", at === null ? null : ago(at)],
    ]),
    patches.files.length ? fold("patches-files", fileWords(patches.files), element("ul", { class: "rows" }, patches.files.map(line))) : null,
    element("div", { class: "actions" }, changeButton("Apply the patches…", () => askApply(patches), { why, focus: "patches-apply", label: "Apply the patches of the speech container…", kind: main ? "main" : "" })),
  ];
}

function fileWords(files) {
  const ours = files.filter(({ state }) => state === "in_sync").length;
  return ours === files.length ? `${count(ours, "file")}, all of them ours` : `${count(files.length, "file")}, ${ours} of them ours`;
}

function line({ name, state, found, original }) {
  const [mark, words] = FILES[state] ?? ["unknown", state];
  return element(
    "li",
    {},
    dot(mark, words),
    " ",
    element("strong", {}, name),
    " ",
    element("span", { class: "quiet" }, words, original ? "; what was there before us is kept" : ""),
    found && state !== "in_sync" ? element("code", { class: "small" }, ` SHA-256 ${found.slice(0, 12)}…`) : null,
  );
}

async function askApply(patches) {
  const way = wayField();
  const token = lockFields(latest("lock")?.lock ?? null);
  const unknown = patches.files.filter(({ state }) => state === "unknown_base").map(({ name }) => name);
  const any = element("input", { type: "checkbox" });
  const run = await askFirst({
    title: "Apply the patches of the speech container?",
    rows: [
      ["What comes", `Files that are not ours are replaced by ours in ${patches.container} on ${patches.host}; what was there is kept beside them.`],
      ["Stops", `${patches.service} is restarted: for some minutes it writes nothing down and tells no speakers apart. Where all is in place, nothing is done.`],
      unknown.length ? ["Unknown files", `${listed(unknown)}: our patches were not made for what is there. Unless you allow it below, nothing is changed.`] : null,
      ["If it fails", "The files of before are put back, and it is restarted with them."],
    ],
    fields: [way, unknown.length ? tick(`Also replace what nobody knows: ${listed(unknown)}`, any) : null, ...token.fields].filter(Boolean),
    yes: "Apply",
    act: () => post("/api/patches/apply", { ...way.values(), any_base: any.checked, lock_token: token.value() }),
  });
  if (run) await follow(run);
}

function tick(words, input) {
  const made = field(words, input);
  made.className = "field tick";
  return made;
}
