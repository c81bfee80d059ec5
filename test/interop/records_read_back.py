"""Reads the endpoint records with both Python clients of the platform, attribute by attribute.

    python records_read_back.py WEB_API FRAMESD ACCESS_KEY PROJECT ENDPOINTS_JSON

ENDPOINTS_JSON is what the function's own command line prints: the two must be equal in every value,
and every value must have the type in which MLRun's readers take it.
"""

import json
import sys
import warnings

import v3io.dataplane
import v3io_frames

from checks import check, check_equal, check_same_keys, is_missing, report

warnings.simplefilter("ignore")

CONTAINER = "projects"
FLOATS = ("latency_avg_", "predictions_per_second")
SCHEMA_TYPES = {str: "string", bool: "boolean", int: "long", float: "double"}


def typed(record):
    """JSON has one kind of number: averages and rates are floats, whole or not."""
    return {
        name: float(value) if name.startswith(FLOATS) else value for name, value in record.items()
    }


def check_record(found, expected, about):
    check_same_keys(found, expected, about)
    for name, value in expected.items():
        check_equal(found[name], value, f"{about}, {name}")


def check_items(client, table, project, expected):
    """As MLRun's API lists the endpoints of a project, and gets one of them."""
    cursor = client.kv.new_cursor(
        CONTAINER, table + "/", filter_expression=f"project=='{project}'"
    )
    listed = {item.pop("__name"): item for item in cursor.all()}
    check_same_keys(listed, expected, "listed by project")
    for endpoint_id, record in expected.items():
        check_record(listed[endpoint_id], record, f"listed item {endpoint_id}")
        item = client.kv.get(CONTAINER, table + "/", endpoint_id).output.item
        check_record(item, record, f"item {endpoint_id}")
        some = client.kv.get(
            CONTAINER, table + "/", endpoint_id, attribute_names=["error_count", "active"]
        )
        check_equal(some.output.item, {k: record[k] for k in ("error_count", "active")}, "two of it")
    nobody = client.kv.new_cursor(CONTAINER, table + "/", filter_expression="project=='nobody'")
    check_equal(nobody.all(), [], "records of another project")


def check_schema(client, table, expected):
    schema = json.loads(client.object.get(CONTAINER, f"{table}/.#schema").body)
    check_equal(schema["key"], "endpoint_id", "key of the schema")
    types = {field["name"]: field["type"] for field in schema["fields"]}
    needed = {
        name: SCHEMA_TYPES[type(value)]
        for record in expected.values()
        for name, value in record.items()
    }
    check_record(types, needed, "schema")


def check_table(frames, table, expected):
    """The whole table as a DataFrame, which needs the schema to be true."""
    frame = frames.read("kv", table)
    check_equal(frame.index.name, "endpoint_id", "index of the DataFrame")
    check_equal(sorted(frame.index), sorted(expected), "ids of the DataFrame")
    names = {name for record in expected.values() for name in record} - {"endpoint_id"}
    check_same_keys(frame.columns, names, "columns of the DataFrame")
    for endpoint_id, record in expected.items():
        # The client loses a column of this name: it sets `labels` of the DataFrame to the frame's own.
        for name in names - {"labels"}:
            found = frame.loc[endpoint_id, name]
            # numpy's numbers are compared as Python's own.
            found = found.item() if hasattr(found, "item") else found
            about = f"cell {endpoint_id}, {name}"
            if name in record:
                check_equal(found, record[name], about)
            else:
                check(is_missing(found) or found == "", f"{about}: {found!r} and not missing")
    check_equal(labels_by_id(frames, table), {k: v["labels"] for k, v in expected.items()}, "labels")
    first = sorted(expected)[0]
    one = frames.read("kv", table, columns=["model"], filter=f"endpoint_id=='{first}'")
    check_equal(list(one["model"]), [expected[first]["model"]], "one row by filter")


def labels_by_id(frames, table):
    labels = {}
    for frame in frames.read("kv", table, get_raw=True):
        (ids,) = (index.strings for index in frame.indices())
        labels.update(zip(ids, frame.column_data("labels"), strict=True))
    return labels


def main(web_api, framesd, key, project, endpoints_path):
    with open(endpoints_path, encoding="utf-8") as file:
        expected = {record["endpoint_id"]: typed(record) for record in json.load(file)}
    check(len(expected) > 0, "there are endpoints")
    table = f"{project}/model-endpoints/endpoints"
    client = v3io.dataplane.Client(endpoint=web_api, access_key=key)
    check_items(client, table, project, expected)
    check_schema(client, table, expected)
    check_table(v3io_frames.Client(framesd, container=CONTAINER, token=key), table, expected)
    report()


if __name__ == "__main__":
    main(*sys.argv[1:])
