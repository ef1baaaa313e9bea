#!/usr/bin/env python3
"""Lets the real client build the request of every method, without sending any, as lines of JSON for the tests to read back.

    VENV/bin/python serialise.py              every method of every document
    VENV/bin/python serialise.py --part 1/24  every 24th document

A line: service, name, variant (plain, every, media, resumable, batch), method, url, headers, body (base64). `every` gives all
parameters, `plain` the required ones. The last line holds how many were printed.
"""
import base64
import functools
import io
import json
import re
import sys

from google.auth.credentials import AnonymousCredentials
from googleapiclient import http
from googleapiclient.discovery import build_from_document, createMethod, fix_method_name, key2param

try:
    from re import _parser as sre
except ImportError:
    import sre_parse as sre

from documents import documents, methods



def sample(pattern):
    """A text that the pattern matches."""
    return "".join(part(*node) for node in sre.parse(pattern))


def part(kind, value):
    kind = str(kind)
    if kind == "LITERAL":
        return chr(value)
    if kind == "NOT_LITERAL":
        return "x" if value != ord("x") else "y"
    if kind == "ANY":
        return "x"
    if kind == "IN":
        return chosen(value)
    if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inner = value
        times = max(least, min(2, most)) if least or str(inner[0][0]) in ("IN", "ANY") else 0
        return "".join(part(*node) for _ in range(times) for node in inner)
    if kind == "SUBPATTERN":
        return "".join(part(*node) for node in value[-1])
    if kind == "BRANCH":
        return "".join(part(*node) for node in value[1][0])
    return ""


def chosen(choices):
    inverted = str(choices[0][0]) == "NEGATE"
    if inverted:
        return "x"
    kind, value = choices[0]
    if str(kind) == "RANGE":
        low, high = value
        return "x" if low <= ord("x") <= high else "7" if low <= ord("7") <= high else chr(low)
    return ("7" if "DIGIT" in str(value) else "x") if str(kind) == "CATEGORY" else chr(value)


def value(schema):
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("pattern") and schema.get("type") == "string":
        made = sample(schema["pattern"])
        if re.match(schema["pattern"], made):
            return made
    kind = schema.get("type")
    made = {"boolean": False, "integer": 1, "number": 1.0}.get(kind, "x7")
    if kind == "string" and schema.get("format") in ("int64", "uint64", "int32", "uint32"):
        made = "7"
    return made


def arguments(found, every):
    """The method's arguments, by the client's names."""
    given = {}
    for name, schema in found.method.get("parameters", {}).items():
        # The client's own, which it puts among them.
        if name in ("body", "media_body", "media_mime_type"):
            continue
        if schema.get("required") or schema.get("location") == "path" or every:
            made = value(schema)
            given[key2param(name)] = [made] if schema.get("repeated") else made
    if "request" in found.method:
        given["body"] = {}
    return given


def reach(client, found):
    """The client's own function for the method: `compute.instances.delete` is `client.instances().delete`."""
    *way, last = paths[found.method["id"], id(found.method)]
    for name in way:
        client = getattr(client, fix_method_name(name))()
    function = getattr(client, fix_method_name(last))
    if function.__name__ == "method":
        return function
    # A collection of the same name hides the method: it is made as the client makes the others.
    _, method = createMethod(last, found.method, found.document, client._schema)
    return functools.partial(method, client)


paths = {}


def walk(node, way=()):
    for name, method in node.get("methods", {}).items():
        paths[method["id"], id(method)] = (*way, name)
    for name, child in node.get("resources", {}).items():
        walk(child, (*way, name))


def media(resumable):
    return http.MediaIoBaseUpload(io.BytesIO(b"bytes"), mimetype="application/octet-stream", resumable=resumable, chunksize=1024 * 1024)


def line(found, variant, request):
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    return {"service": found.service, "name": found.name, "variant": variant, "method": request.method, "url": request.uri,
            "headers": list(request.headers.items()), "body": base64.b64encode(body).decode()}


# What the client itself cannot send: it takes a parameter of the path for the API key, or fails on its own cast.
UNSENT = {("recaptchaenterprise", "projects.keys.retrieveLegacySecretKey"), ("dfareporting", "videoFormats.get")}


def lines(document):
    walk(document)
    client = build_from_document(document, credentials=AnonymousCredentials())
    for found in methods(document):
        if (found.service, found.name) in UNSENT:
            continue
        function = reach(client, found)
        for variant in ("plain", "every"):
            try:
                yield line(found, variant, function(**arguments(found, variant == "every")))
            except (TypeError, ValueError) as error:
                yield {"service": found.service, "name": found.name, "variant": variant, "skipped": str(error)}
        if "mediaUpload" in found.method:
            protocols = found.method["mediaUpload"]["protocols"]
            for variant in ("media", "resumable"):
                if variant == "resumable" and "resumable" not in protocols:
                    continue
                given = arguments(found, False) | {"media_body": media(variant == "resumable")}
                yield line(found, variant, function(**given))


def batch(document):
    """One batch of every document: its first calls, as BatchHttpRequest writes them."""
    client = build_from_document(document, credentials=AnonymousCredentials())
    chosen = [found for found in methods(document) if "mediaUpload" not in found.method][:3]
    requests = [reach(client, found)(**arguments(found, False)) for found in chosen]
    made = client.new_batch_http_request()
    sent = []

    class Caught(Exception):
        pass

    class Http:
        def request(self, uri, method="GET", body=None, headers=None, **_):
            sent.append((uri, method, body, headers))
            raise Caught

    for request in requests:
        made.add(request)
    try:
        made.execute(http=Http())
    except Caught:
        pass
    uri, method, body, headers = sent[0]
    return {"service": chosen[0].service, "name": [f"{found.service}:{found.name}" for found in chosen], "variant": "batch", "method": method,
            "url": uri, "headers": list(headers.items()), "body": base64.b64encode(body.encode()).decode()}


def main():
    part_of, of = (int(number) for number in (sys.argv[2] if "--part" in sys.argv else "1/1").split("/"))
    printed = 0
    for at, document in enumerate(documents()):
        if at % of != part_of - 1:
            continue
        for one in lines(document):
            print(json.dumps(one))
            printed += 1
        if document.get("batchPath") and any("mediaUpload" not in found.method for found in methods(document)):
            print(json.dumps(batch(document)))
            printed += 1
    print(json.dumps({"printed": printed}))


if __name__ == "__main__":
    main()
