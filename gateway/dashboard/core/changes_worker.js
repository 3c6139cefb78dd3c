// Shared by all tabs of this browser: one connection to the gateway, whatever number of tabs looks at it.

import { Stream } from "./stream.js";

const FORGOTTEN_MS = 60000;
const tabs = new Map(); // port of a tab → { topics, heard }
const newest = new Map(); // topic → the last change told
let live = null; // not known yet

const stream = new Stream((message) => {
  if ("live" in message) live = message.live;
  else newest.set(message.topic, message);
  for (const [port, tab] of tabs) {
    if ("live" in message || tab.topics.includes(message.topic)) port.postMessage(message);
  }
});

self.onconnect = ({ ports: [port] }) => {
  tabs.set(port, { topics: [], heard: Date.now() });
  port.onmessage = ({ data }) => want(port, data.topics);
};

function want(port, topics) {
  const before = tabs.get(port)?.topics ?? [];
  tabs.set(port, { topics, heard: Date.now() });
  if (topics.length && live !== null) port.postMessage({ live });
  for (const topic of topics) {
    if (!before.includes(topic) && live && newest.has(topic)) port.postMessage(newest.get(topic));
  }
  follow();
}

function follow() {
  const wanted = [...tabs.values()].flatMap((tab) => tab.topics);
  for (const topic of newest.keys()) if (!wanted.includes(topic)) newest.delete(topic);
  stream.want(wanted);
}

// A tab that crashed says no goodbye.
setInterval(() => {
  for (const [port, tab] of tabs) if (tab.heard < Date.now() - FORGOTTEN_MS) tabs.delete(port);
  follow();
}, FORGOTTEN_MS / 2);
