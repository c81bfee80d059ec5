"""Drives a frames server with the real Python client (v3io_frames 0.13, pandas < 3) over HTTP.

Usage: python frames_client.py URL ACCESS_KEY
The server's container `projects` must be empty. Prints `ok N checks`, or fails with an assertion.
"""

import math
import sys
import warnings

import pandas as pd
import v3io_frames
from v3io_frames import frames_pb2

warnings.simplefilter("ignore")

EVENTS = "default/model-endpoints/events"
ENDPOINTS = "default/model-endpoints/endpoints"
RANGE = {"start": "2021-06-01T10:00:00Z", "end": "2021-06-01T11:00:00Z"}

checks = 0


def check(condition, what):
    global checks
    assert condition, what
    checks += 1


def check_fails(call, error, text):
    try:
        call()
    except error as raised:
        check(text in str(raised), f"{text!r} in {str(raised)!r}")
    else:
        raise AssertionError(f"{text!r} was not raised")


def moment(text):
    return pd.Timestamp(f"2021-06-01T{text}", tz="UTC")


def metrics():
    index = pd.MultiIndex.from_tuples(
        [
            (moment("10:00:00"), "ep1", "base"),
            (moment("10:00:00.250"), "ep1", "base"),
            (moment("10:01:00"), "ep2", "base"),
        ],
        names=["timestamp", "endpoint_id", "record_type"],
    )
    return pd.DataFrame(
        {"rate": [1.5, 2.5, -0.125], "count_5m": [10, 20, 30], "status": ["ok", "ok", "héllo"]},
        index=index,
    )


def use_tsdb(client):
    client.create("tsdb", EVENTS, rate="10/m")
    client.create("tsdb", EVENTS, rate="10/m", if_exists=frames_pb2.IGNORE)
    check_fails(
        lambda: client.create("tsdb", EVENTS, rate="10/m"),
        v3io_frames.CreateError,
        "already exists",
    )
    check_fails(
        lambda: client.create("tsdb", "other", rate="often"), v3io_frames.CreateError, "rate"
    )

    client.write("tsdb", EVENTS, metrics())
    labelled = pd.DataFrame(
        {"rate": [7.0]}, index=pd.Index([moment("10:02:00")], name="timestamp")
    )
    client.write("tsdb", EVENTS, labelled, labels={"endpoint_id": "ep9", "record_type": "base"})

    flat = client.read("tsdb", EVENTS, **RANGE)
    check(flat.index.name == "time", flat.index)
    check(len(flat) == 4, flat)
    check(set(flat.columns) == {"rate", "count_5m", "status", "endpoint_id", "record_type"}, flat)
    by_endpoint = flat[flat.endpoint_id == "ep1"]
    check(list(by_endpoint["rate"]) == [1.5, 2.5], by_endpoint)
    check(list(by_endpoint["count_5m"]) == [10.0, 20.0], by_endpoint)
    check(list(flat[flat.endpoint_id == "ep2"]["status"]) == ["héllo"], flat)
    check(by_endpoint.index[1] == moment("10:00:00.250"), by_endpoint.index)

    deep = client.read(
        "tsdb", EVENTS, columns=["rate"], filter="endpoint_id=='ep1'", multi_index=True, **RANGE
    )
    check(list(deep.index.names) == ["time", "endpoint_id", "record_type"], deep.index.names)
    check(list(deep.columns) == ["rate"], deep.columns)
    check(deep.loc[(moment("10:00:00"), "ep1", "base"), "rate"] == 1.5, deep)

    sums = client.read(
        "tsdb", EVENTS, columns=["rate"], aggregators="avg,count,max", step="1m", **RANGE
    )
    check(set(sums.columns) >= {"avg(rate)", "count(rate)", "max(rate)"}, sums.columns)
    first = sums[sums.endpoint_id == "ep1"]
    check(len(first) == 1 and first["avg(rate)"].iloc[0] == 2.0, first)
    check(first["count(rate)"].iloc[0] == 2.0, first)
    check(first.index[0] == moment("10:00:00"), first.index)

    missing = client.read(
        "tsdb", EVENTS, columns=["rate", "count_5m"], filter="endpoint_id=='ep9'", **RANGE
    )
    check(math.isnan(missing["count_5m"].iloc[0]), missing)
    check(client.read("tsdb", EVENTS, filter="endpoint_id=='none'", **RANGE).empty, "empty")
    check_fails(lambda: client.read("tsdb", "no/such"), v3io_frames.ReadError, "No TSDB schema")
    check_fails(
        lambda: client.write("tsdb", EVENTS, metrics().rename(columns={"rate": "bad-name"})),
        v3io_frames.Error,
        "bad-name",
    )


def use_many_rows(client):
    times = pd.date_range(moment("10:00:00"), periods=1000, freq="1s", name="time")
    frame = pd.DataFrame({"value": range(1000)}, index=times)
    client.create("tsdb", "many", rate="1/s")
    client.write("tsdb", "many", frame, labels={"id": "a"}, max_rows_in_msg=100)
    # Read in several messages of 256 rows at most.
    parts = list(client.read("tsdb", "many", iterator=True, **RANGE))
    check([len(part) for part in parts] == [256, 256, 256, 232], [len(part) for part in parts])
    check(list(pd.concat(parts)["value"]) == list(range(1000)), "values")
    client.write("tsdb", "many", frame, labels={"id": "a"})
    check(len(client.read("tsdb", "many", **RANGE)) == 1000, "a repeated write adds nothing")
    first_ten = {"start": "2021-06-01T10:00:00Z", "end": "2021-06-01T10:00:09Z"}
    client.delete("tsdb", "many", **first_ten)
    check(len(client.read("tsdb", "many", **RANGE)) == 990, "a range was deleted")
    client.delete("tsdb", "many")
    check_fails(lambda: client.read("tsdb", "many"), v3io_frames.ReadError, "No TSDB schema")
    client.delete("tsdb", "many", if_missing=frames_pb2.IGNORE)
    check_fails(lambda: client.delete("tsdb", "many"), v3io_frames.DeleteError, "No TSDB schema")


def use_label_time(client):
    index = pd.MultiIndex.from_tuples(
        [(moment("10:00:00"), "x")], names=["timestamp", "time"]
    )
    client.create("tsdb", "label-time", rate="1/s")
    client.write("tsdb", "label-time", pd.DataFrame({"value": [1.0]}, index=index))
    check_fails(
        lambda: client.read("tsdb", "label-time", **RANGE), ValueError, "cannot insert time"
    )


def use_kv(client):
    frame = pd.DataFrame(
        {
            "endpoint_id": ["ep1", "ep2"],
            "model": ["m:1", None],
            "count": [1, 2],
            "latency": [0.5, None],
            "active": [True, False],
            "first_request": [moment("10:00:00"), moment("10:00:01")],
        }
    ).set_index("endpoint_id")
    client.write("kv", ENDPOINTS, frame, save_mode="overwriteItem")
    client.execute("kv", ENDPOINTS, "infer_schema")
    client.execute("kv", ENDPOINTS, "infer", args={"key": "endpoint_id"})
    table = client.read("kv", ENDPOINTS)
    check(table.index.name == "endpoint_id", table.index)
    check(table.loc["ep1", "count"] == 1 and table.loc["ep2", "count"] == 2, table)
    check(table.loc["ep1", "latency"] == 0.5 and pd.isna(table.loc["ep2", "latency"]), table)
    check(pd.isna(table.loc["ep2", "model"]), table)
    check(table.loc["ep1", "first_request"] == moment("10:00:00"), table)
    update = pd.DataFrame({"endpoint_id": ["ep1", "ep2"], "count": [5, 1]}).set_index("endpoint_id")
    client.write("kv", ENDPOINTS, update, save_mode="updateItem", condition="{count} > count")
    table = client.read("kv", ENDPOINTS, columns=["count", "model"], filter="count > 0")
    check(sorted(table["count"]) == [2, 5], table)
    check_fails(
        lambda: client.execute("kv", "no/such", "infer_schema"),
        v3io_frames.ExecuteError,
        "can't exec",
    )
    check_fails(lambda: client.read("kv", "no/such"), v3io_frames.ReadError, "can't query")
    client.delete("kv", ENDPOINTS)
    check_fails(lambda: client.read("kv", ENDPOINTS), v3io_frames.ReadError, "can't query")


def use_wrong_key(url):
    stranger = v3io_frames.Client(url, container="projects", token="wrong")
    check_fails(
        lambda: stranger.write("tsdb", EVENTS, metrics()), v3io_frames.Error, "403 Forbidden"
    )


def main(url, key):
    client = v3io_frames.Client(url, container="projects", token=key)
    use_tsdb(client)
    use_many_rows(client)
    use_label_time(client)
    use_kv(client)
    use_wrong_key(url)
    client.delete("tsdb", EVENTS)
    client.delete("tsdb", "label-time")
    print(f"ok {checks} checks")


if __name__ == "__main__":
    main(*sys.argv[1:3])
