// What was found of whether models would start: the newest check of each, as long as it is among the last runs.

import { ask, path } from "../core/api.js";

/** The newest checks; `changed()` is called when one more is known. */
export class Checks {
  constructor(changed) {
    this.changed = changed;
    this.results = new Map(); // run id → its result, null while it is asked for
  }

  /** Take the runs that have ended, and look up the findings of the checks among them. */
  take(ended) {
    this.newest = newestOf(ended.filter(({ kind }) => kind === "validate"));
    for (const id of this.results.keys()) if (!ended.some((run) => run.id === id)) this.results.delete(id);
    for (const run of this.newest.values()) if (!this.results.has(run.id)) this.look(run.id);
  }

  /** Of a model, by its key: `{ at, startable, findings, message }`; null when it was not checked lately. */
  of(key) {
    const run = this.newest?.get(key);
    const result = run && this.results.get(run.id);
    if (!result) return null;
    const { startable = null, findings = [], message = run.message } = result;
    return { at: run.ended, startable, findings, message };
  }

  async look(id) {
    this.results.set(id, null);
    try {
      this.results.set(id, (await ask(path("api", "runs", id))).result ?? {});
      this.changed();
    } catch {
      this.results.delete(id); // the next change of the runs asks again
    }
  }
}

function newestOf(runs) {
  const newest = new Map();
  for (const run of runs) if (!(newest.get(run.model)?.ended >= run.ended)) newest.set(run.model, run);
  return newest;
}
