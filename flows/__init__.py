"""In what order: one file, one flow, one deployment, one button."""
