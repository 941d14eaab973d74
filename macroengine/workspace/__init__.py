"""Read templates from files, with the place of each, and write them back. Independent of any user interface.

Used by the command line, the language server and the playground.
"""
