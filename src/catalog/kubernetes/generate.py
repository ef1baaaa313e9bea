"""Writes paths.tsv: every path and method of the published description of the Kubernetes API, and what it does there.

The Kubernetes Python client is generated from that description (`api/openapi-spec/swagger.json`), one function an operation;
the function's name begins with the operation's action (`x-kubernetes-action`). Facts only; nothing is sent.

    python3 -m venv VENV && VENV/bin/pip install -r requirements.txt
    VENV/bin/python generate.py [--check]
"""

import importlib.metadata
import pathlib
import re
import sys

import kubernetes.client.api

HERE = pathlib.Path(__file__).parent
OPERATION = re.compile(r"def _(\w+)_serialize\(\n.*?method='(\w+)',\s*resource_path='([^']+)'", re.S)
# The longest prefix first: `delete_collection_` begins with `delete_`.
ACTIONS = [
    ("delete_collection_", "deletecollection"),
    ("connect_", "connect"),
    ("create_", "post"),
    ("delete_", "delete"),
    ("list_", "list"),
    ("patch_", "patch"),
    ("read_", "get"),
    ("replace_", "put"),
]
# What the description calls no resource, by the path's first literal.
SERVER = {
    ".well-known": "openid",
    "openid": "openid",
    "logs": "logs",
    "version": "version",
    "api": "discovery",
    "apis": "discovery",
}
VERBS = {"post": "create", "put": "update"}
# Custom resources stand in the client by hand: their functions carry no description.
SAMPLES = {"{group}": "example.com", "{version}": "v1", "{plural}": "widgets", "{resource_plural}": "widgets"}


def action_of(name, path):
    if is_custom(path):
        name = name.replace("get_api_resources", "discover").replace("list_cluster_", "list_")
        name = re.sub(r"^get_", "read_", name)
    return next((action for prefix, action in ACTIONS if name.startswith(prefix)), "-")


def is_custom(path):
    return path.startswith("/apis/{group}")


def operation_of(path, action):
    """The id: group, plural and subresource from the path's literals, the verb from the action."""
    for label, sample in SAMPLES.items():
        path = path.replace(label, sample)
    parts = [part for part in path.split("/") if part]
    if action == "-":
        return f"kubernetes:server:{SERVER[parts[0]]}.get"
    group, rest = ("core", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        rest = rest[2:]
    sub = f"/{rest[2]}" if len(rest) > 2 else ""
    return f"kubernetes:{group}:{rest[0]}{sub}.{VERBS.get(action, action)}"


def kind_of(text, name, action):
    """The kind that a POST or PUT takes, from the type of its body."""
    if action not in ("post", "put"):
        return "-"
    signature = text.split(f"def {name}(\n", 1)[1].split(") ->", 1)[0]
    body = re.search(r"\bbody: *(\w+)", signature)
    kind = re.sub(
        r"^(Core|Events|Storage|Discovery|Flowcontrol|Authentication|Admissionregistration|Rbac|Resource)?V\d+((alpha|beta)\d+)?",
        "",
        body.group(1),
    )
    return kind if kind and kind != "object" else "-"


def rows():
    for file in sorted(pathlib.Path(kubernetes.client.api.__path__[0]).glob("*.py")):
        text = file.read_text()
        for name, method, path in OPERATION.findall(text):
            action = action_of(name, path)
            kind = "-" if is_custom(path) else kind_of(text, name, action)
            yield path, method, action, operation_of(path, action), kind


def main():
    version = importlib.metadata.version("kubernetes")
    head = [
        "# path\tmethod\taction\toperation\tkind: every operation of the published description of the Kubernetes API. action: its",
        "# `x-kubernetes-action`, `-` for what is no resource; operation: our id; kind: what a POST or PUT takes.",
        f"# Facts of the Kubernetes API as the Python client {version} carries them (Copyright The Kubernetes Authors, Apache",
        "# License 2.0). Written by generate.py.",
    ]
    text = "\n".join([*head, *sorted({"\t".join(row) for row in rows()})]) + "\n"
    target = HERE / "paths.tsv"
    if "--check" in sys.argv:
        sys.exit(None if target.read_text() == text else "paths.tsv is not what generate.py writes")
    target.write_text(text)


if __name__ == "__main__":
    main()
