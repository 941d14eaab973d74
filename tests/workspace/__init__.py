"""Workspaces: tables, workbooks, previews, differences and reports."""
