"""The language server: diagnostics, fixes and completions for templates in an editor.

The only package that imports pygls. Templates and files are handled by the workspace.
"""
