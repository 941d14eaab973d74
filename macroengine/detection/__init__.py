"""Which dialect a template is written in, by what it looks like."""
