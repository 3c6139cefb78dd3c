// What the gateway says now, topic by topic, kept up to date while somebody looks at this tab.

import { Stream } from "./stream.js";

const STILL_HERE_MS = 20000;
const listeners = new Map(); // topic → set of functions
const newest = new Map(); // topic → { data, error, at, received }
const linkListeners = new Set();
let live = null; // null: not known yet

const want = connect((message) => {
  if ("live" in message) return setLive(message.live);
  newest.set(message.topic, message);
  setLive(true);
  for (const listener of listeners.get(message.topic) ?? []) listener(message.data, message);
});

/**
 * Listen to a topic: `listener(data, { at, received, error })`, at once with what is known and at each change.
 * `data` is the answer of the topic's GET, or null with `error` in words. Gives a function that ends it.
 */
export function watch(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(listener);
  follow();
  if (newest.has(topic)) listener(newest.get(topic).data, newest.get(topic));
  return () => {
    listeners.get(topic).delete(listener);
    if (!listeners.get(topic).size) {
      listeners.delete(topic);
      newest.delete(topic);
    }
    follow();
  };
}

/** What a topic said last, of those that are listened to; null before its first word. */
export const latest = (topic) => newest.get(topic)?.data ?? null;

/** Listen to whether the gateway is in touch: true, false, or null before the first word. */
export function watchLink(listener) {
  linkListeners.add(listener);
  listener(live);
  return () => linkListeners.delete(listener);
}

/** Whether what is shown is up to date. */
export const isLive = () => live === true;

function setLive(now) {
  if (now === live) return;
  live = now;
  for (const listener of linkListeners) listener(live);
}

function follow() {
  // Panes change several topics at once: one message for all of them.
  clearTimeout(follow.timer);
  follow.timer = setTimeout(() => want(document.hidden ? [] : [...listeners.keys()]), 0);
}

function connect(tell) {
  if (typeof SharedWorker === "undefined") {
    const stream = new Stream(tell);
    return (topics) => stream.want(topics);
  }
  const worker = new SharedWorker("/dashboard/core/changes_worker.js", { type: "module", name: "changes" });
  worker.port.onmessage = ({ data }) => tell(data);
  return (topics) => worker.port.postMessage({ topics });
}

document.addEventListener("visibilitychange", follow);
addEventListener("pagehide", () => want([]));
addEventListener("pageshow", follow);
setInterval(() => !document.hidden && follow(), STILL_HERE_MS);
