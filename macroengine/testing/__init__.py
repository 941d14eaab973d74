"""What tests of postback code need; the extra `testing` installs it."""
