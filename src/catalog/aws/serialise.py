#!/usr/bin/env python3
"""Lets the real client serialise and sign requests, without sending any, for the tests to read back.

    VENV/bin/python serialise.py           rewrite cases/every-operation.tsv and cases/recorded.jsonl

every-operation.tsv holds one request for every twelfth operation of the tables, with generated required parameters (operations.py
makes all of them). recorded.jsonl holds the requests of labelled/*.py with what is expected of them.
"""
import base64
import importlib.util
import json
import pathlib
import re
import sys
import uuid
from urllib.parse import urlsplit

import botocore.awsrequest
import botocore.config
import botocore.session
import botocore.tokens
import botocore.validate

# Idempotency tokens would differ at every run.
uuid.uuid4 = lambda: uuid.UUID(int=1)
HERE = pathlib.Path(__file__).resolve().parent
ACCOUNT = 111122223333
FIXED = {"Bucket": "example-bucket", "AccountId": str(ACCOUNT), "TableName": "orders",
         "DesiredState": "{}", "PatchDocument": "[]", "ExpectedBucketOwner": str(ACCOUNT), "ExpectedSourceBucketOwner": str(ACCOUNT),
         "PredictEndpoint": "https://realtime.machinelearning.us-east-1.amazonaws.com",
         "QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/jobs",
         "KvsARN": f"arn:aws:cloudfront::{ACCOUNT}:key-value-store/x"}


def key_of(account):
    """An access key id (invented) that encodes this account, as ids do since 2019."""
    raw = ((1 << 47) | (account << 7)).to_bytes(6, "big") + b"\0\0\0\0"
    return "AKIA" + base64.b32encode(raw).decode()


class Caught(Exception):
    def __init__(self, request):
        self.request = request


def catch(request, **_):
    raise Caught(request)


def answer(request, **more):
    """Stops every call, but tells a client that asks first where its cell is."""
    asked = request.headers.get("X-Amz-Target", b"").endswith(b".DescribeEndpoints")
    if not asked or CALLED == ["DescribeEndpoints"]:
        catch(request, **more)
    address = re.sub(r"^(ingest|query)", r"\1-cell1", urlsplit(request.url).netloc)
    body = json.dumps({"Endpoints": [{"Address": address, "CachePeriodInMinutes": 1440}]}).encode()
    return botocore.awsrequest.AWSResponse(request.url, 200, {"content-type": "application/x-amz-json-1.0"}, Raw(body))


class Raw:
    def __init__(self, body):
        self.body = body

    def stream(self):
        yield self.body


class Token:
    """For the services that take a bearer token."""

    def load_token(self, **_):
        return botocore.tokens.FrozenAuthToken("not-a-secret")


SESSION = botocore.session.get_session()
SESSION.set_credentials(key_of(ACCOUNT), "not-a-secret")
SESSION.register_component("token_provider", Token())
CLIENTS = {}
CALLED = [""]


def client(service, region, **options):
    key = (service, region, repr(options))
    if key not in CLIENTS:
        config = botocore.config.Config(parameter_validation=False, inject_host_prefix=True, **options)
        made = SESSION.create_client(service, region_name=region, config=config)
        made.meta.events.register("before-send", answer)
        CLIENTS[key] = made
    return CLIENTS[key]


def serialise(service, operation, params, region="us-east-1", **options):
    """The prepared request that the client would send."""
    made = client(service, region, **options)
    CALLED[0] = operation
    try:
        made._make_api_call(operation, params)
    except Caught as caught:
        request = caught.request
        body = request.body
        if hasattr(body, "read"):
            body = body.read()
        if isinstance(body, str):
            body = body.encode()
        headers = [(k, v.decode() if isinstance(v, bytes) else v) for k, v in request.headers.items()]
        return request.method, request.url, headers, body or b""
    raise RuntimeError("nothing was sent")


def value(shape, name, depth=0):
    kind = shape.type_name
    if kind == "structure":
        return {k: value(m, k, depth + 1) for k, m in shape.members.items() if k in shape.required_members} if depth < 6 else {}
    if kind == "list":
        return [value(shape.member, name, depth + 1)]
    if kind == "map":
        return {"k": value(shape.value, name, depth + 1)}
    if kind == "boolean":
        return False
    if kind in ("integer", "long"):
        return 1
    if kind in ("float", "double"):
        return 1.0
    if kind == "timestamp":
        return "2026-01-01T00:00:00Z"
    if kind == "blob":
        return b"x"
    if shape.enum:
        return shape.enum[0]
    if name in FIXED:
        return FIXED[name]
    if not name.lower().endswith("arn"):
        return "x1"
    # Kinesis' endpoint rules look into them.
    kind = next((kind for kind in ("queue", "channel") if name.lower().startswith(kind)), "stream")
    return f"arn:aws:kinesis:us-east-1:{ACCOUNT}:{kind}/x"


def every_operation():
    lines, skipped = [], []
    for line in (HERE / "operations.tsv").read_text().splitlines()[1::12]:
        cells = line.split("\t")
        cli, name = cells[:2]
        service = {"configservice": "config", "deploy": "codedeploy"}.get(cli, cli)
        if service not in SESSION.get_available_services():
            continue  # from manual.tsv
        model = SESSION.get_service_model(service)
        if name not in model.operation_names:
            continue  # from manual.tsv
        op = model.operation_model(name)
        params = value(op.input_shape, "") if op.input_shape else {}
        try:
            method, url, headers, body = serialise(service, name, params)
        except Exception as error:  # the client itself refuses
            skipped.append(f"{cli} {name}: {type(error).__name__} {error}"[:200])
            continue
        lines.append("\t".join([cli, name, method, url.split("://")[1], compact(headers, cells), form(body, headers)]))
    (HERE / "cases" / "every-operation.tsv").write_text(
        "# Written by serialise.py. Columns: service operation method host+target headers form\n" + "\n".join(lines) + "\n")
    print(len(lines), "operations;", len(skipped), "skipped")
    print("\n".join(skipped))


def compact(headers, cells):
    """Headers that identification reads; the scope stands for Authorization."""
    kept, required = [], [part[2:].lower() for part in cells[5].split(",") if part.startswith("h:")]
    for key, text in headers:
        low = key.lower()
        if low == "authorization" and text.startswith("AWS4"):
            kept.append("scope: " + "/".join(text.split("Credential=")[1].split(",")[0].split("/")[2:-1]))
        elif low in ("x-amz-target", "smithy-protocol", "content-type", "x-amz-copy-source") or low in required:
            kept.append(f"{low}: {text}")
    return "|".join(kept)


def form(body, headers):
    if any(k.lower() == "content-type" and "urlencoded" in v for k, v in headers):
        # A presigned URL inside the form holds the day's date and a signature.
        text = re.sub(r"20\d{6}(T\d{6}Z)?(?=%)", "20260101", body.decode())
        return re.sub(r"(Signature%3D)[0-9a-f]{64}", r"\g<1>0", text)
    return ""


def labelled():
    """(file, case) of every labelled call, in the order of the files' names."""
    for path in sorted((HERE / "labelled").glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield from ((path.name, case) for case in module.CASES)


def check(service, operation, params):
    """A misspelt member would vanish silently: the client's own validation is off, because some cases leave out what it asks for."""
    shape = SESSION.get_service_model(service).operation_model(operation).input_shape
    report = botocore.validate.ParamValidator().validate(params, shape).generate_report() if shape else ""
    wrong = [line for line in report.splitlines() if not line.startswith(("Missing required", "Invalid length", "Invalid range"))]
    return "; ".join(wrong)


def recorded():
    wrong, count = [], 0
    with open(HERE / "cases" / "recorded.jsonl", "w") as out:
        for name, case in labelled():
            service, operation, params, expect, *more = case
            options = dict(more[0]) if more else {}
            if complaint := check(service, operation, params):
                wrong.append(f"{name}: {service} {operation}: {complaint}")
            method, url, headers, body = serialise(service, operation, params, **options)
            keep = {"authorization", "content-type", "x-amz-target", "smithy-protocol", "content-encoding", "x-amz-content-sha256"}
            headers = [[k.lower(), v] for k, v in headers if k.lower() in keep or k.lower().startswith("x-amz")]
            headers = [h for h in headers if h[0] not in ("x-amz-date", "x-amz-user-agent")]
            for header in headers:  # a signature differs at every run and is never looked at
                if header[0] == "authorization":
                    header[1] = header[1].split("Signature=")[0] + "Signature=0"
                    parts = header[1].split("/")
                    parts[1] = "20260101"
                    header[1] = "/".join(parts)
            row = {"call": f"{service} {operation}", "method": method, "url": url, "headers": headers}
            try:
                row["body"] = body.decode()
            except UnicodeDecodeError:
                row["body_b64"] = base64.b64encode(body).decode()
            row["expect"] = expectation(expect)
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    print(count, "cases")
    if wrong:
        sys.exit("\n".join(wrong))


def expectation(text):
    """`operation impact scope [key=value …]`; resources=a,b hazards=x,y count=3 reversible=no account=… region=…"""
    operation, impact, scope, *rest = text.split(" ")
    return {"operation": operation, "impact": impact, "scope": scope, **dict(part.split("=", 1) for part in rest)}


if __name__ == "__main__":
    (HERE / "cases").mkdir(exist_ok=True)
    every_operation()
    recorded()
