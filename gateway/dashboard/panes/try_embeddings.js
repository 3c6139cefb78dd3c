// Embeddings: how alike two sentences are in meaning.

import { bar, element, field } from "../core/elements.js";
import { TryCard, askJson, whyDown } from "./try_card.js";

/** The card. */
export function embeddingsCard() {
  const [one, other] = ["The cat sleeps on the sofa.", "A kitten naps on the couch."].map((value) => element("input", { type: "text", required: true, maxLength: 2000, value }));
  const result = element("div", { class: "rows" });
  return new TryCard({
    title: "Embeddings",
    words: "Two sentences, and how near they are in meaning: this is how the search finds what fits.",
    send: "Compare",
    fields: [field("One sentence", one), field("Another one", other)],
    results: [result],
    down: (status) => whyDown(status, "embeddings", "embeddings"),
    act: async ({ signal }) => {
      result.replaceChildren();
      const { data } = await (await askJson("/v1/embeddings", { input: [one.value, other.value] }, signal)).json();
      const alike = similarity(data[0].embedding, data[1].embedding);
      const words = `${Math.round(alike * 100)} of 100 alike: ${inWords(alike)}`;
      result.replaceChildren(bar(alike, words));
      return `${words}.`;
    },
  });
}

/** Cosine of the angle between two vectors, from -1 to 1; 0 where one has no length. */
export function similarity(one, other) {
  const product = (left, right) => left.reduce((sum, value, place) => sum + value * right[place], 0);
  const length = Math.sqrt(product(one, one) * product(other, other));
  return length ? product(one, other) / length : 0;
}

// The bounds of bge-m3: unrelated sentences of it seldom fall below 0.3.
function inWords(alike) {
  if (alike > 0.8) return "nearly the same";
  if (alike > 0.6) return "about the same thing";
  return alike > 0.45 ? "somewhat related" : "about different things";
}
