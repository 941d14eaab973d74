"""From a URL that was sent back to the values in it, and an audit of how they were written."""
