"""Measure how fast whole tables are rendered, and how much memory that takes. `python -m benchmarks.bulk`.

Claim: DuckDB and ClickHouse take at most 1.1 times as long as the same hand-written SQL, and DuckDB needs no more
    memory
for more rows (P9).

Each run is a separate process, so that its peak memory can be measured, and contenders take turns.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

TEMPLATE = (
    "https://n.example/pb?c=(clickid)&cc=(country_code)&ip=(ip)&ua=(user-agent)&ev=(encode)&ca=(C)"
    "&gaid=(advertising_id)&l=(language)&v=(app_version)&en=(event_name)"
)
LITERALS = [piece.partition(")")[-1] if ")" in piece else piece for piece in TEMPLATE.split("(")]
FIELDS = (
    "click_id", "country_code", "ip", "user_agent", "event_value", "campaign", "advertising_id", "language",
    "app_version", "event_name",
)  # fmt: skip


def generate(rows: int, path: Path) -> None:
    """Write events with ten fields. One in twenty has no click."""
    import duckdb

    duckdb.sql(f"""
        SELECT i AS event_id,
            CASE WHEN i % 20 > 0 THEN md5(i::VARCHAR)::UUID::VARCHAR END AS click_id,
            ['DE', 'US', 'BR', 'RU'][1 + i % 4] AS country_code,
            concat_ws('.', 10, i % 256, i // 256 % 256, i // 65536 % 256) AS ip,
            'Mozilla/5.0 (Linux; Android 13; SM-A' || i % 1000 || ') AppleWebKit/537.36 (KHTML, like Gecko)'
                AS user_agent,
            '{{"af_revenue":"' || i % 100 || '.50","af_currency":"USD","af_content_id":"sku-' || i % 5000
                || '","af_quantity":' || i % 3 || '}}' AS event_value,
            ['Лето ', 'spring sale ', 'été '][1 + i % 3] || i % 100 AS campaign,
            md5((-i)::VARCHAR)::UUID::VARCHAR AS advertising_id,
            ['en_US', 'ru_RU', 'pt_BR'][1 + i % 3] AS language,
            '6.5.' || i % 9 AS app_version,
            'af_purchase' AS event_name
        FROM range({rows}) t(i)
    """).write_parquet(str(path))


@dataclass(frozen=True)
class Job:
    source: Path
    target: Path
    threads: int
    memory: str


Run = Callable[[], object]

# Contenders. Each returns a function that writes the URLs of events to a file. Preparation is not counted, but
# importing DuckDB and connecting is, since both are always needed.


def ours(job: Job) -> Run:
    from macroengine import Policy, compile_template

    template = compile_template(TEMPLATE, policy=Policy("in-app"))

    def render() -> None:
        from macroengine.backends.duckdb import render_table

        render_table(template, job.source, job.target, threads=job.threads, memory_limit=job.memory)

    return render


def hand_written(job: Job) -> Run:
    pieces = [f"'{LITERALS[0]}'"]
    for field, literal in zip(FIELDS, LITERALS[1:], strict=True):
        pieces += [f"url_encode({field})", f"'{literal}'"]
    query = f"COPY (SELECT concat({', '.join(pieces)}) AS url FROM '{job.source}') TO '{job.target}'"

    def render() -> None:
        import duckdb

        duckdb.connect(config={"threads": job.threads, "memory_limit": job.memory}).execute(query)

    return render


def clickhouse_ours(job: Job) -> Run:
    from macroengine import Policy, compile_template
    from macroengine.backends.clickhouse import to_sql

    template = compile_template(TEMPLATE, policy=Policy("in-app"))
    return _clickhouse(job, lambda types: to_sql(template, types))


def clickhouse_hand_written(job: Job) -> Run:
    pieces = [f"'{LITERALS[0]}'"]
    for field, literal in zip(FIELDS, LITERALS[1:], strict=True):
        pieces += [f"ifNull(encodeURLComponent({field}), '')", f"'{literal}'"]
    return _clickhouse(job, lambda _: f"concat({', '.join(pieces)})")


def _clickhouse(job: Job, url: Callable[[dict[str, str]], str]) -> Run:
    import clickhouse_connect

    client = clickhouse_connect.get_client(interface="chdb")
    source = f"file('{job.source}', Parquet)"
    types = {row[0]: row[1] for row in client.query(f"DESCRIBE {source}").result_rows}
    settings = {"max_threads": job.threads, "max_insert_threads": job.threads}
    query = f"INSERT INTO FUNCTION file('{job.target}', Parquet, 'url String') SELECT {url(types)} AS url FROM {source}"
    return lambda: client.command(query, settings=settings)


def python_loop(job: Job) -> Run:
    from macroengine import Event, Policy, Postback, compile_template

    template = compile_template(TEMPLATE, policy=Policy("in-app"))
    return _loop(job, lambda row: template.render(Event(row, row, row, Postback.IN_APP)))


def python_quote(job: Job) -> Run:
    pairs = list(zip(FIELDS, LITERALS[1:], strict=True))

    def render(row: dict[str, str | None]) -> str:
        return LITERALS[0] + "".join(quote(row[field] or "", safe="") + literal for field, literal in pairs)

    return _loop(job, render)


def _loop(job: Job, render: Callable[[dict[str, str | None]], str]) -> Run:
    import duckdb

    def loop() -> None:
        result = duckdb.execute(f"SELECT {', '.join(FIELDS)} FROM '{job.source}'")
        with job.target.open("w") as file:
            while rows := result.fetchmany(10_000):
                file.writelines(render(dict(zip(FIELDS, row, strict=True))) + "\n" for row in rows)

    return loop


def spark_ours(job: Job) -> Run:
    from macroengine import Policy, compile_template
    from macroengine.backends.spark import render_dataframe

    template = compile_template(TEMPLATE, policy=Policy("in-app"))
    return _spark(job, lambda frame: render_dataframe(frame, template))


def spark_hand_written(job: Job) -> Run:
    encoded = "replace(replace(replace(url_encode({}), '+', '%20'), '*', '%2A'), '%7E', '~')"
    pieces = [f"'{LITERALS[0]}'"]
    for field, literal in zip(FIELDS, LITERALS[1:], strict=True):
        pieces += [f"coalesce({encoded.format(field)}, '')", f"'{literal}'"]
    return _spark(job, lambda frame: frame.selectExpr(f"concat({', '.join(pieces)}) AS url"))


def _spark(job: Job, render: Callable[["DataFrame"], "DataFrame"]) -> Run:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(f"local[{job.threads}]").config("spark.driver.memory", "2g")
    builder = builder.config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")

    def write(name: str) -> None:
        render(session.read.parquet(str(job.source))).write.parquet(f"{job.target}.{name}")

    write("warm")  # Java compiles during the first run; a long job does so only once
    return lambda: write("timed")


OURS, HAND_WRITTEN = "macroengine on DuckDB", "hand-written SQL on DuckDB"
CONTENDERS = {
    OURS: ours,
    HAND_WRITTEN: hand_written,
    "macroengine on ClickHouse": clickhouse_ours,
    "hand-written SQL on ClickHouse": clickhouse_hand_written,
    "macroengine in a Python loop": python_loop,
    "quote in a Python loop": python_quote,
    "macroengine on Spark": spark_ours,
    "hand-written Spark": spark_hand_written,
}


def run(contender: str, source: Path, threads: int = 2, memory: str = "1GB") -> tuple[float, float, float]:
    """Return the seconds, the peak memory in MB and the CPU seconds of one run."""
    with TemporaryDirectory(dir=source.parent) as scratch:
        target = f"{scratch}/out.parquet"
        command = [sys.executable, "-m", "benchmarks.bulk", "--one", contender, source, target, str(threads), memory]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds, peak, processor = json.loads(out.splitlines()[-1])
        return seconds, peak, processor


def runs(contenders: list[str], source: Path, rounds: int) -> dict[str, list[tuple[float, float, float]]]:
    """Return the results of several runs of each contender, which take turns in varying order."""
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in contenders}
    for number in range(rounds):
        for contender in contenders[:: 1 if number % 2 else -1]:
            taken[contender].append(run(contender, source))
    return taken


def one(contender: str, source: str, target: str, threads: str, memory: str) -> None:
    timed = CONTENDERS[contender](Job(Path(source), Path(target), int(threads), memory))
    started, used = time.monotonic(), time.process_time()
    timed()
    seconds, processor = time.monotonic() - started, time.process_time() - used
    # Spark's memory use is that of Java, which takes as much as it is given.
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, processor]))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how fast whole tables are rendered.")
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the comparison")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", action="store_true", help="also measure 10^4 to 10^7 rows on 1 and 2 threads")
    parser.add_argument("--spark", action="store_true", help="also measure Spark")
    parser.add_argument("--chart", type=Path, help="write the scale as an SVG; needs matplotlib")
    parser.add_argument("--generate", nargs=2, metavar=("ROWS", "FILE"), help="write events, and do nothing else")
    options = parser.parse_args()
    if options.one:
        one(*options.one)
    elif options.generate:
        generate(int(options.generate[0]), Path(options.generate[1]))
    else:
        report(options)


def report(options: argparse.Namespace) -> None:
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}, {time.strftime('%Y-%m-%d')}"
    )
    with TemporaryDirectory() as scratch:
        rates = compare(options.rows, options.rounds, spark=options.spark, scratch=Path(scratch))
        if options.scale or options.chart:
            measured = scale(options.rounds, Path(scratch))
            if options.chart:
                chart(measured, rates, options.chart)


def compare(rows: int, rounds: int, *, spark: bool, scratch: Path) -> dict[str, float]:
    """Return how many URLs each contender renders per second."""
    source = scratch / "events.parquet"
    generate(rows, source)
    sample = scratch / "sample.parquet"
    generate(rows // 10, sample)
    contenders = [name for name in CONTENDERS if (spark or "Spark" not in name) and _is_there(name)]
    quick = [name for name in contenders if "loop" not in name]
    best = {name: min(taken)[:2] for name, taken in runs(quick, source, rounds).items()}
    for contender in contenders:
        if contender not in quick:  # just as fast for fewer rows
            seconds, peak, _ = run(contender, sample)
            best[contender] = seconds * 10, peak
    print(f"\n{rows:,} rows, 10 macros, best of {rounds}\n\n| | s | URLs/s | peak MB |\n|---|---:|---:|---:|")
    for contender, (seconds, peak) in best.items():
        memory = "-" if "Spark" in contender else f"{peak:,.0f}"
        print(f"| {contender} | {seconds:.2f} | {rows / seconds:,.0f} | {memory} |")
    for engine in ("DuckDB", "ClickHouse"):
        if f"macroengine on {engine}" in best:
            ratio = best[f"macroengine on {engine}"][0] / best[f"hand-written SQL on {engine}"][0]
            print(f"\nP9: {ratio:.2f} of the hand-written SQL on {engine} (at most 1.10)")
    source.unlink()
    sample.unlink()
    return {contender: rows / seconds for contender, (seconds, _) in best.items()}


def _is_there(contender: str) -> bool:
    """Say whether the software that a contender needs is installed."""
    return "ClickHouse" not in contender or find_spec("chdb") is not None


def scale(rounds: int, scratch: Path) -> dict[int, list[tuple[int, float, float]]]:
    """Return (rows, seconds, peak MB) by threads."""
    measured: dict[int, list[tuple[int, float, float]]] = {1: [], 2: []}
    print("\n| rows | threads | s | URLs/s | peak MB |\n|---:|---:|---:|---:|---:|")
    for rows in (10**4, 10**5, 10**6, 10**7):
        source = scratch / "events.parquet"
        generate(rows, source)
        for threads, points in measured.items():
            times = 1 if rows == 10**7 else min(rounds, 3)
            seconds, peak, _ = min(run("macroengine on DuckDB", source, threads) for _ in range(times))
            points.append((rows, seconds, peak))
            print(f"| {rows:,} | {threads} | {seconds:.2f} | {rows / seconds:,.0f} | {peak:,.0f} |", flush=True)
        source.unlink()
    return measured


def chart(measured: dict[int, list[tuple[int, float, float]]], rates: dict[str, float], path: Path) -> None:
    from matplotlib import pyplot as plt

    figure, (top, left, right) = plt.subplots(1, 3, figsize=(14, 3.2), layout="constrained", width_ratios=(1.2, 1, 1))
    names = sorted(rates, key=lambda name: rates[name])
    top.barh(names, [rates[name] / 1000 for name in names])
    top.set(xlabel="thousand URLs per second, two threads", title="URLs per second")
    for threads, points in measured.items():
        rows, seconds, peaks = zip(*points, strict=True)
        label = f"{threads} thread{'s' * (threads > 1)}"
        left.plot(rows, [row / second for row, second in zip(rows, seconds, strict=True)], marker="o", label=label)
        right.plot(rows, peaks, marker="o", label=label)
    left.set(xscale="log", ylim=(0, None), xlabel="rows", ylabel="URLs per second", title="Speed")
    right.set(xscale="log", ylim=(0, None), xlabel="rows", ylabel="MB", title="Peak memory")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
