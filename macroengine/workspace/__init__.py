"""Files of templates: read with the place of each, and written back. Free of any user interface.

The command line, the language server and the playground share it.
"""
