"""How much memory a model's KV cache takes, from its config alone (pure)."""
