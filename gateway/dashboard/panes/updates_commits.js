// Commits as people read them: what each says, how old it is, and the rest behind a fold.

import { ago } from "../core/ago.js";
import { element, fold } from "../core/elements.js";
import { count } from "../core/words.js";

const SHOWN = 3;
const MOST = 100;

/** The newest few, and the others behind a fold; null where there are none. */
export function commitList(name, commits) {
  if (!commits.length) return null;
  const rest = commits.slice(SHOWN, MOST);
  const left = commits.length - SHOWN - rest.length;
  return element(
    "div",
    {},
    list(commits.slice(0, SHOWN), name),
    rest.length ? fold(`commits-${name}`, `${count(rest.length, "more commit")}`, list(rest, name), left > 0 ? element("p", { class: "quiet" }, `and ${left} older ones`) : null) : null,
  );
}

const list = (commits, name) => element("ul", { class: "commits" }, commits.map((commit) => one(commit, name)));

function one({ id, at, subject, body }, name) {
  return element(
    "li",
    {},
    element("span", {}, subject || "(a commit without a word)"),
    element("span", { class: "quiet" }, at ? [ago(at), " · "] : null, element("code", {}, String(id).slice(0, 10))),
    body?.trim() ? fold(`commit-${name}-${id}`, "What it says", element("p", { class: "said" }, body.trim())) : null,
  );
}
