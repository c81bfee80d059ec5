"""Reads the metrics with the platform's frames client, value by value.

    python metrics_read_back.py FRAMESD ACCESS_KEY PROJECT SERIES_JSON

SERIES_JSON is what the function's own command line prints, all of it.
"""

import json
import sys
import warnings
from collections import defaultdict

import pandas as pd
import v3io_frames

from checks import check, check_equal, check_same_keys, report

warnings.simplefilter("ignore")

CONTAINER = "projects"
LABELS = ["endpoint_id", "record_type"]
TEXT = "_text"
STEP_MS = 30 * 60 * 1000


class Metrics:
    """The table as the command line prints it, and as the client reads it."""

    def __init__(self, client, table, points):
        self.client = client
        self.table = table
        self.expected = {
            (ms_of(pd.Timestamp(p["time"])), p["endpoint_id"], p["record_type"], p["metric"]): p["value"]
            for p in points
        }
        check_equal(len(self.expected), len(points), "points with a time of their own")
        times = [key[0] for key in self.expected]
        # Whole steps, so that buckets begin where the range begins.
        self.start_ms = min(times) // STEP_MS * STEP_MS
        self.end_ms = (max(times) // STEP_MS + 1) * STEP_MS - 1

    def read(self, **arguments):
        return self.client.read(
            "tsdb", self.table, start=str(self.start_ms), end=str(self.end_ms), **arguments
        )


def ms_of(time):
    return time.value // 1_000_000


def points_of(frame):
    """A DataFrame with its labels as columns as {(ms, endpoint, record type, metric): value}."""
    points = {}
    for column in frame.columns.difference(LABELS):
        cells = frame[[column, *LABELS]].dropna(subset=[column])
        for time, value, endpoint_id, record_type in cells.itertuples():
            if value == "":
                continue  # a text that is missing
            metric = column.removesuffix(TEXT) if isinstance(value, str) else column
            key = (ms_of(time), endpoint_id, record_type, metric)
            check(key not in points, f"{key} was read twice")
            points[key] = value
    return points


def check_points(found, expected, about):
    check_same_keys(found, expected, about)
    for key, value in expected.items():
        value = value if isinstance(value, str) else float(value)
        check_equal(found[key], value, f"{about}, {key}")


def check_everything(metrics):
    flat = metrics.read()
    check_equal(flat.index.name, "time", "index")
    check_points(points_of(flat), metrics.expected, "all, labels as columns")
    deep = metrics.read(multi_index=True)
    check_equal(list(deep.index.names), ["time", *LABELS], "indices")
    check_points(points_of(deep.reset_index(LABELS)), metrics.expected, "all, labels as indices")


def check_filters(metrics):
    groups = defaultdict(dict)
    for key, value in metrics.expected.items():
        groups[key[1], key[2]][key] = value
    check(len(groups) > 2, "several endpoints and record types")
    for (endpoint_id, record_type), expected in groups.items():
        # A reader joins the frames of a label set anew for each one; rows stay in order inside.
        frame = metrics.read(filter=f"endpoint_id=='{endpoint_id}' AND record_type=='{record_type}'")
        check(frame.index.is_monotonic_increasing, f"{endpoint_id} {record_type} is in order")
        check_points(points_of(frame), expected, f"{endpoint_id} {record_type}")
    of_type = {key: value for key, value in metrics.expected.items() if key[2] == "base_metrics"}
    found = points_of(metrics.read(filter="record_type=='base_metrics'"))
    check_points(found, of_type, "base_metrics of all endpoints")


def check_as_mlrun_reads(metrics):
    """MLRun's API names a label among the columns, and looks up metrics by name."""
    name = "predictions_per_second"
    for endpoint_id in {key[1] for key in metrics.expected}:
        frame = metrics.read(
            columns=["endpoint_id", name, "latency_avg_1h"], filter=f"endpoint_id=='{endpoint_id}'"
        )
        found = {ms_of(time): value for time, value in frame.to_dict()[name].items()}
        expected = {
            key[0]: float(value)
            for key, value in metrics.expected.items()
            if key[1] == endpoint_id and key[3] == name
        }
        check_equal(found, expected, f"{name} of {endpoint_id}")


def check_aggregates(metrics):
    name = "predictions_per_second"
    buckets = defaultdict(list)
    for (time, endpoint_id, _, metric), value in metrics.expected.items():
        if metric == name:
            buckets[time // STEP_MS * STEP_MS, endpoint_id].append(value)
    frame = metrics.read(columns=[name], aggregators="count,min,max,sum,avg", step="30m")
    found = {(ms_of(time), row["endpoint_id"]): row for time, row in frame.iterrows()}
    check_same_keys(found, buckets, "buckets")
    for key, values in buckets.items():
        row = found[key]
        check_equal(row[f"count({name})"], float(len(values)), f"count of {key}")
        check_equal(row[f"min({name})"], float(min(values)), f"min of {key}")
        check_equal(row[f"max({name})"], float(max(values)), f"max of {key}")
        # The order of the additions is the server's.
        check(abs(row[f"sum({name})"] - sum(values)) < 1e-9, f"sum of {key}")
        check(abs(row[f"avg({name})"] - sum(values) / len(values)) < 1e-9, f"avg of {key}")


def main(framesd, key, project, series_path):
    with open(series_path, encoding="utf-8") as file:
        points = json.load(file)
    check(len(points) > 0, "there are metrics")
    client = v3io_frames.Client(framesd, container=CONTAINER, token=key)
    metrics = Metrics(client, f"{project}/model-endpoints/events", points)
    check_everything(metrics)
    check_filters(metrics)
    check_as_mlrun_reads(metrics)
    check_aggregates(metrics)
    report()


if __name__ == "__main__":
    main(*sys.argv[1:])
