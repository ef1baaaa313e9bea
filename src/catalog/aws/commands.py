#!/usr/bin/env python3
"""Writes labelled calls as command lines of the AWS CLI, for the tests to compare with the recorded requests.

    VENV/bin/python commands.py [STEP]     rewrite cases/commands.jsonl with every STEPth call (12); nothing is sent

A line: which recorded request it is (`call`, the `nth` of that name), and the words of the command.
"""
import base64
import json
import sys

from botocore import xform_name

import serialise

# What the client sends elsewhere than the model says: what stands in a host, a file's content, a list in one header.
ELSEWHERE = {"neptune-graph", "cloudsearchdomain", "entityresolution", "qapps", "sdb"}


def table(name):
    lines = (serialise.HERE / name).read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


NAMES = {row[1]: row[0] for row in reversed(table("services.tsv"))}
RENAMED = {(row[0], row[2]): row[1] for row in table("renamed.tsv") if row[1] != "-"}


def plain(value):
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def words(service, operation, params, region="us-east-1"):
    name = NAMES.get(service, service)
    yield from ("aws", "s3api" if name == "s3" else name)
    yield RENAMED.get((name, operation)) or xform_name(operation, "-")
    yield from ("--region", region)
    for member, value in params.items():
        option, value = xform_name(member, "-"), plain(value)
        if isinstance(value, bool):
            yield f"--{option}" if value else f"--no-{option}"
        elif isinstance(value, list) and value and all(isinstance(one, (str, int)) for one in value):
            yield from (f"--{option}", *map(str, value))
        else:
            yield from (f"--{option}", json.dumps(value) if isinstance(value, (dict, list)) else str(value))


def main(step):
    seen = {}
    with open(serialise.HERE / "cases" / "commands.jsonl", "w") as out:
        for at, (_, (service, operation, params, _, *more)) in enumerate(serialise.labelled()):
            call, options = f"{service} {operation}", dict(more[0]) if more else {}
            seen[call] = seen.get(call, -1) + 1
            if at % step or service in ELSEWHERE or options.keys() - {"region"}:
                continue
            row = {"call": call, "nth": seen[call], "words": list(words(service, operation, params, **options))}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
