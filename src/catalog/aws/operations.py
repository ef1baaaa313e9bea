#!/usr/bin/env python3
"""Asks the real client to serialise and sign operations, and prints each request as a line of JSON. Nothing is sent.

    VENV/bin/python operations.py [--part N/M] [--variant NAME]…

--part takes every M-th service, beginning with the N-th (1/1: all). Variants: `plain` (required members), `full` (every member),
`china`, `gov`, `sovereign`, `dualstack`, `fips`, `endpoint` (a custom endpoint, so that the host says nothing), `protocol` (every
other protocol that the service declares), `presigned` (what a GET can carry). Without --variant: all of them.

A line: {"service", "operation", "variant", "method", "url", "headers": [[name, value]…], "body": base64}, or {"service", "operation",
"variant", "skipped": why} where the client itself refuses. The last line counts what was printed.
"""
import argparse
import base64
import json
import sys
import uuid
from urllib.parse import urlsplit

import botocore.config
import botocore.serialize
import botocore.session

import serialise

uuid.uuid4 = lambda: uuid.UUID(int=1)
REGIONS = {"china": "cn-north-1", "gov": "us-gov-west-1", "sovereign": "eusc-de-east-1"}
VARIANTS = ["plain", "full", *REGIONS, "dualstack", "fips", "endpoint", "protocol", "presigned"]
CLI_NAMES = {"config": "configservice", "codedeploy": "deploy"}
SESSION = serialise.SESSION


def full(shape, name, depth=0):
    """A value with every member, as far as it does not repeat itself."""
    kind = shape.type_name
    if kind == "structure":
        if depth > 4:
            return serialise.value(shape, name, depth)
        members = shape.members
        if getattr(shape, "is_tagged_union", False):
            members = dict(list(members.items())[:1])
        return {key: full(member, key, depth + 1) for key, member in members.items()}
    if kind == "list":
        return [full(shape.member, name, depth + 1)]
    if kind == "map":
        return {"k": full(shape.value, name, depth + 1)}
    return serialise.value(shape, name, depth)


def options(variant):
    if variant == "dualstack":
        return {"use_dualstack_endpoint": True}
    if variant == "fips":
        return {"use_fips_endpoint": True}
    return {}


def client(service, variant, protocol=None):
    config = botocore.config.Config(parameter_validation=False, inject_host_prefix=True, **options(variant))
    extra = {"endpoint_url": "http://127.0.0.1:9000"} if variant == "endpoint" else {}
    made = SESSION.create_client(service, region_name=REGIONS.get(variant, "us-east-1"), config=config, **extra)
    if protocol:
        made._serializer = botocore.serialize.create_serializer(protocol, False)
        made.meta.service_model.metadata["protocol"] = protocol
        made.meta.service_model.__dict__["resolved_protocol"] = protocol
    made.meta.events.register("before-send", serialise.answer)
    return made


def line(made, operation, params):
    serialise.CALLED[0] = operation
    try:
        made._make_api_call(operation, params)
    except serialise.Caught as caught:
        request = caught.request
        body = request.body.read() if hasattr(request.body, "read") else request.body or b""
        headers = [[k, v.decode() if isinstance(v, bytes) else v] for k, v in request.headers.items()]
        return request.method, request.url, headers, body.encode() if isinstance(body, str) else body
    raise RuntimeError("nothing was sent")


def presigned(made, operation, params):
    """What a URL alone carries: forms by GET, S3's calls by their own method."""
    names = {name: method for method, name in made.meta.method_to_api_mapping.items()}
    form = made.meta.service_model.service_name != "s3"
    method = "GET" if form else made.meta.service_model.operation_model(operation).http["method"]
    url = made.generate_presigned_url(names[operation], Params=params, HttpMethod=method)
    if form and "?" not in url:
        raise ValueError("the client puts nothing into the URL")
    return method, url, [["Host", urlsplit(url).netloc]], b""


def has_urls(made):
    return made.meta.service_model.resolved_protocol in ("query", "ec2") or made.meta.service_model.service_name == "s3"


def calls(service, variant):
    """(operation, request or exception) of every operation."""
    model = SESSION.get_service_model(service)
    protocols = [None]
    if variant == "protocol":
        preferred = SESSION.get_service_model(service).metadata["protocol"]
        protocols = [p for p in model.metadata.get("protocols") or [] if p != preferred]
    for protocol in protocols:
        try:
            made = client(service, variant, protocol)
        except Exception as error:
            yield from ((name, error) for name in model.operation_names)
            continue
        if variant == "presigned" and not has_urls(made):
            return
        for name in model.operation_names:
            shape = model.operation_model(name).input_shape
            params = (full if variant == "full" else serialise.value)(shape, "") if shape else {}
            if "PredictEndpoint" in params:
                params["PredictEndpoint"] = f"https://realtime.machinelearning.{made.meta.region_name}.amazonaws.com"
            try:
                yield name, presigned(made, name, params) if variant == "presigned" else line(made, name, params)
            except Exception as error:
                yield name, error


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", default="1/1")
    parser.add_argument("--variant", action="append", choices=VARIANTS)
    parser.add_argument("--service", action="append")
    given = parser.parse_args()
    first, step = (int(number) for number in given.part.split("/"))
    printed = skipped = 0
    for service in given.service or SESSION.get_available_services()[first - 1::step]:
        for variant in given.variant or VARIANTS:
            for name, request in calls(service, variant):
                row = {"service": CLI_NAMES.get(service, service), "operation": name, "variant": variant}
                if isinstance(request, Exception):
                    skipped += 1
                    row["skipped"] = f"{type(request).__name__}: {request}"[:200]
                else:
                    printed += 1
                    method, url, headers, body = request
                    row |= {"method": method, "url": url, "headers": headers, "body": base64.b64encode(body).decode()}
                print(json.dumps(row))
    print(json.dumps({"printed": printed, "skipped": skipped}))


if __name__ == "__main__":
    sys.exit(main())
