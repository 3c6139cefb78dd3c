// The question before a download: what, how much, to which hosts and by which way.

import { post } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { element, field, fold } from "../core/elements.js";
import { bytes, listed } from "../core/words.js";
import { hostChoices, mannerChoice, select } from "./model_choices.js";
import { copiesOf } from "./model_words.js";

const WAYS = [["From the Internet once, then from host to host over the fast link", "copy"], ["Each host by itself from the Internet", "each"]];

/** Ask before a download; gives the run that was started, or null. `disks` as /api/models/disk has the hosts. */
export function askDownload(model, { disks }) {
  const copies = copiesOf(model, disks);
  const hosts = hostChoices("Onto which hosts?", disks.map((disk) => hostChoice(disk, model, copies)));
  const way = select(WAYS);
  const revision = element("input", { type: "text", autocomplete: "off", spellcheck: false });
  const manner = mannerChoice();
  const wishes = [
    disks.length > 1 ? field("Which way", way) : null,
    manner,
    field("A certain version", revision, "A branch, tag or commit on Hugging Face; blank for the newest."),
  ];
  return askFirst({
    title: `Download ${model.title}?`,
    rows: rows(model, copies, disks),
    fields: [hosts, fold("download-wishes", "More choices", element("div", { class: "fields" }, wishes))],
    yes: "Download",
    act: () => {
      const version = revision.value.trim();
      const more = { ...(version ? { revision: version } : {}), ...manner.said() };
      return post("/api/download", { repo: model.model, hosts: hosts.chosen(), way: way.value, ...more });
    },
  });
}

function hostChoice({ host, free_bytes: free }, model, copies) {
  const copy = copies.find((each) => each.host === host);
  const there = copy?.complete ? "has it already" : copy ? `has ${bytes(copy.bytes)} of it` : null;
  const room = free === null ? "its free space is not known yet" : `${bytes(free)} free`;
  const wanted = model.runs_on.length ? model.runs_on.includes(host) : true;
  return { name: host, words: [there, room].filter(Boolean).join(", "), ticked: wanted };
}

function rows(model, copies, disks) {
  const size = model.size_bytes;
  const tight = disks.filter(({ host, free_bytes: free }) => size && free !== null && free < size && !copies.some((copy) => copy.host === host));
  return [
    ["From", ["Hugging Face: ", element("code", {}, model.model)]],
    ["Size", `${size ? `About ${bytes(size)} on each host. ` : ""}It is looked up first; with too little room nothing is downloaded.`],
    ["Room", tight.length ? `${listed(tight.map(({ host }) => host))} ${tight.length > 1 ? "have" : "has"} too little: delete a model there first.` : null],
    ["Stops", "Nothing: the loaded model goes on answering."],
    ["Takes", "Minutes to hours, as the Internet connection allows. You see how far it is."],
    ["If it fails", "What is there stays; a later download goes on from there."],
  ];
}
