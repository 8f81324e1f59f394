"""Sending messages to webhooks."""
