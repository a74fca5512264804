"""The decision path in a running centre: asked over HTTP, durable in the log before it answers."""
