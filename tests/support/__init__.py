"""What test files share, and the tools that write their data."""
