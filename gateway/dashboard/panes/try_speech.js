// Text to speech: a text, a voice, and the sound to listen to.

import { element, field } from "../core/elements.js";
import { TryCard, answerOf, askJson, seconds, whyDown } from "./try_card.js";

const USUAL = ["", "The usual voice"];

/** The card. */
export function speechCard() {
  const text = element("textarea", { required: true, maxLength: 5000, rows: 3, value: "Good morning. This is the voice of the house." });
  const voice = element("select", {}, option(USUAL));
  const sound = element("audio", { controls: true, hidden: true, "aria-label": "What was spoken" });
  let url = null;
  const forget = () => {
    sound.pause();
    sound.removeAttribute("src");
    sound.hidden = true;
    if (url) URL.revokeObjectURL(url);
    url = null;
  };
  let listed = false;
  const card = new TryCard({
    title: "Text to speech",
    words: "Write something and hear it.",
    send: "Speak",
    fields: [field("What to say", text), field("Voice", voice)],
    results: [sound],
    down: (status) => {
      const why = whyDown(status, "tts", "speech");
      if (!why && !listed) {
        listed = true;
        listVoices(voice).catch(() => (listed = false));
      }
      return why;
    },
    act: async ({ signal, say }) => {
      forget();
      say("Speaking…");
      const began = performance.now();
      const body = { input: text.value, response_format: "wav", ...(voice.value ? { voice: voice.value } : {}) };
      const answer = await askJson("/v1/audio/speech", body, signal);
      url = URL.createObjectURL(await answer.blob());
      sound.src = url;
      sound.hidden = false;
      sound.play().catch(() => {}); // a browser may want a press on its own button first
      return `Ready after ${seconds(performance.now() - began)}.`;
    },
  });
  const leave = card.leave.bind(card);
  card.leave = () => {
    leave();
    forget();
  };
  return card;
}

const option = ([value, words]) => element("option", { value }, words);

async function listVoices(select) {
  const { voices } = await (await answerOf("/v1/audio/voices")).json();
  const found = (voices ?? []).map((voice) => (typeof voice === "string" ? [voice, voice] : [voice.id ?? voice.name, words(voice)]));
  select.replaceChildren(...[USUAL, ...found.filter(([id]) => id)].map(option));
}

const words = ({ id, name, language }) => `${name ?? id}${language ? ` (${language})` : ""}`;
