"""Engines of the simulated Sparks: vLLM, speech, embeddings and Qdrant as small real servers."""
