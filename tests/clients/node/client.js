// OpenAI's Node client, as it is: `node client.js CASE BASE_URL MODEL` does one thing and prints JSON.
import OpenAI from "openai";

const [, , name, baseURL, model] = process.argv;
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: "Hello, wörld" }];

const cases = {
  async chat() {
    const answer = await client.chat.completions.create({ model, messages });
    return { text: answer.choices[0].message.content, reason: answer.choices[0].finish_reason };
  },

  async stream() {
    const options = { include_usage: true };
    const stream = await client.chat.completions.create({ model, messages, stream: true, stream_options: options });
    let text = "";
    let usage = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta?.content ?? "";
      usage = chunk.usage ?? usage;
    }
    return { text, tokens: usage.completion_tokens };
  },

  async tools() {
    const parameters = { type: "object", properties: { city: { type: "string" } } };
    const tools = [{ type: "function", function: { name: "weather", parameters } }];
    const question = { role: "user", content: "Please call weather" };
    const runner = client.chat.completions.stream({ model, messages: [question], tools });
    const [call] = (await runner.finalMessage()).tool_calls;
    const result = { role: "tool", tool_call_id: call.id, content: "Rain" };
    const more = [question, { role: "assistant", tool_calls: [call] }, result, messages[0]];
    const told = await client.chat.completions.create({ model, messages: more, tools, tool_choice: "none" });
    const { name: called, arguments: written } = call.function;
    return { called, given: JSON.parse(written), text: told.choices[0].message.content };
  },

  async embeddings() {
    const answer = await client.embeddings.create({ model: "BAAI/bge-m3", input: ["one", "two"] });
    return { sizes: answer.data.map((item) => item.embedding.length), first: answer.data[0].embedding[0] };
  },

  async speech() {
    const ask = { model: "kokoro", voice: "af_heart", input: "Hello there. And again.", response_format: "wav" };
    const sound = Buffer.from(await (await client.audio.speech.create(ask)).arrayBuffer());
    return { begins: sound.subarray(0, 4).toString(), bytes: sound.length };
  },

  async models() {
    const ids = [];
    for await (const one of client.models.list()) ids.push(one.id);
    return { ids };
  },

  async unknown() {
    const failed = await client.chat.completions.create({ model: "nobody/knows", messages }).catch((error) => error);
    return { kind: failed.constructor.name, status: failed.status, code: failed.code };
  },

  async busy() {
    const patient = client.withOptions({ maxRetries: 1 });
    const answer = await patient.chat.completions.create({ model, messages });
    return { text: answer.choices[0].message.content };
  },

  // Leaves in the middle of a stream and stays alive until it is told to end.
  async abort() {
    const stream = await client.chat.completions.create({
      model, messages, stream: true, max_tokens: 20000, ignore_eos: true,
    });
    for await (const _ of stream) break;
    stream.controller.abort();
    console.log(JSON.stringify({ left: true }));
    process.stdin.resume();
    await new Promise((resolve) => process.stdin.on("end", resolve));
    return { ended: true };
  },
};

console.log(JSON.stringify(await cases[name]()));
