// A question to a model, or a conversation so far, and its answer as a stream.

import { Refused } from "../core/api.js";

const MOST_TOKENS = 400;

/**
 * What it is asked, a question or the messages so far, and what came of it.
 *
 * `words`, `thoughts` what it said and thought; `firstMs` until its first token, null before; `tokens`, `perSecond` at the end.
 */
export class Chat {
  constructor(model, asked, mostTokens = MOST_TOKENS) {
    const messages = typeof asked === "string" ? [{ role: "user", content: asked }] : asked;
    this.body = { model, messages, max_tokens: mostTokens, stream: true, stream_options: { include_usage: true } };
    this.aborting = new AbortController();
    this.words = "";
    this.thoughts = "";
    this.firstMs = null;
    this.tokens = 0;
    this.perSecond = null;
  }

  stop() {
    this.aborting.abort();
  }

  /** Read to the end; `tell(this)` at each piece. Throws `Refused` in the gateway's words, `AbortError` after `stop`. */
  async read(tell) {
    const began = performance.now();
    const answer = await this.ask();
    if (!answer.ok) throw await refused(answer);
    let pieces = 0;
    for await (const data of events(answer.body)) {
      if (data.error) throw new Refused(data.error.message ?? "The answer broke off.", 0, data);
      pieces += this.take(data, began);
      tell(this);
    }
    this.tokens ||= pieces;
    const seconds = (performance.now() - began - (this.firstMs ?? 0)) / 1000;
    this.perSecond = this.tokens > 1 && seconds > 0 ? (this.tokens - 1) / seconds : null;
  }

  async ask() {
    const { signal } = this.aborting;
    try {
      return await fetch("/v1/chat/completions", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(this.body), signal });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused("The gateway does not answer. Is it running?", 0);
    }
  }

  take({ choices, usage }, began) {
    const delta = choices?.[0]?.delta ?? {};
    const thought = delta.reasoning_content ?? delta.reasoning ?? "";
    const word = delta.content ?? "";
    if ((thought || word) && this.firstMs === null) this.firstMs = performance.now() - began;
    this.thoughts += thought;
    this.words += word;
    this.tokens = usage?.completion_tokens ?? this.tokens;
    return thought || word ? 1 : 0;
  }
}

async function refused(answer) {
  const data = await answer.json().catch(() => null);
  return new Refused(data?.error?.message ?? `The model answered with status ${answer.status}.`, answer.status, data);
}

/** The JSON of each event of an event stream. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = `${rest}${value}`.split(/\r?\n\r?\n/);
    rest = parts.pop();
    for (const part of parts) {
      const text = part.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
      if (text && text !== "[DONE]") yield JSON.parse(text);
    }
  }
}
