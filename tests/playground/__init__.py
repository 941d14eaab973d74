"""The playground: its page, its server, and what they call."""
