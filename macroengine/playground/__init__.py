"""The playground: a web page for templates, and what answers it.

`bridge` answers the page's calls, whether they come from a worker in the browser or over HTTP; `server` is the HTTP
server of `macroengine playground`; `page/` is the page.
"""
