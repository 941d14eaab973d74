"""A small attribution service on macroengine: clicks in, installs and events in, postbacks out."""
