// Setting up weights that have no recipe: what their files say, in plain words, to be confirmed.

import { ask, post } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { element, field, fold } from "../core/elements.js";
import { sentence } from "../core/words.js";
import { openSheet } from "./model_sheet.js";
import { abilities } from "./model_words.js";

const NAMES = {
  family: "Family",
  quantization: "Form of its numbers",
  hosts: "Hosts it needs",
  "--gpu-memory-utilization": "Share of the memory",
  "--max-model-len": "Context length",
  "--max-num-batched-tokens": "Tokens per step",
  "--max-num-seqs": "Requests at once",
  "--enable-prefix-caching": "Prefix caching",
  "--load-format": "Loading of the weights",
  "--kv-cache-dtype": "KV cache",
  "--speculative-config": "Guessing ahead",
  "--limit-mm-per-prompt": "Pictures in one request",
  "--reasoning-parser": "How its thinking is read",
  "--enable-auto-tool-choice": "Tools",
  "--tool-call-parser": "How its calls of tools are read",
  "--trust-remote-code": "Code of its own",
  "--moe-backend": "How its experts are computed",
};
const SURE = { sure: "", likely: "likely", guess: "a guess" };

/** Ask with what was read from a model's files; gives the recipe that was added, or null. `Refused` as the API says. */
export async function askSetUp(source) {
  const found = await ask(`/api/models/suggest?${new URLSearchParams({ repo: source })}`);
  if (found.refused) {
    openSheet(`${source} cannot be set up`, element("p", { class: "fault" }, `${found.refused}.`), reasons(found.values, true));
    return null;
  }
  const { recipe } = found;
  const name = element("input", { type: "text", value: recipe.name || recipe.key, required: true, maxLength: 100 });
  const key = element("input", { type: "text", value: recipe.key, required: true, pattern: "[a-z0-9][a-z0-9._\\-]{0,62}", spellcheck: false, autocomplete: "off" });
  const answer = await askFirst({
    title: `Set up ${recipe.name || recipe.key}?`,
    rows: [
      ["It", abilities({ tags: recipe.tags ?? [], context_tokens: null })],
      ["Not sure", found.doubts.join(". ")],
      ["Stops", "Nothing: it only goes on the list. It is started when you switch to it."],
      ["How", "What follows was read from the model’s own files. It can be changed under “Settings” at any time."],
    ],
    fields: [field("Name", name), field("Short name", key, "By which applications ask for it: small letters, digits, dots and dashes."), reasons(found.values)],
    yes: "Set it up",
    runs: false,
    act: () => post("/api/models", { ...recipe, name: name.value.trim(), key: key.value.trim() }),
  });
  return answer && answer.recipe;
}

function reasons(values, open = false) {
  if (!values.length) return null;
  const made = fold("reasons", "What was found, and why", element("ul", { class: "reasons" }, values.map(reasonLine)));
  made.open = open;
  return made;
}

function reasonLine({ field: name, value, source, confidence, reason }) {
  const given = value ? element("code", {}, value) : "left as it is";
  const sure = SURE[confidence] ?? confidence;
  return element(
    "li",
    {},
    element("p", {}, element("strong", {}, `${NAMES[name] ?? name}: `), given, sure ? element("span", { class: "quiet" }, ` (${sure})`) : null),
    element("p", { class: "quiet" }, `${sentence(reason)}. From ${source}.`),
  );
}
