"""The project as a whole: its packaging, public names, documentation and promises."""
