// The frame of a card to try a service out: what it is for, whether its service is there, and one request at a time.

import { Refused } from "../core/api.js";
import { watch } from "../core/changes.js";
import { button, element } from "../core/elements.js";

/**
 * A card with a form.
 *
 * `title`, `words` what it is for; `send` the words of its button; `down(status)` why it cannot work now, null when it can;
 * `fields`, `results` elements; `act({ signal, say })` does it and gives the last words, or throws.
 */
export class TryCard {
  constructor({ title, words, send, fields, results, down, act, actions = [] }) {
    this.act = act;
    this.aborting = null;
    this.why = element("p", { class: "why", role: "status" });
    this.said = element("p", { class: "quiet last-words", role: "status" });
    this.fault = element("p", { class: "fault", role: "alert", hidden: true });
    this.sendButton = element("button", { type: "submit", class: "main", disabled: true, "data-focus": `try-${title}` }, send);
    this.stopButton = button("Stop", () => this.stop(), { hidden: true, "aria-label": `Stop: ${title}` });
    const buttons = element("div", { class: "actions" }, actions, this.stopButton, this.sendButton);
    const form = element("form", { class: "rows", onsubmit: (event) => this.run(event) }, fields, buttons);
    const head = [element("h3", {}, title), element("p", { class: "quiet" }, words)];
    this.place = element("section", { class: "card try-card", "aria-label": title }, head, this.why, form, this.fault, this.said, results);
    this.unwatch = down ? watch("status", (status) => status && this.show(down(status))) : () => this.show(null);
    if (!down) this.show(null);
  }

  show(why) {
    this.isDown = why !== null;
    if (this.why.textContent !== (why ?? "")) this.why.textContent = why ?? "";
    this.sendButton.disabled = this.isDown || this.aborting !== null;
  }

  async run(event) {
    event.preventDefault();
    const aborting = (this.aborting = new AbortController());
    this.fault.hidden = true;
    this.busy(true);
    try {
      this.say((await this.act({ signal: aborting.signal, say: (...words) => this.say(...words) })) ?? "");
    } catch (error) {
      const stopped = aborting.signal.aborted || error.name === "AbortError";
      this.say(stopped ? "Stopped." : "");
      if (!stopped) this.fail(error.message);
    }
    this.aborting = null;
    this.busy(false);
  }

  busy(on) {
    const wasStop = document.activeElement === this.stopButton;
    this.sendButton.disabled = on || this.isDown;
    if (wasStop && !on) this.sendButton.focus();
    this.stopButton.hidden = !on;
  }

  say(...words) {
    this.said.replaceChildren(...words);
  }

  fail(words) {
    this.fault.textContent = words;
    this.fault.hidden = false;
  }

  stop() {
    this.aborting?.abort();
  }

  leave() {
    this.unwatch();
    this.stop();
  }
}

/** Why the services of a kind cannot be used now, in words; null when one answers. */
export function whyDown(status, kind, called) {
  const all = status.services.filter((service) => service.kind === kind);
  if (!all.length) return `There is no service for ${called} in this house. One can be added under Services.`;
  if (all.some(({ up }) => up !== false)) return null;
  return `The service for ${called} is down: ${all[0].why || "it does not answer"}. It can be started under Services.`;
}

/** An answer of the hot path that took as long as it takes; throws `Refused` in the gateway's or the service's words. */
export async function answerOf(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The gateway does not answer. Is it running?", 0);
  }
  if (answer.ok) return answer;
  const data = await answer.json().catch(() => null);
  throw new Refused(messageIn(data) ?? `The service answered with status ${answer.status}.`, answer.status, data);
}

/** JSON to a path of the hot path. */
export const askJson = (path, body, signal) => answerOf(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal });

// Services word their errors in several ways.
function messageIn(data) {
  const found = data?.error?.message ?? data?.error ?? data?.detail?.message ?? data?.detail ?? data?.message;
  return typeof found === "string" ? found : null;
}

/** Seconds with one digit: "0.4 seconds". */
export const seconds = (ms) => `${(Math.max(100, ms) / 1000).toLocaleString([], { minimumFractionDigits: 1, maximumFractionDigits: 1 })} seconds`;
