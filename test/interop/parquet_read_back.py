"""Reads the Parquet files with pyarrow and pandas, as MLRun does and as people do, value by value.

    python parquet_read_back.py FOLDER EVENTS_JSONL ROW_COUNT
"""

import os
import sys
from collections import defaultdict
from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from checks import check, check_equal, check_same_keys, is_missing, report
from predictions_of_events import predictions_of

TEXTS = ["endpoint_id", "function_uri", "model", "model_class", "request_id"]
TEXTS += ["first_request", "last_request"]
COLUMNS = ["timestamp", *TEXTS, "latency", "error_count", "prediction", "named_features"]
COLUMNS += ["labels", "entities", "metrics"]
PARTS = ["year", "month", "day", "hour"]


def folder_of(root, key):
    """Where MLRun looks for the rows of an endpoint's hour: `key` is (endpoint id, year, ..., hour)."""
    names = [f"{part}={value}" for part, value in zip(PARTS, key[1:])]
    return os.path.join(root, f"key={key[0]}", *names)


def plain_rows(table):
    """Rows as Python's own values, maps as dicts."""
    rows = table.to_pylist()
    for row in rows:
        for name in ("labels", "entities", "metrics"):
            row[name] = None if row[name] is None else dict(row[name])
    return rows


def check_types(schema, example):
    """The types of section 10 of the semantics, for each endpoint by its own values."""
    check_equal(schema.names[: len(COLUMNS)], COLUMNS, "columns")
    wanted = {"timestamp": pa.timestamp("us", tz="UTC"), "latency": pa.int64()}
    wanted |= {"error_count": pa.int64(), **{name: pa.string() for name in TEXTS}}
    for name, type_ in wanted.items():
        check(schema.field(name).type == type_, f"{name} is {schema.field(name).type}")
    prediction = schema.field("prediction").type
    check(pa.types.is_list(prediction), f"prediction is {prediction}")
    check(prediction.value_type == type_of(example["prediction"]), f"prediction is {prediction}")
    features = schema.field("named_features").type
    check_equal([field.name for field in features], list(example["named_features"]), "features")
    for field in features:
        check(field.type == type_of([example["named_features"][field.name]]), f"feature {field}")
    for name, item in (("labels", pa.string()), ("entities", pa.string()), ("metrics", pa.float64())):
        found = schema.field(name).type
        is_right = pa.types.is_map(found) and (found.key_type, found.item_type) == (pa.string(), item)
        check(is_right, f"{name} is {found}")


def type_of(values):
    return pa.string() if any(isinstance(value, str) for value in values) else pa.float64()


def check_rows(found, expected, about):
    check_equal(len(found), len(expected), f"rows of {about}")
    for index, (row, wanted) in enumerate(zip(found, expected)):
        check_same_keys(row, wanted, f"{about}, row {index}")
        for name, value in wanted.items():
            check_equal(row[name], value, f"{about}, row {index}, {name}")


def check_each_hour(root, files):
    """One endpoint's hour, by its folder: what a batch job over the newest data opens."""
    for key, expected in files.items():
        folder = folder_of(root, key)
        names = os.listdir(folder)
        check(names and all(name.endswith(".parquet") for name in names), f"files: {names}")
        paths = sorted(os.path.join(folder, name) for name in names)
        tables = [pq.ParquetFile(path).read() for path in paths]
        check_types(tables[0].schema, expected[0])
        check_rows(plain_rows(pa.concat_tables(tables)), expected, folder)
        frame = pd.read_parquet(folder)
        check_equal(list(frame["request_id"]), [row["request_id"] for row in expected], "pandas")
        check_frame_features(frame, expected)


def check_frame_features(frame, expected):
    """A reader in pandas takes the features apart like this."""
    features = pd.DataFrame(list(frame["named_features"]))
    for name in features.columns:
        for found, row in zip(features[name], expected, strict=True):
            value = row["named_features"][name]
            check((is_missing(found) and value is None) or found == value, f"{name}: {found!r}")


def check_each_endpoint(root, files):
    """Partition filters, with the types that readers infer: hive's numbers are numbers."""
    by_endpoint = defaultdict(dict)
    for key, rows in files.items():
        by_endpoint[key[0]][key[1:]] = rows
    schema, _ = schema_of_all(root)
    for endpoint_id, hours in by_endpoint.items():
        everything = [row for hour in sorted(hours) for row in hours[hour]]
        newest = max(hours)
        conditions = [(part, "=", int(value)) for part, value in zip(PARTS, newest)]
        key = ("key", "=", endpoint_id)
        folder = os.path.join(root, f"key={endpoint_id}")
        for found, expected in (
            (pq.read_table(folder), everything),
            (pq.read_table(root, filters=[key], schema=schema), everything),
            (pq.read_table(folder, filters=conditions), hours[newest]),
            (pq.read_table(root, filters=[key, *conditions], schema=schema), hours[newest]),
        ):
            check_set(found, expected, endpoint_id)
        frame = pd.read_parquet(root, filters=[key, *conditions])
        check_equal(len(frame), len(hours[newest]), "pandas with filters")
        check_times(folder, everything)


def check_set(table, expected, about):
    """The files of a folder come in no fixed order."""
    def order(row):
        return (row["timestamp"], row["request_id"], str(row["named_features"]))

    rows = plain_rows(table.select(COLUMNS))
    for row in rows:
        row["named_features"] = own_features(row, expected[0])
    check_rows(sorted(rows, key=order), sorted(expected, key=order), about)


def own_features(row, example):
    """Those of the row's endpoint; where all endpoints have one schema the others must be empty."""
    features = row["named_features"]
    others = [name for name in features if name not in example["named_features"]]
    check(all(features[name] is None for name in others), f"other features: {features}")
    return {name: value for name, value in features.items() if name not in others}


def check_times(folder, rows):
    """MLRun's Parquet target reads a range of time by a filter on the column."""
    times = sorted(row["timestamp"] for row in rows)
    start, end = times[len(times) // 3], times[-1] - timedelta(minutes=1)
    frame = pd.read_parquet(folder, filters=[("timestamp", ">=", start), ("timestamp", "<", end)])
    wanted = [time for time in times if start <= time < end]
    check_equal(sorted(frame["timestamp"].map(pd.Timestamp.to_pydatetime)), wanted, "a range of time")


def schema_of_all(root):
    """One schema for all endpoints, and its partitions: readers take the first file's otherwise."""
    paths = ds.dataset(root, partitioning="hive").files
    schemas = [pq.read_schema(path).remove_metadata() for path in paths]
    features = {}
    for schema in schemas:
        for field in schema.field("named_features").type:
            features.setdefault(field.name, field)
    struct = pa.field("named_features", pa.struct(list(features.values())))
    schemas = [schema.set(schema.get_field_index(struct.name), struct) for schema in schemas]
    parts = pa.schema([("key", pa.string()), *((part, pa.int32()) for part in PARTS)])
    return pa.unify_schemas([*schemas, parts]), ds.partitioning(parts, flavor="hive")


def check_all_endpoints(root, files, row_count):
    schema, partitioning = schema_of_all(root)
    table = ds.dataset(root, schema=schema, partitioning=partitioning).to_table()
    check_equal(table.num_rows, row_count, "rows of all endpoints")
    found = defaultdict(list)
    for row in plain_rows(table):
        key = (row.pop("key"), *(f"{row.pop(part):02d}" for part in PARTS))
        found[key].append(row)
    check_same_keys(found, files, "hours")
    for key, rows in found.items():
        own = [row | {"named_features": own_features(row, files[key][0])} for row in rows]
        check_rows(own, files[key], f"all endpoints, {key}")


def main(root, events_path, row_count):
    with open(events_path, encoding="utf-8") as file:
        files = predictions_of(file)
    check_equal(sum(len(rows) for rows in files.values()), int(row_count), "expected rows")
    check_each_hour(root, files)
    check_each_endpoint(root, files)
    check_all_endpoints(root, files, int(row_count))
    report()


if __name__ == "__main__":
    main(*sys.argv[1:])
