"""Redaction: text leaves the LAN only without its secrets, and comes back whole."""
