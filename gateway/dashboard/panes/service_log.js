// The log of a service, read by a run when it is asked for, and followed line by line on demand.

import { ask, path } from "../core/api.js";
import { button, element, fold } from "../core/elements.js";
import { LogBox } from "../core/log_view.js";
import { count, moment } from "../core/words.js";

const TAIL = 200;
const WAIT_SECONDS = 15;

/** The log of one service behind a fold; nothing is read while it is closed. */
export class ServiceLog {
  constructor(name) {
    this.name = name;
    this.turn = 0;
    this.source = null;
    this.box = new LogBox(`Log of ${name}`);
    this.said = element("p", { class: "quiet", role: "status" });
    this.fault = element("p", { class: "fault", role: "alert" });
    this.again = button("Read it again", () => this.read(), { "aria-label": `Read the log of ${name} again`, class: "small" });
    this.follows = button("Follow it", () => this.toggle(), { "aria-label": `Follow the log of ${name}`, class: "small", "aria-pressed": "false" });
    const bar = element("div", { class: "actions log-actions" }, this.said, this.again, this.follows);
    this.place = fold(`log-${name}`, "Log", bar, this.fault, this.box.place);
    this.place.classList.add("log");
    this.place.addEventListener("toggle", () => (this.place.open ? this.read() : this.close()));
  }

  /** Read the last lines once. */
  async read() {
    this.close();
    const turn = this.turn;
    this.say("Reading it on its host…");
    this.again.disabled = true;
    try {
      const { lines } = await ask(`${this.url}?tail=${TAIL}&wait_seconds=${WAIT_SECONDS}`);
      if (turn === this.turn) this.show(lines);
    } catch (error) {
      if (turn === this.turn) this.say("", error.message);
    } finally {
      this.again.disabled = false;
    }
  }

  /** Stop reading and following. */
  close() {
    this.turn += 1;
    this.source?.close();
    this.source = null;
    this.showFollowing();
  }

  get url() {
    return path("api", "services", this.name, "logs");
  }

  show(lines) {
    this.box.clear();
    this.box.add(lines);
    this.box.place.scrollTop = this.box.place.scrollHeight;
    this.say(lines.length ? `The last ${count(lines.length, "line")}, read at ${moment(Date.now() / 1000)}` : "The log is empty");
  }

  toggle() {
    if (!this.source) return this.follow();
    this.close();
    this.say("No longer followed");
  }

  // A stream that broke is not opened anew: each opening is a run of its own.
  follow() {
    this.close();
    this.box.clear();
    this.say("Asking for it…");
    this.source = new EventSource(`${this.url}?tail=${TAIL}&follow=true`);
    this.source.addEventListener("log", (event) => {
      this.say("New lines come by themselves, for half an hour");
      this.box.add(JSON.parse(event.data).lines ?? []);
    });
    this.source.addEventListener("result", (event) => this.ended(JSON.parse(event.data)));
    this.source.addEventListener("error", () => this.ended({ state: "failed", message: "The log cannot be followed just now. Read it once instead." }));
    this.showFollowing();
  }

  ended({ state, message }) {
    this.close();
    this.say("No longer followed", state === "failed" ? message : "");
  }

  say(words, fault = "") {
    if (this.said.textContent !== words) this.said.textContent = words;
    this.fault.textContent = fault;
  }

  showFollowing() {
    this.follows.textContent = this.source ? "Stop following" : "Follow it";
    this.follows.setAttribute("aria-pressed", String(this.source !== null));
  }
}
