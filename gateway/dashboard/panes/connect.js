// How applications reach what this house offers: addresses, ready lines to copy, keys, and webhooks.

import { watch } from "../core/changes.js";
import { badge, copyable, draw, element, fold } from "../core/elements.js";
import { offers, pythonLines } from "./connect_lines.js";
import { mountWebhooks } from "./webhooks.js";

export const pane = { mount };

const KEYS = [
  ["For an application", 'make keys ARGS="add phone"'],
  ["For the owner, with the dashboard", 'make keys ARGS="add owner --scope inference --scope control"'],
  ["See them", "make keys"],
  ["Take one back", 'make keys ARGS="revoke phone"'],
];

function mount(place) {
  const base = element("div", { class: "card stacked" }, element("p", { class: "quiet" }, "Looking…"));
  const lines = element("div", { class: "section" });
  const webhooks = element("section", { class: "section", "aria-labelledby": "webhooks-title" });
  place.append(base, lines, keys(), webhooks);
  const ends = [
    watch("endpoints", (document, { error }) => {
      if (!document) return draw(base, { error }, () => element("p", { class: "fault" }, error));
      draw(base, document.chat, () => start(document));
      draw(lines, document, () => offers(document, location.origin).map(offer));
    }),
    mountWebhooks(webhooks),
  ];
  return () => ends.forEach((end) => end());
}

function start({ chat }) {
  const { origin, hostname } = location;
  const here = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  return [
    element("h3", {}, "One address for every application"),
    line("Base URL", `${origin}/v1`),
    chat.model ? line("Model name", chat.model) : element("p", { class: "quiet" }, "No model is loaded now; its name stands here once one is."),
    line("API key", "none"),
    element("p", { class: "quiet" }, "Any word will do as the API key while no keys have been made. Leave the model out, or name the loaded one, to talk to whatever is loaded."),
    here ? element("p", { class: "why" }, `“${hostname}” means this very machine. On another one, write this controller’s address in its place.`) : null,
    fold("python", "In Python", element("p", { class: "quiet" }, "With OpenAI’s own client (pip install openai):"), block(pythonLines(chat, origin), "the Python lines")),
  ];
}

function offer({ title, words, ready, curl, more = [] }) {
  return element(
    "article",
    { class: "card stacked offer" },
    element("h3", {}, title, " ", readiness(ready)),
    element("p", { class: "quiet" }, words),
    ...more.map(([name, text]) => line(name, text, `${name}: ${title}`)),
    curl ? block(curl, `the curl line: ${title}`) : null,
  );
}

function readiness(ready) {
  if (ready === undefined) return null;
  if (ready === null) return badge("not known yet");
  return ready ? badge("ready", "good") : badge("not ready", "warm");
}

function line(name, text, label = name) {
  return element("div", { class: "line" }, element("span", { class: "quiet" }, name), copyable(text, label));
}

const block = (text, name) => element("div", { class: "block" }, copyable(text, name));

function keys() {
  return element(
    "section",
    { class: "card stacked", "aria-labelledby": "keys-title" },
    element("h3", { id: "keys-title" }, "Keys"),
    element("p", {}, "Without any key the gateway answers everyone who reaches it. From the first key on, every request needs one. Make the owner’s first: without it nobody gets into this page."),
    element("p", { class: "quiet" }, "Keys are made on the controller, in the folder of Spark Control; each is shown once."),
    ...KEYS.map(([name, text]) => line(name, text)),
    element("p", { class: "quiet" }, "A browser asks for it: any user name, the key as the password."),
  );
}
