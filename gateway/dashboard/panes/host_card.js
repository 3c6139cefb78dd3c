// One host: how it is, what it does, how it was, and its keys.

import { ago, momentOf } from "../core/ago.js";
import { path, post } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { changeButton } from "../core/change_button.js";
import { dot, draw, element, facts, fold, table } from "../core/elements.js";
import { follow } from "../core/operations.js";
import { about, bytes, count, gigabytes, sentence } from "../core/words.js";
import { barsOf } from "./host_bars.js";
import { HostHistory } from "./host_history.js";
import { HostKeys } from "./host_keys.js";
import { conditionOf, linkWords, loadWords, speedWords } from "./host_words.js";
import { containerWords } from "./service_words.js";

/** The card of one host; what changes often is drawn apart from what a hand may be on. */
export class HostCard {
  constructor(name) {
    this.name = name;
    this.head = element("div", { class: "card-head" });
    this.age = element("div");
    this.actions = element("div", { class: "actions" });
    this.bars = element("div");
    this.facts = element("div");
    this.lists = element("div", { class: "lists" });
    this.history = new HostHistory(name);
    this.keys = new HostKeys(name);
    this.place = element("article", { class: "card tile host" }, this.head, this.age, this.actions, this.bars, this.facts, this.history.place, this.lists, this.keys.place);
    this.place.dataset.host = name;
  }

  /** Show what is known of it; `waking`: a run is at it. */
  take(host, { received }, waking) {
    const seen = momentOf(host.age_seconds, { received });
    const looked = momentOf(host.looked_seconds, { received });
    const { name, state, why, findings, memory } = host;
    this.history.total = memory.total;
    draw(this.head, { name, condition: conditionOf(host), why, findings, alert: memory.why }, head);
    draw(this.age, { old: state !== "well" && seen !== null, seen, looked }, age);
    draw(this.actions, { state, waking }, (now) => this.buttons(now));
    draw(this.bars, { memory, disk: host.disk, facts: { gpu: host.facts.gpu } }, barsOf);
    draw(this.facts, { host: { ...host, age_seconds: null, looked_seconds: null }, seen }, factsOf);
    draw(this.lists, { name, processes: host.facts.gpu_processes ?? [], containers: host.facts.containers ?? [] }, lists);
  }

  /** End what it still asks. */
  leave() {
    this.history.close();
  }

  buttons({ state, waking }) {
    if (!["unreachable", "unknown"].includes(state)) return [];
    const why = waking ? `Waking ${this.name} goes on just now` : null;
    return changeButton("Wake it", () => wake(this.name), { why, label: `Wake ${this.name}` });
  }
}

async function wake(name) {
  const run = await askFirst({
    title: `Wake ${name}?`,
    rows: [
      ["Does", "Sends the signal that switches a sleeping machine on, from the other hosts and then from the controller, and waits until it answers."],
      ["Stops", "Nothing."],
      ["Takes", "A minute or two."],
      ["If it fails", "The machine is without power, or does not listen for the signal: press its button."],
    ],
    yes: "Wake it",
    act: () => post(path("api", "hosts", name, "wake"), {}),
  });
  if (run) await follow(run);
}

function head({ name, condition: [kind, words, meaning], why, findings, alert }) {
  return [
    element("h3", {}, dot(kind, words), name),
    element("p", { class: `state ${kind}`, role: "status" }, words),
    meaning ? element("p", {}, meaning) : null,
    why ? element("p", { class: "fault" }, `${sentence(why)}`) : null,
    [alert, ...findings].filter(Boolean).map((line) => element("p", { class: "why" }, sentence(line))),
  ];
}

function age({ old, seen, looked }) {
  const words = seen === null ? "Never seen well" : [old ? "What stands below is from " : "Seen ", ago(seen)];
  return element("p", { class: old ? "age stale" : "age" }, words, old && looked !== null ? [", last tried ", ago(looked)] : null);
}

function factsOf({ host: { address, memory, disk, facts: known }, seen }) {
  const gpu = known.gpu ?? {};
  const booted = known.uptime_seconds === null || seen === null ? null : Math.round((seen - known.uptime_seconds) / 60) * 60;
  const root = disk.root_total && disk.root_total !== disk.total ? `${gigabytes(disk.root_free)} of ${gigabytes(disk.root_total)} free` : null;
  return [
    facts([
      ["On for", booted === null ? null : [ago(booted, "for")]],
      ["Load", loadWords(known.load)],
      ["Memory held for the GPU", memory.gpu === null ? null : memory.gpu ? gigabytes(memory.gpu) : "none"],
      ["Memory until the guard steps in", memory.headroom === null ? null : gigabytes(memory.headroom)],
      ["GPU speed", speedWords(gpu)],
      ["Link between the hosts", linkWords(known.links)],
      ["System disk", root],
    ]),
    fold(`more-${known.hostname}-${address}`, "Addresses and versions", facts([
      ["Address", address],
      ["Name it gives itself", known.hostname],
      ["Network card", known.lan ? [known.lan.interface, known.lan.address ? `, ${known.lan.address}` : ""].join("") : null],
      ["Card’s address (MAC)", known.mac],
      ["VPN", known.vpn ? `${known.vpn.address} (${known.vpn.interface})` : "none"],
      ["GPU", gpu.name],
      ["Driver", gpu.driver],
      ["Kernel", known.kernel],
      ...(known.links ?? []).map((link) => [`Port ${link.interface || link.adapter}`, `${link.state.toLowerCase()}${link.gigabits === null ? "" : `, ${link.gigabits} Gbit/s`}`]),
    ])),
  ];
}

function lists({ name, processes, containers }) {
  const held = processes.map(({ name: program, pid, mib, container }) => [program, container || "none", mib === null ? "not told" : bytes(mib * 1024 ** 2), String(pid)]);
  const kept = containers.map(({ name: own, state, status, restarts, image, health }) => [own, [containerWords(state), health && health !== "healthy" ? `, ${health}` : "", status ? ` (${status})` : ""].join(""), restarts === null ? "not told" : String(restarts), image]);
  return [
    held.length ? fold(`gpu-${name}`, `Who holds memory of the GPU (${held.length})`, table(`Processes on the GPU of ${name}`, ["Program", "Container", "Memory", "Process"], held)) : null,
    kept.length ? fold(`containers-${name}`, `Containers (${kept.length})`, table(`Containers on ${name}`, ["Name", "State", "Restarts by docker", "Image"], kept)) : null,
  ];
}
