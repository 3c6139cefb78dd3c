"""A recipe read from the model's own files: each value with its source, and how sure it is (pure)."""
