// Talking to the loaded model: its answer as it is written, how soon it began and how fast it wrote.

import { latest } from "../core/changes.js";
import { button, element, field, fold } from "../core/elements.js";
import { Chat } from "./model_chat.js";
import { TryCard, seconds } from "./try_card.js";

const MOST_TURNS = 20;
const MOST_TOKENS = 2000;

/** The card. */
export function chatCard() {
  const talk = new Talk();
  return new TryCard({
    title: "Chat",
    words: "Ask the model that is loaded. It remembers this conversation until you begin anew or leave.",
    send: "Ask",
    fields: [field("Your question", talk.question)],
    results: [talk.place],
    actions: [button("Begin anew", () => talk.clear(), { "data-focus": "try-anew" })],
    down: ({ loaded, swap }) => (loaded ? null : swap ? "A model is on its way: wait until it is ready." : "No model is loaded: switch to one first."),
    act: (doing) => talk.ask(doing),
  });
}

class Talk {
  constructor() {
    this.question = element("textarea", { required: true, maxLength: 20000, rows: 3, value: "Explain in three sentences why the sky is blue." });
    this.place = element("div", { class: "talk", role: "log", "aria-label": "Conversation", tabIndex: 0 });
    this.turns = [];
    this.chat = null;
  }

  clear() {
    const { chat } = this;
    this.chat = null; // what it still says belongs to no conversation
    chat?.stop();
    this.turns = [];
    this.place.replaceChildren();
    this.question.focus();
  }

  async ask({ signal, say }) {
    const words = this.question.value.trim();
    const { served, title } = latest("status")?.loaded ?? {};
    if (!served) throw new Error("No model is loaded any more.");
    const messages = [...this.turns, { role: "user", content: words }];
    const chat = (this.chat = new Chat(served, messages, MOST_TOKENS));
    signal.addEventListener("abort", () => chat.stop());
    const turn = new Turn(words, title);
    this.place.append(turn.place);
    this.place.scrollTop = this.place.scrollHeight;
    while (this.place.children.length > MOST_TURNS / 2) this.place.firstChild.remove();
    say("Waiting for its first word…");
    try {
      await chat.read(() => {
        say();
        this.atEnd(() => turn.take(chat));
      });
    } finally {
      // An answer that was cut off belongs to what was said; a question without one does not.
      if (this.chat === chat && chat.words) this.turns = [...messages, { role: "assistant", content: chat.words }].slice(-MOST_TURNS);
      if (!chat.words && !chat.thoughts) turn.place.remove();
    }
    this.question.value = "";
    return numbers(chat);
  }

  // Who reads further up is left there.
  atEnd(take) {
    const { place } = this;
    const stays = place.scrollTop + place.clientHeight >= place.scrollHeight - 30;
    take();
    if (stays) place.scrollTop = place.scrollHeight;
  }
}

class Turn {
  constructor(words, title) {
    this.thoughts = element("p", { class: "quiet" });
    this.thinking = fold("thoughts", "What it thought first", this.thoughts);
    this.thinking.hidden = true;
    this.answer = element("p", { class: "words" });
    const asked = element("p", { class: "asked" }, element("span", { class: "unseen" }, "You: "), words);
    this.place = element("article", { class: "turn" }, asked, element("p", { class: "quiet" }, title), this.thinking, this.answer);
  }

  take({ words, thoughts }) {
    this.thinking.hidden = !thoughts;
    this.thoughts.textContent = thoughts;
    this.answer.textContent = words;
  }
}

function numbers({ firstMs, tokens, perSecond, words, thoughts }) {
  if (firstMs === null) return "It answered with nothing.";
  const speed = perSecond ? `, then ${Math.round(perSecond)} tokens (about ${Math.max(1, Math.round(perSecond * 0.75))} words) a second, ${tokens} in all` : "";
  const only = !words && thoughts ? " It only thought: the answer was cut off at its greatest length." : "";
  return `First word after ${seconds(firstMs)}${speed}.${only}`;
}
