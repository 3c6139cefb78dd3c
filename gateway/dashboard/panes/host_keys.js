// The SSH keys of a host: the controller's, by which it is reached, and its own, by which it reaches others.

import { ago } from "../core/ago.js";
import { ask, path, post } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { changeButton } from "../core/change_button.js";
import { copyable, draw, element, facts, fold } from "../core/elements.js";
import { follow } from "../core/operations.js";

/** The keys of one host behind a fold; asked when it is opened. */
export class HostKeys {
  constructor(name) {
    this.name = name;
    this.fault = element("p", { class: "fault", role: "alert" });
    this.shown = element("div", { class: "keys" });
    this.place = fold(`keys-${name}`, "SSH keys", this.fault, this.shown);
    this.place.addEventListener("toggle", () => this.place.open && this.ask());
  }

  async ask() {
    try {
      const keys = await ask(this.url);
      this.fault.textContent = "";
      draw(this.shown, { ...keys, asked: Math.round(Date.now() / 1000) }, (now) => this.sections(now));
    } catch (error) {
      this.fault.textContent = error.message;
    }
  }

  get url() {
    return path("api", "hosts", this.name, "ssh-key");
  }

  sections({ host, user, controller, own, why, asked }) {
    const make = changeButton("Make a key", () => this.make(), { label: `Make a key for ${host}` });
    return [
      element("h4", {}, "The controller’s key"),
      element("p", { class: "quiet" }, `With it the controller logs in to ${host} as ${user}. To let it in, run this line on ${host} as ${user}, once.`),
      controller ? keyFacts(controller, asked, `the line for ${host}`) : element("p", { class: "fault" }, `Not found: ${why.join("; ")}.`),
      element("h4", {}, `The key of ${host}`),
      element("p", { class: "quiet" }, `With it ${host} logs in to others: the other hosts, to copy models over the fast link, or a git server.${own ? " Run this line where it shall be let in." : ""}`),
      own ? keyFacts(own, asked, `the line of ${host}`) : element("div", { class: "actions" }, element("p", {}, "It has none yet."), make),
    ];
  }

  async make() {
    const run = await askFirst({
      title: `Make a key for ${this.name}?`,
      rows: [
        ["Does", `Makes a key on ${this.name}, of kind ed25519. Only its public half ever leaves the machine; a key that is there already stays.`],
        ["Stops", "Nothing."],
        ["Takes", "A few seconds."],
        ["If it fails", "Nothing was changed; the run says why."],
      ],
      yes: "Make a key",
      act: () => post(this.url, {}),
    });
    if (!run) return;
    await follow(run);
    if (this.place.open) await this.ask();
  }
}

function keyFacts({ fingerprint, install, public: line, age_seconds: age }, asked, name) {
  return facts([
    ["Line to run", copyable(install, name)],
    ["Fingerprint", element("code", {}, fingerprint)],
    ["Public key", fold(`public-${name}`, "Show", element("code", {}, line))],
    ["Seen", ago(asked - Math.round(age))],
  ], "facts key-facts");
}
