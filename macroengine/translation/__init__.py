"""From a template of one dialect to the template of another that sends the same, with what is lost on the way."""
