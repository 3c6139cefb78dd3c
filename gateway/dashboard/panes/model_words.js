// A model in plain words: what it can do, how large it is, where it lies.

import { bytes, count, listed } from "../core/words.js";

const TOKENS_PER_PAGE = 525; // a printed page of about 400 English words
const MOST_MISSING = 5;

const ABILITIES = {
  chat: "chats",
  tools: "uses tools",
  vision: "looks at pictures",
  reasoning: "thinks before it answers",
  code: "writes programs",
  "long-context": "reads very long texts",
  "two-hosts": "runs on two hosts",
};

/** What it can do, as a sentence; blank when nothing is known. */
export function abilities({ tags, context_tokens: tokens }) {
  const known = tags.map((tag) => ABILITIES[tag] ?? tag);
  const words = [...known, tokens ? `takes ${textLength(tokens)}` : ""].filter(Boolean).join(", ");
  return words ? `${words[0].toUpperCase()}${words.slice(1)}.` : "";
}

/** A length of text: "up to 131,072 tokens of text (about 250 pages)". */
export function textLength(tokens) {
  const pages = Math.max(1, Math.round(tokens / TOKENS_PER_PAGE));
  const step = 10 ** Math.max(0, String(pages).length - 2);
  return `up to ${tokens.toLocaleString("en")} tokens of text (about ${count(Math.round(pages / step) * step, "page")})`;
}

/** Its copies: `[{ host, bytes, partial_bytes, complete, missing }]`; `disks` as /api/models/disk has them. */
export function copiesOf(model, disks) {
  return disks.flatMap(({ host, models }) => models.filter((copy) => copy.model === model.model).map((copy) => ({ ...copy, host })));
}

/** Whether it is a folder of the hosts, which nobody can download. */
export const isFolder = ({ model }) => /^[~/]/.test(model);

/** Where it lies, in words; `copies` as `copiesOf` gives them. */
export function whereItLies(model, copies) {
  const whole = copies.filter(({ complete }) => complete).map(({ host }) => host);
  const parts = copies.filter(({ complete }) => !complete).map((copy) => `a part on ${copy.host} (${bytes(copy.bytes)})`);
  if (!copies.length && model.hosts.length) return listed(model.hosts);
  return [whole.length ? listed(whole) : "", ...parts].filter(Boolean).join("; ") || "on no host";
}

/** The files that a copy lacks, in words; blank when none is known. */
export function lacking({ missing }) {
  const more = missing.length > MOST_MISSING ? [`${missing.length - MOST_MISSING} more`] : [];
  return listed([...missing.slice(0, MOST_MISSING), ...more]);
}

/** The repo or folder that somebody means: org/name, its address on Hugging Face, or a folder of the hosts. */
export function sourceOf(text) {
  const said = text.trim().replace(/^https?:\/\/[^/]+\//, "").replace(/^(models|hf\.co|huggingface\.co)\//, "");
  if (/^[~/]/.test(text.trim())) return text.trim();
  return said.split(/[?#]/)[0].split("/").slice(0, 2).join("/");
}
