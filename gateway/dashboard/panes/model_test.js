// Asking the loaded model one thing: its answer as it comes, how soon it began and how fast it wrote.

import { button, element, field } from "../core/elements.js";
import { Chat } from "./model_chat.js";
import { openSheet } from "./model_sheet.js";

const QUESTION = "Say in one sentence who you are.";

/** Show the test of a model that is loaded. */
export function showTest(model) {
  const question = element("input", { type: "text", value: QUESTION, required: true, maxLength: 2000 });
  const thinking = element("p", { class: "quiet thinking" });
  const answer = element("p", { class: "answer", role: "region", "aria-label": "Answer" });
  const said = element("p", { class: "quiet", role: "status" });
  const send = element("button", { type: "submit", class: "main" }, "Ask it");
  const stop = button("Stop", () => chat?.stop(), { hidden: true });
  const form = element("form", { class: "test" }, field("Your question", question), element("div", { class: "actions" }, stop, send));
  let chat = null;
  form.onsubmit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    stop.hidden = false;
    for (const place of [thinking, answer, said]) place.replaceChildren();
    chat = new Chat(model.served, question.value);
    said.textContent = "Waiting for its first word…";
    said.textContent = await ending(chat, thinking, answer, said);
    send.disabled = false;
    stop.hidden = true;
  };
  const lead = element("p", { class: "quiet" }, "It is asked over the same way as by applications. Nothing is changed, and nothing is kept.");
  const dialog = openSheet(`Test ${model.title}`, lead, form, thinking, answer, said);
  dialog.addEventListener("close", () => chat?.stop());
  question.focus();
  form.requestSubmit();
}

async function ending(chat, thinking, answer, said) {
  try {
    await chat.read(({ words, thoughts }) => {
      if (said.textContent) said.textContent = "";
      thinking.textContent = thoughts && !words ? `It thinks: …${thoughts.slice(-160)}` : "";
      answer.textContent = words;
    });
  } catch (error) {
    return error.name === "AbortError" ? "Stopped." : error.message;
  }
  return numbers(chat);
}

function numbers({ firstMs, tokens, perSecond, words, thoughts }) {
  if (firstMs === null) return "It answered with nothing.";
  const first = `First word after ${(firstMs / 1000).toLocaleString([], { maximumFractionDigits: 1, minimumFractionDigits: 1 })} seconds`;
  const speed = perSecond ? `, ${Math.round(perSecond)} tokens a second (${tokens} in all)` : "";
  const only = !words && thoughts ? " It only thought: the answer was cut at its end." : "";
  return `${first}${speed}.${only}`;
}
