// The new commits, explained by the loaded model as it writes.

import { changeButton } from "../core/change_button.js";
import { button, element } from "../core/elements.js";

/** A place for the explanation, and the button that asks for it. */
export class Explanation {
  constructor() {
    this.asking = null;
    this.heading = element("h4", { tabIndex: -1 }, "In plain words");
    this.state = element("p", { class: "quiet", role: "status" });
    this.fault = element("p", { class: "fault", role: "alert" });
    this.text = element("div", { class: "said", tabIndex: 0, role: "region", "aria-label": "The explanation" });
    this.end = button("Stop", () => this.stop(), { "data-focus": "explain-stop" });
    this.close = button("Close", () => this.hide(), { "data-focus": "explain-close" });
    this.place = element("div", { class: "card stacked", hidden: true }, this.heading, this.state, this.text, this.fault, element("div", { class: "actions" }, this.end, this.close));
  }

  /** The button; asking changes nothing, but takes a turn of the model. */
  button(why) {
    return changeButton("Explain", () => this.ask(), { why, focus: "explain", label: "Explain the new commits", runs: false });
  }

  async ask() {
    this.stop();
    const asking = (this.asking = new AbortController());
    this.place.hidden = false;
    this.text.textContent = "";
    this.fault.textContent = "";
    this.say("The loaded model reads the commits…", true);
    this.heading.focus();
    try {
      const answer = await fetch("/api/updates/explain", { method: "POST", signal: asking.signal });
      if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.error?.message ?? `The gateway answered with status ${answer.status}.`);
      for await (const event of events(answer.body)) this.take(event);
      this.say(this.text.textContent ? "Written by the loaded model: it may be wrong." : "The model said nothing.", false);
    } catch (error) {
      if (asking.signal.aborted) return;
      this.fault.textContent = error instanceof TypeError ? "The gateway does not answer any more." : error.message;
      this.say(this.text.textContent ? "It broke off here." : "", false);
    }
  }

  take({ name, data }) {
    if (name === "error") throw new Error(data?.error?.message ?? "The model broke off.");
    const delta = data?.choices?.[0]?.delta ?? {};
    if (delta.content) {
      this.text.append(delta.content.replaceAll("**", ""));
      this.say("The model writes…", true);
    } else if (delta.reasoning_content || delta.reasoning) this.say("The model thinks…", true);
  }

  say(words, going) {
    if (this.state.textContent !== words) this.state.textContent = words;
    this.end.hidden = !going;
    this.close.hidden = going;
  }

  /** Ask no more; what was said stays. */
  stop() {
    if (!this.asking) return;
    this.asking.abort();
    this.asking = null;
    this.say("Stopped.", false);
  }

  hide() {
    this.place.hidden = true;
    document.querySelector('[data-focus="explain"]')?.focus();
  }
}

/** The events of a stream, `{ name, data }`, to its end. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  for (;;) {
    const { value, done } = await reader.read();
    kept += (value ?? "").replaceAll("\r", "");
    const blocks = kept.split("\n\n");
    kept = done ? "" : blocks.pop();
    for (const block of blocks) {
      const event = parsed(block);
      if (event) yield event;
    }
    if (done) return;
  }
}

function parsed(block) {
  const lines = block.split("\n");
  const of = (field) => lines.filter((line) => line.startsWith(`${field}:`)).map((line) => line.slice(field.length + 1).trim()).join("\n");
  try {
    return { name: of("event"), data: JSON.parse(of("data")) };
  } catch {
    return null; // a comment, or [DONE]
  }
}
