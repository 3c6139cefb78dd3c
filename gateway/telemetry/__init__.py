"""What is known of each request: its record, the tokens that passed, the metrics and the access log."""
