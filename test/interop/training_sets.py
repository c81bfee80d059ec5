"""Training sets and what pandas and numpy say of them.

training_sets.py make FOLDER SEED       writes random ones, CSV and Parquet in all usual ways
training_sets.py check FILE PROFILE     compares an exported profile with our own computation
"""

import datetime
import decimal
import json
import os
import math
import pathlib
import sys

import numpy
import pandas
import pyarrow
import pyarrow.parquet

COMPRESSIONS = ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]


def random_frame(random, rows):
    numbers = random.normal(size=rows) * 10.0 ** random.integers(-6, 7)
    holes = numpy.where(random.random(rows) < 0.1, numpy.nan, numbers)
    words = numpy.array(["red", "green", "blue, dark", 'so "called"', "é"])
    return pandas.DataFrame(
        {
            "plain": numbers,
            "with holes": holes,
            "tenths (of 1)": random.integers(0, 30, rows) / 10,
            "whole": random.integers(-5, 1000, rows),
            "large": random.integers(0, 2**53, rows),
            "same": numpy.full(rows, 7.25),
            "flag": random.random(rows) < 0.3,
            "word": words[random.integers(0, len(words), rows)],
            "7": random.exponential(size=rows),
            "infinite": numpy.where(random.random(rows) < 0.1, numpy.inf, numbers),
            "none": numpy.full(rows, numpy.nan),
        }
    )


def make(folder, seed):
    random = numpy.random.default_rng(seed)
    count = 0
    for number, rows in enumerate([1, 2, 3, 50, 700, 5000]):
        frame = random_frame(random, rows)
        frame.to_csv(folder / f"frame-{number}.csv", index=False)
        name = f"frame-{number}-{COMPRESSIONS[number]}.parquet"
        frame.to_parquet(folder / name, compression=COMPRESSIONS[number], row_group_size=300)
        count += 2
    frame = random_frame(random, 400)
    # What only Parquet has.
    frame["word"] = frame["word"].astype("category")
    frame["whole"] = frame["whole"].astype("Int64").mask(frame["flag"])
    frame["small"] = frame["plain"].astype("float32")
    frame["byte"] = random.integers(0, 256, 400).astype("uint8")
    start = datetime.datetime(2021, 7, 1, 10, 0, 0, 123456)
    frame["time"] = [start + datetime.timedelta(seconds=row // 3) for row in range(400)]
    frame["day"] = [datetime.date(2021, 7, 1 + row % 5) for row in range(400)]
    frame["price"] = [decimal.Decimal(int(cents)) / 100 for cents in random.integers(-999, 99999, 400)]
    frame.index = [f"row {row}" for row in range(400)]
    frame.to_parquet(folder / "types.parquet")
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    large = pyarrow.large_string()
    column = table.schema.get_field_index("word")
    table = table.set_column(column, "word", table["word"].cast(pyarrow.string()).cast(large))
    pyarrow.parquet.write_table(table, folder / "large.parquet", version="1.0", use_dictionary=False)
    print(f"ok {count + 2} files")


def read(path):
    if path.suffix == ".csv":
        # Its usual parser is a last bit off for some numbers.
        return pandas.read_csv(path, float_precision="round_trip", low_memory=False)
    return pandas.read_parquet(path)


def stats_of(series):
    present = series.dropna()
    if isinstance(series.dtype, pandas.CategoricalDtype):
        present = present.astype(object)
    first = present.iloc[0] if len(present) else None
    if isinstance(first, decimal.Decimal):
        present = present.astype(float)
    if present.dtype == bool or len(present) and present.dtype == object:
        return category_stats(series, present)
    if pandas.api.types.is_datetime64_any_dtype(present):
        return category_stats(series, present.astype(str))
    numbers = present.astype("float64").to_numpy()
    stats = {"count": float(len(numbers))}
    if len(numbers) == 0 or not numpy.isfinite(numbers).all():
        return stats
    stats["mean"] = float(numpy.mean(numbers))
    if len(numbers) > 1:
        stats["std"] = float(numpy.std(numbers, ddof=1))
    stats["min"], stats["max"] = float(numbers.min()), float(numbers.max())
    if len(numbers) == len(series):
        try:
            stats["hist"] = histogram(numbers)
        except ValueError:
            pass  # too large for bins of this width; MLRun passes over it as well
    return stats


def category_stats(series, present):
    texts = present if isinstance(present.iloc[0], (bool, numpy.bool_)) else present.astype(str)
    counts = {}
    for value in texts:
        counts[value] = counts.get(value, 0) + 1
    top = max(counts, key=counts.get)
    stats = {"count": len(present), "unique": len(counts), "top": top, "freq": counts[top]}
    if series.dtype == bool:
        stats["top"] = bool(top)
        stats["hist"] = histogram(series.to_numpy().astype("uint8"))
    return stats


def histogram(numbers):
    counts, edges = numpy.histogram(numbers, bins=20)
    return [counts.tolist(), edges.tolist()]


def same(found, expected, path):
    if isinstance(expected, float):
        assert isinstance(found, float), path
        close = math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-300)
        assert close, f"{path}: {found} is not {expected}"
    elif isinstance(expected, dict):
        assert list(found) == list(expected), f"{path}: {list(found)} is not {list(expected)}"
        for key in expected:
            same(found[key], expected[key], f"{path}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), path
        for index, value in enumerate(expected):
            same(found[index], value, f"{path}[{index}]")
    else:
        assert found == expected and type(found) is type(expected), f"{path}: {found!r} {expected!r}"


def same_texts(categories, series, name):
    """Ours: every text with its rows, where they are few and short."""
    if categories is None:
        return
    counts = dict(zip(categories[1], categories[0]))
    present = series.dropna().astype(str)
    assert counts == present.value_counts().to_dict(), f"{name}: other texts"
    assert categories[0] == sorted(categories[0], reverse=True), f"{name}: not by frequency"


def check(path, profile):
    columns = json.loads(profile.read_text(encoding="utf-8"))["columns"]
    frame = read(path)
    names = [name.replace(" ", "_").replace("(", "").replace(")", "") for name in frame.columns]
    assert [column["name"] for column in columns] == names, names
    for name, column in zip(frame.columns, columns):
        found = dict(column["stats"])
        same_texts(found.pop("categories", None), frame[name], name)
        same(found, stats_of(frame[name]), name)
    print(f"ok {len(columns)} columns")


if __name__ == "__main__":
    command, first, second = sys.argv[1:]
    if command == "make":
        make(pathlib.Path(first), int(second))
    else:
        check(pathlib.Path(first), pathlib.Path(second))
    # All is said: pyarrow's threads now and then abort a process that ends while they do.
    sys.stdout.flush()
    os._exit(0)
