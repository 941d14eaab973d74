"""`python -m attribution_service.partner_stub`: a partner that prints every postback it receives.

With `--fail N` it answers the first N postbacks with 500, to show how they are retried.
"""

import argparse
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count


class Partner(BaseHTTPRequestHandler):
    fail = 0
    calls = count(1)

    def do_GET(self) -> None:
        status = 500 if next(self.calls) <= self.fail else 200
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(errors="replace")
        print(f"{status} {self.path}{f' {body}' if body else ''}", flush=True)
        self.send_response(status)
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - the name is defined by http.server

    def log_message(self, *args: object) -> None:
        """Print nothing else."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="partner_stub", description=__doc__)
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--fail", type=int, default=0, metavar="N")
    options = parser.parse_args()
    Partner.fail = options.fail
    HTTPServer(("127.0.0.1", options.port), Partner).serve_forever()


if __name__ == "__main__":
    main()
