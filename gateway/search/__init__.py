"""Search: a query as vectors, the vector store's two halves fused, and the candidates ranked anew."""
