// Speech to text: a file or the microphone, and what was said, by whom where the gateway tells speakers apart.

import { ago } from "../core/ago.js";
import { element, field } from "../core/elements.js";
import { clock } from "../core/words.js";
import { TryCard, answerOf, seconds, whyDown } from "./try_card.js";
import { Recorder } from "./try_recorder.js";

const SPEAKERS_PATH = "/api/audio/transcribe-with-speakers";
const TEXT_PATH = "/v1/audio/transcriptions";

/** The card. */
export function transcriptionCard() {
  const file = element("input", { type: "file", accept: "audio/*,video/mp4,video/webm", required: true });
  const speakers = element("input", { type: "checkbox", id: "try-speakers" });
  const choice = element("div", { class: "choice", hidden: true }, speakers, element("label", { for: speakers.id }, "Tell the speakers apart"));
  const result = element("div", { class: "heard", role: "region", "aria-label": "What was said", tabIndex: 0, hidden: true });
  const recorder = new Recorder((recording) => {
    const files = new DataTransfer();
    files.items.add(recording);
    file.files = files.files;
  });
  const card = new TryCard({
    title: "Speech to text",
    words: "Choose a recording, or speak, and read what was said.",
    send: "Write down",
    fields: [field("Recording", file), recorder.place, choice],
    results: [result],
    down: (status) => whyDown(status, "stt", "speech to text"),
    act: async ({ signal, say }) => {
      result.hidden = true;
      const began = Date.now();
      say("Listening: ", ago(began / 1000, "clock"));
      const heard = await transcribe(file.files[0], speakers.checked, signal);
      result.replaceChildren(...shown(heard));
      result.hidden = false;
      return `Done after ${seconds(Date.now() - began)}.`;
    },
  });
  offerSpeakers(choice);
  const leave = card.leave.bind(card);
  card.leave = () => {
    recorder.leave();
    leave();
  };
  return card;
}

// Asked without doing anything: a gateway that cannot tell speakers apart answers 404.
async function offerSpeakers(choice) {
  const answer = await fetch(SPEAKERS_PATH, { method: "OPTIONS" }).catch(() => null);
  choice.hidden = !answer?.ok;
}

async function transcribe(file, withSpeakers, signal) {
  const body = new FormData();
  body.append("response_format", "json");
  body.append("file", file, file.name);
  return (await answerOf(withSpeakers ? SPEAKERS_PATH : TEXT_PATH, { method: "POST", body, signal })).json();
}

/** What was said: piece by piece with its speaker, or one text; and what a reader has to know of it. */
function shown({ text, segments, warnings }) {
  const spoken = segments?.some(({ speaker }) => speaker !== undefined) ? segments.map(piece) : [];
  const words = spoken.length ? spoken : [element("p", { class: "words" }, text || "Nothing was heard.")];
  return [...(warnings ?? []).map((line) => element("p", { class: "why" }, line)), ...words];
}

function piece({ speaker, start_ms: start, text }) {
  const when = Number.isFinite(start) ? ` ${clock(start / 1000)}` : "";
  return element("p", { class: "words" }, element("strong", {}, speaker ?? "Nobody knows who"), element("span", { class: "quiet" }, when), element("br"), text ?? "");
}
