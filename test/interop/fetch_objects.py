"""Copies the objects below a path out of the platform, with its Python client.

    python fetch_objects.py WEB_API ACCESS_KEY CONTAINER PATH FOLDER
"""

import os
import sys

import v3io.dataplane


def paths_below(client, container, path):
    marker = ""
    while True:
        page = client.container.list(container, path, marker=marker).output
        yield from (content.key for content in page.contents)
        for prefix in page.common_prefixes:
            yield from paths_below(client, container, prefix.prefix)
        if page.is_truncated != "true":
            return
        marker = page.next_marker


def main(web_api, key, container, path, folder):
    client = v3io.dataplane.Client(endpoint=web_api, access_key=key)
    count = 0
    for each in paths_below(client, container, path.rstrip("/") + "/"):
        copy = os.path.join(folder, os.path.relpath(each, path))
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        with open(copy, "wb") as file:
            file.write(client.object.get(container, each).body)
        count += 1
    assert count > 0, "there are no objects"
    print(f"ok {count} objects")


if __name__ == "__main__":
    main(*sys.argv[1:])
