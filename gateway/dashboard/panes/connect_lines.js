// The ready lines: for each thing that is offered its address, whether it is ready, and how to call it.

const JSON_HEAD = "-H 'Content-Type: application/json'";

/** What is offered, by the endpoints document; addresses begin with `base`, as this page was reached. */
export const offers = (document, base) => [...talking(document, base), ...finding(document, base)];

function talking({ chat, audio, realtime }, base) {
  return [
    {
      title: "Chat",
      words: "Questions and answers, tools, pictures where the model sees: OpenAI’s chat completions.",
      ready: chat.ready,
      curl: posted(`${base}/v1/chat/completions`, { ...named(chat.model), messages: [{ role: "user", content: "Hello" }] }),
      more: [["For Anthropic’s clients", base]],
    },
    {
      title: "Speech",
      words: "Text to sound.",
      ready: audio.speech_ready,
      curl: `${posted(`${base}/v1/audio/speech`, { model: "tts-1", input: "Good morning.", voice: "af_heart", response_format: "wav" })} \\\n  -o morning.wav`,
      more: [["Voices", `${base}/v1/audio/voices`]],
    },
    {
      title: "Transcription",
      words: "Sound to text. The sound does not leave the house.",
      ready: audio.ready,
      curl: `curl ${base}/v1/audio/transcriptions -F model=whisper-1 -F file=@morning.wav`,
      more: realtime.ready ? [["Live, by WebSocket", `${base.replace(/^http/, "ws")}/v1/realtime`]] : [],
    },
  ];
}

function finding({ embeddings, rerank, services }, base) {
  const search = Object.entries(services).find(([, { kind }]) => kind === "qdrant");
  return [
    {
      title: "Embeddings",
      words: "Texts to numbers, to compare what they mean.",
      ready: embeddings.ready,
      curl: posted(`${base}/v1/embeddings`, { model: "bge-m3", input: ["a lamp", "a light"] }),
    },
    {
      title: "Ranking",
      words: "Texts in the order in which they answer a question.",
      ready: rerank.ready,
      curl: posted(`${base}/v1/rerank`, { model: "bge-reranker-v2-m3", query: "light", documents: ["a lamp", "a spoon"] }),
    },
    search && {
      title: "Search",
      words: "Passages of a collection that answer a question, by meaning and by words. Put one of your collections in the place of “notes”.",
      ready: search[1].ready,
      curl: posted(`${base}/api/search`, { collection: "notes", query: "who mended the roof" }),
      more: [["Collections", `${base}/api/search/collections`]],
    },
    {
      title: "Scrub",
      words: "Text without its names, numbers and addresses, before it leaves the house; /rehydrate puts them back into the answer.",
      curl: posted(`${base}/scrub`, { text: "Dear Ms Example, call +49 30 5550100." }),
    },
    {
      title: "Everything else",
      words: "Which models there are, where everything is, and figures for a monitor.",
      more: [["Models", `${base}/v1/models`], ["Endpoints", `${base}/api/endpoints`], ["Metrics", `${base}/metrics`]],
    },
  ].filter(Boolean);
}

/** A program for OpenAI's Python client. */
export function pythonLines({ model }, base) {
  return [
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${JSON.stringify(`${base}/v1`)}, api_key="none")`,
    "answer = client.chat.completions.create(",
    `    model=${JSON.stringify(model ?? "")},`,
    '    messages=[{"role": "user", "content": "Hello"}],',
    ")",
    "print(answer.choices[0].message.content)",
  ].join("\n");
}

const named = (model) => (model ? { model } : {});

const posted = (url, body) => `curl ${url} ${JSON_HEAD} \\\n  -d ${quoted(JSON.stringify(body))}`;

// One word for a POSIX shell, whatever it holds.
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
