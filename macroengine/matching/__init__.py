"""Read the values in received URLs, and check how they were written."""
