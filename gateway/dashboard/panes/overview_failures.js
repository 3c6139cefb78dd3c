// What failed lately, of every kind, with its cause.

import { ago } from "../core/ago.js";
import { element, fold } from "../core/elements.js";
import { titleOf } from "../core/kinds.js";
import { nameOf } from "../core/operations.js";
import { sentence } from "../core/words.js";

const SHOWN = 3;

/** The last failures, the newest first. */
export function failures({ operations }) {
  if (!operations) return null;
  return (operations.failures ?? []).map((run) => {
    const result = run.result ?? {};
    const cause = result.cause || result.message || run.message || "";
    return { id: run.id, title: titleOf(run, nameOf(run)), at: run.ended && Math.round(run.ended), cause, advice: result.advice ?? "", url: run.url };
  });
}

/** The list of them. */
export function showFailures(list) {
  if (!list) return element("p", { class: "quiet" }, "Looking…");
  if (!list.length) return element("p", { class: "quiet" }, "Nothing has failed.");
  const rest = list.slice(SHOWN);
  const lines = (some) => element("ul", { class: "failures" }, some.map(line));
  return element("div", { class: "card" }, lines(list.slice(0, SHOWN)), rest.length ? fold("more-failures", `${rest.length} earlier`, lines(rest)) : null);
}

function line({ id, title, at, cause, advice, url }) {
  const about = { href: url, target: "_blank", rel: "noopener", "data-focus": `failure-${id}`, "aria-label": `Details in Prefect: ${title}` };
  const link = url ? element("a", about, "Details in Prefect") : null;
  return element(
    "li",
    {},
    element("p", {}, element("strong", {}, title), element("span", { class: "quiet" }, at ? [" ", ago(at)] : null, link ? [" · ", link] : null)),
    cause ? element("p", {}, sentence(cause)) : null,
    advice ? element("p", { class: "quiet" }, "What to do: ", advice) : null,
  );
}
