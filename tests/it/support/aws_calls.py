"""Calls of a table, made with boto3 and the AWS CLI; one line of JSON for each answer.

The file of the first argument: {"refused": [CASE...], "slowed": [CASE...]}. A case has `what`, `service`, `call`, `arguments`, and may have
`speak` (a protocol that the service declares beside the one that botocore prefers), `as` (`broken`: evidence that
disagrees; `presigned`; `unsigned`; `upload`: a body that is only read from when the server says that it may come) and `cli` (its arguments).
"""

import contextlib
import io
import json
import os
import re
import sys
import threading

import botocore.session
import urllib.error
import urllib.request
from awscli.clidriver import create_clidriver
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

MODES = {"legacy": "us-east-1", "standard": "eu-west-1", "adaptive": "eu-central-1"}
said = threading.Lock()


def say(**line):
    with said:
        print(json.dumps(line), flush=True)


class Watched(io.BytesIO):
    """How much of a body was taken."""

    taken = 0

    def read(self, size=-1):
        data = super().read(size)
        self.taken += len(data)
        return data


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
        arguments["Body"] = Watched(bytes(4 << 20))
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
            "taken": arguments["Body"].taken if case.get("as") == "upload" else 0,
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


def on_command_line(case):
    for mode, region in MODES.items():
        os.environ["AWS_RETRY_MODE"] = mode
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = create_clidriver().main([*case["cli"], "--region", region])
        say(what=case["what"], mode=f"cli {mode}", code=code, message=err.getvalue())
    del os.environ["AWS_RETRY_MODE"]


def slowed(case, mode, made):
    """The second call finds the limit used up."""
    first, second = called(made, case), called(made, case)
    say(what=case["what"], mode=mode, first=first, second=second)


work = json.load(open(sys.argv[1]))
waiting = [
    threading.Thread(target=slowed, args=(case, mode, client(case, mode, 10)))
    for case in work["slowed"]
    for mode in MODES
]
for thread in waiting:
    thread.start()
for case in work["refused"]:
    refused(case)
    if "cli" in case:
        on_command_line(case)
for thread in waiting:
    thread.join()
