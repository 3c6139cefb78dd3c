# /// script
# requires-python = ">=3.11,<3.15"
# dependencies = ["litellm>=1.106"]
# ///
"""litellm as a client, in an environment of its own: it asks for an older openai than the newest.

`litellm_client.py BASE_URL MODEL` does every case and prints one JSON object.
"""

import json
import sys

import litellm

URL, MODEL = sys.argv[1:]
HERE = {"api_base": URL, "api_key": "none", "max_retries": 0}
litellm.suppress_debug_info = True  # it would print advice beside our answer
HELLO = [{"role": "user", "content": "Hello, wörld"}]


def complete(model: str = MODEL, messages=HELLO, **fields):
    return litellm.completion(model=f"hosted_vllm/{model}", messages=messages, **HERE, **fields)


def refusal(model: str) -> str:
    try:
        complete(model)
    except litellm.APIError as error:
        return type(error).__name__
    except litellm.NotFoundError:
        return "NotFoundError"
    return "none"


whole = complete()
chunks = list(complete(stream=True, stream_options={"include_usage": True}))
vectors = litellm.embedding(model="openai/BAAI/bge-m3", input=["one", "two"], **HERE)

said = {
    "whole": whole.choices[0].message.content,
    "stream": "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices),
    "pieces": len(chunks),
    "tokens": whole.usage.completion_tokens,
    "vectors": [len(item["embedding"]) for item in vectors.data],
    "unknown": refusal("nobody/knows"),
}
sys.stdout.write(json.dumps(said))
