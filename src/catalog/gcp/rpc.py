#!/usr/bin/env python3
"""Writes rpc.tsv: which operation a gRPC method is. Input: the .proto files of npm's google-proto-files (Google, Apache License 2.0).

    npm pack google-proto-files@6.0.1 && tar xzf google-proto-files-6.0.1.tgz
    VENV/bin/python rpc.py package            # the unpacked folder

`google.api.http` says which method and path a gRPC method has over REST; the discovery documents say which operation that is. What has no
such path, or one that no document holds, keeps its own name (`ClusterManager.DeleteCluster`) and is judged by its words.
"""
import pathlib
import re
import sys

from documents import documents, methods

HERE = pathlib.Path(__file__).resolve().parent
HTTP = re.compile(r'\b(get|put|post|delete|patch)\s*:\s*((?:"[^"]*"\s*)+)')
CUSTOM = re.compile(r'custom\s*:?\s*\{\s*kind\s*:\s*"([^"]*)"\s*path\s*:\s*"([^"]*)"')


def block(text, at):
    """The text between the braces that open at or after `at`, and where it ends."""
    at = text.index("{", at)
    depth = 0
    quoted = False
    for index in range(at, len(text)):
        char = text[index]
        if char == '"' and text[index - 1] != "\\":
            quoted = not quoted
        elif not quoted and char == "{":
            depth += 1
        elif not quoted and char == "}":
            depth -= 1
            if depth == 0:
                return text[at + 1:index], index
    raise ValueError("no end")


def shape(path):
    """`/v1/{name=projects/*/things/*}:run` and `/v1/projects/{a}/things/{b}:run` are one shape."""
    path = re.sub(r"\{[^}=]*=([^}]*)\}", lambda found: found.group(1), path)
    path = re.sub(r"\{[^}]*\+\}|\*\*", "**", path)
    return re.sub(r"\{[^}]*\}|(?<!\*)\*(?!\*)", "*", path)


def services(folder):
    for path in sorted(pathlib.Path(folder).rglob("*.proto")):
        text = path.read_text()
        if not re.search(r"^service ", text, re.M):
            continue
        text = re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda found: found.group(1) or " ", text, flags=re.S)
        package = re.search(r"^\s*package\s+([\w.]+)\s*;", text, re.M)
        if not package or not package.group(1).startswith("google."):
            continue
        for found in re.finditer(r"^service\s+(\w+)", text, re.M):
            inner, _ = block(text, found.end())
            host = re.search(r'default_host\)\s*=\s*((?:"[^"]*"\s*)+)', inner)
            host = "".join(re.findall(r'"([^"]*)"', host.group(1))) if host else ""
            yield f"{package.group(1)}.{found.group(1)}", host.partition(":")[0], list(rpcs(inner))


def rpcs(text):
    for found in re.finditer(r"\brpc\s+(\w+)\s*\(\s*(stream\s+)?([\w.]+)\s*\)\s*returns\s*\(\s*(stream\s+)?([\w.]+)\s*\)\s*([{;])", text):
        options = block(text, found.end() - 1)[0] if found.group(6) == "{" else ""
        paths = [(kind.upper(), "".join(re.findall(r'"([^"]*)"', path))) for kind, path in HTTP.findall(options)]
        paths += CUSTOM.findall(options)
        yield found.group(1), bool(found.group(2)), paths


def listed():
    """host -> (HTTP method, shape) -> (service, name), and the services of a host."""
    table, owners = {}, {}
    for document in documents():
        host = document["rootUrl"].split("/")[2]
        for found in methods(document):
            owners.setdefault(host, set()).add(found.service)
            for path, _ in found.paths():
                table.setdefault((host, found.verb, shape(path)), (found.service, found.name))
    return table, owners


def main():
    table, owners = listed()
    rows, bindings = set(), set()
    for service, host, found in services(sys.argv[1]):
        if service.startswith("google.ads."):
            continue
        for name, streams, paths in found:
            keys = [(host, kind, shape(path)) for kind, path in paths]
            match = next((table[key] for key in keys if key in table), None)
            match = match or SAME.get(f"{service}/{name}")
            if service in COMMON:
                rows.add((f"{service}/{name}", "rpc", f"{service.rsplit('.', 1)[-1]}.{name}", "*", "-"))
            elif match and not streams:
                rows.add((f"{service}/{name}", *match, host, "-"))
                # A method has more paths than documents hold.
                bindings |= {(*match, kind, labelled(path)) for (kind, path), key in zip(paths, keys) if key not in table and "{" in path}
            elif match or host.endswith(".googleapis.com"):
                # A stream of messages is not held back, so that none of them decides: it has a name of its own.
                own = owners.get(host, {host.split(".")[0].lower()})
                if len(own) == 1:
                    rows.add((f"{service}/{name}", *own, f"{service.rsplit('.', 1)[-1]}.{name}", host, "stream" if streams else "-"))
    head = ["# Facts of googleapis' .proto files as npm's google-proto-files holds them (Apache License 2.0). Made by rpc.py: do not edit."]
    write("rpc.tsv", [*head, "# rpc service name host stream. Service `rpc` stands for what every host has; `stream`: the caller sends several messages"], rows)
    write("bindings.tsv", [*head, "# service name method path: paths that discovery documents leave out"], bindings)


def write(name, head, rows):
    (HERE / name).write_text("\n".join(head + ["\t".join(row) for row in sorted(rows)]) + "\n")


def labelled(path):
    """`/v1/{parent=projects/*/databases/*/documents}:runQuery` with the labels that documents use."""
    def spread(found):
        name, _, pattern = found.group(1).partition("=")
        out, before = [], ""
        for segment in (pattern or "*").split("/"):
            if segment in ("*", "**"):
                label = (before + "Id") if before else name.rsplit(".", 1)[-1]
                out.append("{%s%s}" % (label + "_" * sum(label in one for one in out), "+" if segment == "**" else ""))
            else:
                out.append(segment)
            before = segment if "*" not in segment else ""
        return "/".join(out)
    return re.sub(r"\{([^}]*)\}", spread, path)


# Interfaces that every API has beside its own.
COMMON = {"google.longrunning.Operations", "google.iam.v1.IAMPolicy", "google.cloud.location.Locations"}

# Methods whose .proto file tells no path, and the operations that they are. Where parameters of an operation's address decide, and the message
# holds them, the method keeps its own name: Storage.CreateBucket.
SAME = {
    "google.storage.v2.Storage/ComposeObject": ("storage", "objects.compose"),
    "google.storage.v2.Storage/DeleteBucket": ("storage", "buckets.delete"),
    "google.storage.v2.Storage/DeleteObject": ("storage", "objects.delete"),
    "google.storage.v2.Storage/GetBucket": ("storage", "buckets.get"),
    "google.storage.v2.Storage/GetObject": ("storage", "objects.get"),
    "google.storage.v2.Storage/ListBuckets": ("storage", "buckets.list"),
    "google.storage.v2.Storage/ListObjects": ("storage", "objects.list"),
    "google.storage.v2.Storage/LockBucketRetentionPolicy": ("storage", "buckets.lockRetentionPolicy"),
    "google.storage.v2.Storage/MoveObject": ("storage", "objects.move"),
    "google.storage.v2.Storage/ReadObject": ("storage", "objects.get"),
    "google.storage.v2.Storage/RestoreObject": ("storage", "objects.restore"),
    "google.storage.v2.Storage/UpdateBucket": ("storage", "buckets.patch"),
    "google.storage.v2.Storage/UpdateObject": ("storage", "objects.patch"),
}

if __name__ == "__main__":
    main()
