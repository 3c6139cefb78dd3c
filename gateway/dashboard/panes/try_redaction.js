// Redaction: a text without what is private in it, what was found, and the way back.

import { ask, path } from "../core/api.js";
import { badge, button, element, field } from "../core/elements.js";
import { count } from "../core/words.js";
import { TryCard, askJson } from "./try_card.js";

const EXAMPLE = "Dear Dr. Maria Keller, your invoice goes to maria.keller@example.com.\nCall me at +49 30 1234567, IBAN DE89 3704 0044 0532 0130 00.";
const TOKEN = /(\[[A-Z_]+_\d+[A-Z]?\])/;

const WORDS =
  "What is private in a text is replaced by marks before it goes to a model outside. Here nothing leaves the house: " +
  "the text goes to the gateway only, and what stands for what is forgotten when you press Forget or leave this page.";

const TYPES = {
  PERSON: "name",
  EMAIL: "mail address",
  PHONE: "telephone number",
  ADDRESS: "address",
  DOB: "date of birth",
  USERNAME: "user name",
  NATIONAL_ID: "national number",
  TAX_ID: "tax number",
  PASSPORT: "passport number",
  DRIVER_LICENCE: "driving licence",
  MEDICAL_ID: "medical number",
  IBAN: "bank account",
  CARD: "card number",
  ACCOUNT: "account number",
  CRYPTO: "crypto wallet",
  IP: "network address",
  MAC: "hardware address",
  VEHICLE: "number plate",
  SECRET: "password or key",
  URL_TOKEN: "key in a link",
  ID: "number",
  CODE: "code",
  KNOWN: "known person",
  LITERAL: "text that looks like a mark",
};

/** The card. */
export function redactionCard() {
  const work = new Redacting();
  const card = new TryCard({
    title: "Redaction",
    words: WORDS,
    send: "Redact",
    fields: [field("A text", work.text)],
    results: [work.result],
    act: ({ signal }) => work.scrub(signal),
  });
  work.card = card;
  const forget = () => work.forget();
  addEventListener("pagehide", forget);
  card.leave = () => {
    removeEventListener("pagehide", forget);
    card.stop();
    forget();
  };
  return card;
}

class Redacting {
  constructor() {
    this.text = element("textarea", { required: true, maxLength: 100000, rows: 4, value: EXAMPLE });
    this.result = element("div", { class: "rows" });
    this.task = null;
  }

  async scrub(signal) {
    await this.forget();
    const told = await (await askJson("/scrub", { text: this.text.value }, signal)).json();
    this.task = told.task_id;
    this.show(told);
    return told.entities.length ? `${count(told.entities.length, "place")} redacted.` : "Nothing private was found.";
  }

  show({ text, counts, complete }) {
    this.back = element("div", { role: "status" });
    this.marked = element("textarea", { rows: 4, value: text });
    const found = Object.entries(counts ?? {});
    const marks = text.split(TOKEN).map((part) => (TOKEN.test(part) ? element("mark", {}, part) : part));
    this.result.replaceChildren(
      complete === false ? element("p", { class: "why" }, "Not every way of searching could be used: something may be left in it.") : "",
      element("p", { class: "words redacted", role: "region", "aria-label": "Redacted text" }, marks),
      found.length ? element("p", { class: "kinds" }, found.map(([type, many]) => badge(`${TYPES[type] ?? type}: ${many}`))) : "",
      field("An answer with these marks, such as a model outside would give", this.marked),
      element(
        "div",
        { class: "actions" },
        button("Forget", () => this.end(), { "data-focus": "try-forget" }),
        button("Put the originals back", () => this.restore(), { "data-focus": "try-restore" }),
      ),
      this.back,
    );
  }

  async restore() {
    try {
      const told = await (await askJson("/rehydrate", { task_id: this.task, text: this.marked.value })).json();
      const unknown = told.unknown?.length ? ` Not given out by this task: ${told.unknown.join(", ")}.` : "";
      this.back.replaceChildren(element("p", { class: "words redacted" }, told.text), element("p", { class: "quiet" }, `${count(told.restored, "mark")} put back.${unknown}`));
    } catch (error) {
      this.back.replaceChildren(element("p", { class: "fault" }, error.message));
    }
  }

  async end() {
    await this.forget();
    this.result.replaceChildren();
    this.card.say("Forgotten: these marks cannot be put back any more.");
    this.text.focus();
  }

  // A task that is gone already is what was wanted.
  async forget() {
    const task = this.task;
    this.task = null;
    if (task) await ask(path("scrub", task), { method: "DELETE", keepalive: true }).catch(() => {});
  }
}
