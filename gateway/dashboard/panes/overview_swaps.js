// The switches that have ended and did something, the newest first.

import { changedNothing } from "../core/kinds.js";

/** Of the answer of /api/operations. */
export const endedSwaps = (operations) => (operations?.ended ?? []).filter((run) => run.kind === "swap" && !changedNothing(run));
