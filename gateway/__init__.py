"""The front door: the hot path, the control API and the dashboard; it never opens SSH."""
