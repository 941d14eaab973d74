"""`python -m attribution_service`: start the service."""

import argparse
import logging
from pathlib import Path

import uvicorn

from attribution_service.checking import ConfigError
from attribution_service.service import create


def main() -> None:
    parser = argparse.ArgumentParser(prog="attribution_service", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("partners.toml"))
    parser.add_argument("--database", type=Path, default=Path("attribution.sqlite"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    # Both would log whole URLs, which contain personal data.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        service = create(options.config, options.database)
    except ConfigError as error:
        parser.error(str(error))
    uvicorn.run(service, port=options.port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
