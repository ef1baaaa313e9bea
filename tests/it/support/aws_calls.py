"""Calls of a table, made with boto3 and the AWS CLI; one line of JSON for each answer.

The file of the first argument (`aws_calls.json`): {"refused": [CASE...], "slowed": [CASE...]}. A case has `what`, `service`,
`call`, `arguments`, and may have `speak` (a protocol that the service declares beside the one that botocore prefers), `as`
(`broken`: evidence that disagrees; `presigned`; `unsigned`; `upload`: a body that may come only when the server says so) and
`cli` (its arguments).
"""

import contextlib
import io
import itertools
import json
import os
import random
import re
import sys
import threading
import time
import urllib.error
import urllib.request

import botocore.session
from awscli.clidriver import create_clidriver
from botocore import UNSIGNED
from botocore.awsrequest import AWSConnection
from botocore.config import Config
from botocore.exceptions import ClientError

MODES = {"legacy": "eu-north-1", "standard": "eu-west-1", "adaptive": "eu-central-1"}
BODY = 4 << 20
said = threading.Lock()


def say(**line):
    with said:
        # The command line's own output is caught meanwhile.
        print(json.dumps(line), file=sys.__stdout__, flush=True)


sent = threading.local()
send = AWSConnection.send


def counted(connection, data):
    """After an early answer botocore goes on to read a body, and sends nothing of it."""
    if not connection._response_received:
        sent.bytes = getattr(sent, "bytes", 0) + len(data)
    return send(connection, data)


AWSConnection.send = counted
# `legacy` draws its waits between nothing and twice the last one; here always the longest.
random.random = lambda: 1.0
sessions = {}


def session(speak):
    """One session for each protocol that is to be preferred: it reads each model once."""
    if speak not in sessions:
        made = botocore.session.Session()
        loader = made.get_component("data_loader")
        load = loader.load_service_model

        def chosen(name, kind, api_version=None):
            model = load(name, kind, api_version)
            if speak and kind == "service-2":
                metadata = model["metadata"]
                assert speak in metadata["protocols"], metadata["protocols"]
                metadata["protocol"], metadata["protocols"] = speak, [speak]
            return model

        loader.load_service_model = chosen
        sessions[speak] = made
    return sessions[speak]


def client(case, mode, attempts=None):
    config = {"retries": {"mode": mode} | ({"max_attempts": attempts} if attempts else {})}
    if case.get("as") == "unsigned":
        config["signature_version"] = UNSIGNED
    made = session(case.get("speak")).create_client(
        case["service"], region_name=MODES[mode], config=Config(**config)
    )
    if case.get("as") == "broken":
        def spoil(request, **_):
            header = request.headers["Authorization"]
            text = header.decode() if isinstance(header, bytes) else header
            request.headers["Authorization"] = re.sub(r"/[^/]+/aws4_request", "/polly/aws4_request", text)

        made.meta.events.register("before-send", spoil)
    return made


def called(made, case):
    arguments = dict(case.get("arguments", {}))
    if case.get("as") == "upload":
        arguments["Body"] = io.BytesIO(bytes(BODY))
    sent.bytes = 0
    try:
        getattr(made, case["call"])(**arguments)
        return {"status": 200}
    except ClientError as error:
        metadata = error.response["ResponseMetadata"]
        return {
            "status": metadata["HTTPStatusCode"],
            "code": error.response["Error"]["Code"],
            "message": error.response["Error"]["Message"],
            "retries": metadata["RetryAttempts"],
            "decision": metadata["HTTPHeaders"].get("x-blastgate-decision"),
            "sent": sent.bytes,
        }


def presigned(made, case):
    """What somebody sees who was given the URL."""
    url = made.generate_presigned_url(
        case["call"], Params=case.get("arguments", {}), HttpMethod=case.get("method")
    )
    try:
        request = urllib.request.Request(url, method=case.get("method", "GET"))
        return {"status": urllib.request.urlopen(request).status}
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        code = re.search("<Code>(.*?)</Code>", text) or re.search('"__type": *"(.*?)"', text)
        return {"status": error.code, "code": code and code[1], "message": text, "retries": 0}


def refused(case):
    for mode in MODES:
        made = client(case, mode)
        ended = presigned(made, case) if case.get("as") == "presigned" else called(made, case)
        say(what=case["what"], mode=mode, **ended)


def on_command_line(case, mode):
    out, err = io.StringIO(), io.StringIO()
    os.environ["AWS_RETRY_MODE"] = mode
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = create_clidriver().main([*case["cli"], "--region", MODES[mode]])
    del os.environ["AWS_RETRY_MODE"]
    say(what=case["what"], mode=f"cli {mode}", code=code, message=err.getvalue())


def slowed(case, mode, made):
    """The second call finds the limit used up."""
    first, second = called(made, case), called(made, case)
    say(what=case["what"], mode=mode, first=first, second=second)


work = json.load(open(sys.argv[1]))
waiting = [
    threading.Thread(target=slowed, args=(case, mode, client(case, mode, 10)), daemon=True, name=f"{case['what']} {mode}")
    for case in work["slowed"]
    for mode in MODES
]
for thread in waiting:
    thread.start()
modes = itertools.cycle(MODES)
for case in work["refused"]:
    refused(case)
    if "cli" in case:
        on_command_line(case, next(modes))
until = time.monotonic() + 30
for thread in waiting:
    thread.join(max(0, until - time.monotonic()))
late = [thread.name for thread in waiting if thread.is_alive()]
assert not late, late
