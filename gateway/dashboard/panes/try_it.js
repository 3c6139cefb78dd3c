// Trying the services out, as an application would: chat, speech, transcription, redaction, embeddings.

import { element } from "../core/elements.js";
import { chatCard } from "./try_chat.js";
import { embeddingsCard } from "./try_embeddings.js";
import { redactionCard } from "./try_redaction.js";
import { speechCard } from "./try_speech.js";
import { transcriptionCard } from "./try_transcription.js";

/** The pane. */
export const pane = { mount };

function mount(view) {
  const columns = [[chatCard(), redactionCard()], [transcriptionCard(), speechCard(), embeddingsCard()]];
  view.append(
    element("p", { class: "quiet" }, "Each card asks over the same addresses as applications do, and changes nothing on the hosts."),
    element("div", { class: "try-columns" }, columns.map((cards) => element("div", {}, cards.map((card) => card.place)))),
  );
  return () => {
    for (const card of columns.flat()) card.leave();
  };
}
