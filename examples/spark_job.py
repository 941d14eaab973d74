"""Render the postbacks of many partners for a table of events, on a cluster.

    spark-submit examples/spark_job.py \
        --templates partners.toml --input events/ --output urls/ --keep event_id --columns country_code=geo

`partners.toml` has one line per partner: acme = "https://acme.example/pb?c=(clickid)". The output is Parquet, with a
directory for each partner. With --stream, only events that arrived since the last run are rendered.
"""

import argparse
import tomllib
from pathlib import Path

from pyspark.sql import SparkSession

from macroengine import Policy, Postback, compile_template
from macroengine.backends.spark import render_dataframe


def main() -> None:
    options = arguments()
    policy = Policy(options.postback, send_all=options.send_all, consent=options.consent)
    partners = tomllib.loads(Path(options.templates).read_text())
    templates = {partner: compile_template(template, policy=policy) for partner, template in partners.items()}
    session = SparkSession.builder.appName("postbacks").getOrCreate()
    found = session.read.parquet(options.input)
    # The columns must be given for a stream of files.
    events = session.readStream.schema(found.schema).parquet(options.input) if options.stream else found
    urls = render_dataframe(events, templates, columns=dict(options.columns), keep=options.keep)
    if options.stream:
        every = {"processingTime": options.every} if options.every else {"availableNow": True}
        stream = urls.writeStream.partitionBy("partner").format("parquet").option("checkpointLocation", options.stream)
        stream.trigger(**every).start(options.output).awaitTermination()
    else:
        urls.write.partitionBy("partner").mode("errorifexists").parquet(options.output)
    session.stop()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Render postbacks on a Spark cluster.")
    parser.add_argument("--templates", required=True, help='a TOML file with partner = "template"')
    parser.add_argument("--input", required=True, help="Parquet, wherever the cluster can read it")
    parser.add_argument("--output", required=True, help="a directory that is not there yet")
    parser.add_argument("--postback", type=Postback, default=Postback.INSTALL, choices=list(Postback))
    parser.add_argument("--send-all", action="store_true", help="also send events that are not attributed")
    parser.add_argument("--consent", action="store_true", help="withhold identifiers of users who do not share them")
    parser.add_argument(
        "--stream",
        metavar="CHECKPOINT",
        help="a directory that keeps what has been read; render what is new",
    )
    parser.add_argument("--every", metavar="INTERVAL", help="with --stream: go on, and look so often, as '1 minute'")
    parser.add_argument("--columns", nargs="*", default=[], type=pair, metavar="FIELD=COLUMN")
    parser.add_argument("--keep", nargs="*", default=[], metavar="COLUMN", help="columns to write beside the URL")
    return parser.parse_args()


def pair(text: str) -> tuple[str, str | None]:
    field, _, column = text.partition("=")
    return field, column or None


if __name__ == "__main__":
    main()
