"""What the Parquet files must hold for a file of events, worked out from the events alone.

It knows just as much as well-formed events need: every row is accepted, nothing comes late. It shares
nothing with the function.
"""

import hashlib
import json
import math
from collections import defaultdict
from datetime import datetime

DEFAULT_VERSION = "latest"


class Endpoint:
    def __init__(self):
        self.error_count = 0
        self.first = self.last = None

    def see(self, when):
        """The earliest and the latest request so far, each as (time, text)."""
        moment = (datetime.fromisoformat(when), when)
        self.first = moment if self.first is None else min(self.first, moment)
        self.last = moment if self.last is None else max(self.last, moment)


def predictions_of(lines):
    """{(endpoint id, "YYYY", "MM", "DD", "HH"): [row, ...]}, rows in the order of their events."""
    endpoints = defaultdict(Endpoint)
    files = defaultdict(list)
    for line in lines:
        for call in calls_of(json.loads(line)):
            endpoint_id, model = identity_of(call)
            endpoint = endpoints[endpoint_id]
            if "error" in call:
                endpoint.error_count += 1
                continue
            endpoint.see(call["when"])
            time = endpoint_time(call)
            hour = tuple(time.strftime("%Y %m %d %H").split())
            for features, prediction in pairs_of(call):
                row = row_of(call, endpoint, features, prediction)
                row |= {"endpoint_id": endpoint_id, "model": model, "timestamp": time}
                files[endpoint_id, *hour].append(row)
    return files


def endpoint_time(call):
    return datetime.fromisoformat(call["when"])


def calls_of(event):
    """A batch holds many calls under one head; any other event is one call."""
    if "headers" not in event:
        return [event]
    head = {name: value for name, value in event.items() if name not in ("headers", "values")}
    return [head | dict(zip(event["headers"], values)) for values in event["values"]]


def identity_of(call):
    """Endpoint id and versioned model."""
    if call.get("endpoint_id"):
        version = call.get("version")
        return call["endpoint_id"], f"{call['model']}:{version}" if version else call["model"]
    version = call.get("version") or DEFAULT_VERSION
    project, rest = call["function_uri"].split("/", 1)
    rest, _, tag = rest.partition(":")
    function, _, hash_key = rest.partition("@")
    text = f"{project}_{function}_{tag or hash_key or 'N/A'}_{call['model']}_{version}"
    return hashlib.sha1(text.encode()).hexdigest(), f"{call['model']}:{version}"


def pairs_of(call):
    return zip(call["request"]["inputs"], call["resp"]["outputs"], strict=True)


def row_of(call, endpoint, features, prediction):
    names = call["request"].get("input_schema") or [f"f{i}" for i in range(len(features))]
    request_id = call["request"].get("id")
    values = prediction if isinstance(prediction, list) else [prediction]
    return {
        "function_uri": call["function_uri"],
        "model_class": call["class"],
        "request_id": call["resp"]["id"] if request_id is None else request_id,
        "first_request": endpoint.first[1],
        "last_request": endpoint.last[1],
        "latency": call["microsec"],
        "error_count": endpoint.error_count,
        "prediction": [value_of(value) for value in values],
        "named_features": {n: value_of(v) for n, v in zip(names, features, strict=True)},
        "labels": {n: text_of(v) for n, v in call.get("labels", {}).items()} or None,
        "entities": {
            n: text_of(v) for n, v in (call["request"].get("entities") or {}).items()
        } or None,
        "metrics": {
            n: float(v)
            for n, v in (call.get("metrics") or {}).items()
            if isinstance(v, (int, float))
        } or None,
    }


def value_of(value):
    """Numbers as doubles, texts as they are, None for what is missing."""
    if value is None or isinstance(value, str):
        return value
    return float(value) if math.isfinite(value) else None


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
