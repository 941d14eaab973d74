"""From a template to what is sent for which event: places and names resolved, and the plan."""
