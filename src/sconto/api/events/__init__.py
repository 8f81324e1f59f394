"""The wire of events: the stream, webhooks and their deliveries."""
