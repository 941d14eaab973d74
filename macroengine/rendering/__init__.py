"""From a plan to a function that renders an event."""
