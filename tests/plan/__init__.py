"""The render plan: what is known of a template before anything is rendered."""
