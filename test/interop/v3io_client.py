"""Shows that the Python client of the platform works against a server of the V3IO web API.

    pip install v3io==0.7.2
    python v3io_client.py http://127.0.0.1:PORT ACCESS_KEY [aio]

Wants an empty container `projects`; with `aio` the asyncio client is used too, which needs aiohttp.
Prints `ok N checks`, or ends with the first assertion that fails.
"""

import array
import asyncio
import datetime
import sys

import v3io.dataplane
from v3io.dataplane.response import HttpResponseError

CONTAINER = "projects"
TABLE = "interop/table/"
STREAM = "interop/stream"
NEVER = v3io.dataplane.RaiseForStatus.never

check_count = 0


def check(actual, expected):
    global check_count
    check_count += 1
    assert actual == expected, f"{actual!r} instead of {expected!r}"


def check_status(status, action, *args, **kwargs):
    """The call must raise, and its error must name the status."""
    try:
        action(*args, **kwargs)
    except HttpResponseError as error:
        check(error.status_code, status)
        return str(error)
    raise AssertionError(f"no error with status {status}")


def attributes_of(key, number):
    return {
        "key": key,
        "count": number,
        "ratio": number + 0.5,
        "tiny": 1e-07,
        "large": 2**62 + number,
        "text": 'h\u00e9llo "it\'s"',
        "bytes": b"\x00\xff",
        "ints": [1, -2, 2**40],
        "doubles": array.array("d", [1.5, -2.25]),
        "when": datetime.datetime(2021, 6, 1, 10, 0, 0, 250000, tzinfo=datetime.timezone.utc),
    }


def decoded(attributes):
    """What the client makes of an item that was put: arrays come back as lists."""
    return {**attributes, "doubles": list(attributes["doubles"])}


def check_items(client):
    kv = client.kv
    for number in range(5):
        kv.put(CONTAINER, TABLE, f"k{number}", attributes_of(f"k{number}", number))
    check(kv.get(CONTAINER, TABLE, "k1").output.item, decoded(attributes_of("k1", 1)))
    check(kv.get(CONTAINER, TABLE, "k1", attribute_names=["count", "__name", "no"]).output.item,
          {"count": 1, "__name": "k1"})
    check_status(404, kv.get, CONTAINER, TABLE, "absent")

    kv.update(CONTAINER, TABLE, "k1", attributes={"count": 7, "state": "new"})
    item = kv.get(CONTAINER, TABLE, "k1").output.item
    check((item["count"], item["state"], item["ratio"]), (7, "new", 1.5))
    kv.put(CONTAINER, TABLE, "k0", {"only": 1})
    check(kv.get(CONTAINER, TABLE, "k0").output.item, {"only": 1})

    kv.update(CONTAINER, TABLE, "k2", expression="count = count + 40; ints[2] = ints[2] + 1; delete(text)")
    item = kv.get(CONTAINER, TABLE, "k2").output.item
    check((item["count"], item["ints"], "text" in item), (42, [1, -2, 2**40 + 1], False))

    response = kv.put(CONTAINER, TABLE, "new", {"a": 1})
    verifier = response.headers["X-v3io-transaction-verifier"]
    assert verifier.startswith("__mtime_secs=="), verifier
    kv.put(CONTAINER, TABLE, "new", {"a": 2}, condition=verifier)
    message = check_status(400, kv.put, CONTAINER, TABLE, "new", {"a": 3}, condition=verifier)
    assert "16777244" in message, message
    check(kv.get(CONTAINER, TABLE, "new").output.item, {"a": 2})
    kv.update(CONTAINER, TABLE, "new", expression="a = 0", condition="a > 5", alternate_expression="a = a + 10")
    check(kv.get(CONTAINER, TABLE, "new").output.item, {"a": 12})
    kv.delete(CONTAINER, TABLE, "new")
    check_status(404, kv.delete, CONTAINER, TABLE, "new")
    check(kv.delete(CONTAINER, TABLE, "new", raise_for_status=NEVER).status_code, 404)


def check_scans(client):
    kv = client.kv
    kv.create_schema(CONTAINER, TABLE, key="key",
                     fields=[{"name": "key", "type": "string", "nullable": False}])
    schema = client.object.get(CONTAINER, TABLE + ".#schema").body
    assert b'"key":"key"' in schema.replace(b" ", b""), schema

    def names(**kwargs):
        cursor = kv.new_cursor(CONTAINER, TABLE, attribute_names=["__name"], **kwargs)
        return [item["__name"] for item in cursor.all()]

    check(names(), [".#schema", "k0", "k1", "k2", "k3", "k4"])
    check(names(filter_expression='__name!=".#schema"', limit=3), ["k0", "k1", "k2"])
    check(names(filter_expression="count >= 3 and count != 7"), ["k2", "k3", "k4"])
    segments = [names(segment=segment, total_segments=3) for segment in range(3)]
    check(sorted(sum(segments, [])), names())
    item = kv.new_cursor(CONTAINER, TABLE, filter_expression="key == 'k3'").all()
    check(item, [{**decoded(attributes_of("k3", 3)), "__name": "k3"}])
    page = kv.scan(CONTAINER, TABLE, limit=2).output
    check((len(page.items), page.last), (2, False))
    page = kv.scan(CONTAINER, TABLE, limit=9, marker=page.next_marker).output
    check((len(page.items), page.last, page.next_marker), (4, True, None))
    check_status(404, kv.scan, CONTAINER, "interop/absent/")


def check_objects(client):
    path = "interop/files/a \u20ac#1.parquet"
    client.object.put(CONTAINER, path, body=b"0123456789")
    client.object.put(CONTAINER, path, body=b"ab", append=True)
    check(client.object.get(CONTAINER, path).body, b"0123456789ab")
    check(client.object.get(CONTAINER, path, offset=10).body, b"ab")
    check(client.object.get(CONTAINER, path, offset=2, num_bytes=3).body, b"234")
    check(client.object.head(CONTAINER, path).status_code, 200)
    check_status(404, client.object.head, CONTAINER, "interop/files/absent")
    client.object.put(CONTAINER, "interop/files/deep/file", body="x")

    listing = client.container.list(CONTAINER, "interop/files/").output
    check([content.key for content in listing.contents], [path])
    check([content.size for content in listing.contents], [12])
    check([prefix.prefix for prefix in listing.common_prefixes], ["interop/files/deep/"])
    full = client.container.list(CONTAINER, "interop/files", get_all_attributes=True, directories_only=True).output
    check((full.contents, full.common_prefixes[0].inode_number > 0), ([], True))
    first = client.container.list(CONTAINER, "interop/files", limit=1).output
    rest = client.container.list(CONTAINER, "interop/files", marker=first.next_marker).output
    check((first.is_truncated, rest.is_truncated, len(rest.common_prefixes)), ("true", "false", 1))
    check_status(404, client.container.list, CONTAINER, "interop/absent")
    assert CONTAINER in [container.name for container in client.get_containers().output.containers]

    check_status(409, client.object.delete, CONTAINER, "interop/files/")
    for each in ("interop/files/deep/file", "interop/files/deep/", path, "interop/files/"):
        check(client.object.delete(CONTAINER, each).status_code, 204)


def check_streams(client):
    stream = client.stream
    stream.create(CONTAINER, STREAM, shard_count=2, retention_period_hours=48)
    check_status(409, stream.create, CONTAINER, STREAM, shard_count=2)
    output = stream.describe(CONTAINER, STREAM).output
    check((output.shard_count, output.retention_period_hours), (2, 48))
    records = [
        {"shard_id": 1, "data": "first", "client_info": "info"},
        {"shard_id": 1, "data": b"\x00\xff", "partition_key": "key"},
        {"shard_id": 9, "data": "lost"},
    ]
    output = stream.put_records(CONTAINER, STREAM, records).output
    check((output.failed_record_count, output.records[2].error_code), (1, -201326594))
    location = stream.seek(CONTAINER, STREAM, 1, "EARLIEST").output.location
    output = stream.get_records(CONTAINER, STREAM, 1, location).output
    check([record.data for record in output.records], [b"first", b"\x00\xff"])
    check([record.client_info for record in output.records], [b"info", None])
    check([record.partition_key for record in output.records], [None, "key"])
    check((output.records_behind_latest, output.msec_behind_latest), (0, 0))
    later = stream.seek(CONTAINER, STREAM, 1, "SEQUENCE",
                        starting_sequence_number=output.records[1].sequence_number).output.location
    check(len(stream.get_records(CONTAINER, STREAM, 1, later).output.records), 1)
    latest = stream.seek(CONTAINER, STREAM, 1, "LATEST").output.location
    check(stream.get_records(CONTAINER, STREAM, 1, latest).output.records, [])
    timed = stream.seek(CONTAINER, STREAM, 1, "TIME", timestamp_sec=output.records[1].arrival_time_sec,
                        timestamp_nsec=output.records[1].arrival_time_nsec).output.location
    check(len(stream.get_records(CONTAINER, STREAM, 1, timed, limit=5).output.records), 1)
    stream.update(CONTAINER, STREAM, 3)
    check(stream.describe(CONTAINER, STREAM).output.shard_count, 3)
    stream.delete(CONTAINER, STREAM)
    check_status(404, stream.describe, CONTAINER, STREAM)


def check_keys(url):
    stranger = v3io.dataplane.Client(endpoint=url, access_key="wrong", logger_verbosity="ERROR")
    check_status(403, stranger.kv.get, CONTAINER, TABLE, "k1")
    stranger.close()


async def check_asyncio(url, key):
    import v3io.aio.dataplane

    client = v3io.aio.dataplane.Client(endpoint=url, access_key=key, logger_verbosity="ERROR")
    await client.kv.put(CONTAINER, TABLE, "async", attributes_of("async", 1))
    await client.kv.update(CONTAINER, TABLE, "async", expression="count = count + 1")
    item = (await client.kv.get(CONTAINER, TABLE, "async")).output.item
    check((item["count"], item["text"]), (2, attributes_of("async", 1)["text"]))
    cursor = client.kv.new_cursor(CONTAINER, TABLE, filter_expression="key == 'async'")
    check(len(await cursor.all()), 1)
    await client.object.put(CONTAINER, "interop/async file", body=b"bytes")
    check((await client.object.get(CONTAINER, "interop/async file")).body, b"bytes")
    await client.stream.create(CONTAINER, STREAM, shard_count=1)
    await client.stream.put_records(CONTAINER, STREAM, [{"shard_id": 0, "data": "x"}])
    location = (await client.stream.seek(CONTAINER, STREAM, 0, "EARLIEST")).output.location
    output = (await client.stream.get_records(CONTAINER, STREAM, 0, location)).output
    check([record.data for record in output.records], [b"x"])
    await client.stream.delete(CONTAINER, STREAM)
    await client.close()


def main():
    url, key = sys.argv[1:3]
    client = v3io.dataplane.Client(endpoint=url, access_key=key, logger_verbosity="ERROR")
    check_items(client)
    check_scans(client)
    check_objects(client)
    check_streams(client)
    check_keys(url)
    if "aio" in sys.argv[3:]:
        asyncio.run(check_asyncio(url, key))
    client.close()
    print(f"ok {check_count} checks")


if __name__ == "__main__":
    main()
