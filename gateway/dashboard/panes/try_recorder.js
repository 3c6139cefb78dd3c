// The microphone, where the browser allows it: it records until it is told to stop.

import { ago } from "../core/ago.js";
import { button, element } from "../core/elements.js";

const LONGEST_MS = 600000;

/** Why this browser gives no microphone here, in words; null when it does. */
export function whyNoMicrophone() {
  if (!window.isSecureContext) return "The microphone works only where this page is opened by https, or on the controller itself; choose a file instead.";
  if (!navigator.mediaDevices?.getUserMedia || typeof MediaRecorder === "undefined") return "This browser has no way to record; choose a file instead.";
  return null;
}

/** Two buttons to record by; `recorded(file)` is told what came of it. */
export class Recorder {
  constructor(recorded) {
    this.recorded = recorded;
    this.recorder = null;
    this.said = element("p", { class: "quiet", role: "status" });
    this.begin = button("Record", () => this.start(), { "data-focus": "try-record" });
    this.end = button("End the recording", () => this.stop(), { hidden: true, "data-focus": "try-record-end" });
    const why = whyNoMicrophone();
    this.place = element("div", { class: "recorder" }, why ? element("p", { class: "quiet" }, why) : [this.begin, this.end, this.said]);
  }

  async start() {
    this.begin.disabled = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      this.left ? end(stream) : this.record(stream);
    } catch (error) {
      this.said.textContent = error.name === "NotAllowedError" ? "The browser was not allowed to use the microphone." : `No microphone can be used: ${error.message}`;
    }
    this.begin.disabled = false;
  }

  record(stream) {
    const parts = [];
    const recorder = (this.recorder = new MediaRecorder(stream));
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = () => {
      clearTimeout(this.timer);
      end(stream);
      this.show(false);
      if (!this.left) this.recorded(new File(parts, nameOf(recorder.mimeType), { type: recorder.mimeType }));
    };
    recorder.start();
    this.timer = setTimeout(() => this.stop(), LONGEST_MS);
    this.show(true);
  }

  show(on) {
    this.begin.hidden = on;
    this.end.hidden = !on;
    (on ? this.end : this.begin).focus();
    this.said.replaceChildren(...(on ? ["Recording: ", ago(Date.now() / 1000, "clock")] : []));
  }

  stop() {
    if (this.recorder?.state === "recording") this.recorder.stop();
  }

  leave() {
    this.left = true;
    this.stop();
  }
}

function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}

const nameOf = (kind) => `recording.${kind.includes("mp4") ? "m4a" : kind.includes("ogg") ? "ogg" : "webm"}`;
