"""The playground: a web page for templates, and the Python code behind it.

`bridge` answers the calls of the page, from a worker in the browser or over HTTP. `server` is the HTTP server of
`macroengine playground`. `page/` is the page itself.
"""
