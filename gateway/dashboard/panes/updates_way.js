// How a change is to be made: at once, after a look at its plan, or not at all but for the plan.

import { element, field } from "../core/elements.js";

const WAYS = {
  now: ["Do it now", { dry_run: false, approval: "none" }],
  ask: ["Show me the plan first, and wait for my go", { dry_run: false, approval: "ask" }],
  plan: ["Only say what would be done", { dry_run: true, approval: "none" }],
};

/** A field whose `values()` are `dry_run` and `approval` of the request. */
export function wayField() {
  const input = element("select", {}, Object.entries(WAYS).map(([way, [words]]) => element("option", { value: way }, words)));
  const made = field("How", input);
  made.values = () => WAYS[input.value][1];
  return made;
}
