"""The language server: what is wrong with templates, and how to fix them, while they are written in an editor.

The only package that imports pygls. What it knows of templates and files is the workspace's.
"""
