#!/usr/bin/env python3
"""Writes the Google Cloud tables from the discovery documents of the pinned google-api-python-client.

    python -m venv VENV && VENV/bin/pip install -r requirements.txt
    VENV/bin/python generate.py            rewrite operations.tsv, conditions.tsv, hosts.tsv
    VENV/bin/python generate.py --check    exit 1 when a committed table differs

README.md beside this file tells what comes from where. A method that no table judges is an error, not a default.
"""
import collections
import pathlib
import re
import sys
from urllib.parse import urlsplit

from conditions import Conditions
from documents import VERSION, documents, methods, words
from rpc import shape
from effects import Effects, table

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = "# Facts of Google's API discovery documents as google-api-python-client holds them (Apache License 2.0). Made by generate.py: do not edit."


def cut(path):
    """(before, version, after): the path around its version segment. A version is no label and stands before the resource."""
    segments = path.split("/")
    for at, segment in enumerate(segments[:6]):
        word, _, verb = segment.partition(":")
        if VERSION.fullmatch(word):
            return "/".join(segments[:at]), word, "/".join(["\1" + (":" + verb if verb else ""), *segments[at + 1:]])
    return None


def operations(found):
    """Rows, the versions of one template folded into `{v1|v2}`."""
    folded = collections.defaultdict(set)
    for method, effect in found:
        for path, flags in method.paths():
            if method.method.get("deprecated") and flags == "-":
                flags = "deprecated"
            parts = cut(path)
            key = (method.service, method.name, method.verb, *(parts[::2] if parts else (path, None)), effect)
            folded[key].add((parts[1] if parts else "", flags))
    for (service, name, verb, before, after, effect), versions in folded.items():
        flags = "blob" if any(flag == "blob" for _, flag in versions) else "deprecated" if all(flag == "deprecated" for _, flag in versions) else "-"
        names = sorted({version for version, _ in versions})
        version = names[0] if len(names) == 1 else "{" + "|".join(names) + "}"
        path = before if after is None else before + "/" + after.replace("\1", version)
        yield (service, name, verb, path, *effect, flags, resource(path, name, after))


def more(effects, found):
    """Paths of the .proto files that documents leave out, and Cloud Storage's XML API."""
    known = {(method.service, method.name): effect for method, effect in found}
    templates = {(row[0], row[2], shape(one)) for row in operations(found) for one in alternatives(row[3])}
    for service, name, verb, path in table("bindings.tsv", 4):
        if (service, verb, shape(path)) not in templates and path.count("+}") < 2 and re.fullmatch(r"(?:/(?:[\w.-]+|\{\w+\+?\}))+(?::\w+)?", path):
            templates.add((service, verb, shape(path)))
            yield (service, name, verb, path, *known[service, name], "-", "-")
    for name, verb, path, *effect, flags, resource in table("xml.tsv", 10):
        yield ("storage", name, verb, path, *(known["storage", name] if effect[0] == "-" else effect), flags, resource)


class Rpc:
    """A gRPC method without a path: its name says what it does to what."""

    def __init__(self, service, name):
        self.service, self.name, self.verb = service, name, "POST"
        first, *rest = words(name.rsplit(".", 1)[-1])
        self.words = [first.lower(), *rest]
        noun = "".join([*rest[:1], *rest[1:]])
        noun = noun[:1].lower() + noun[1:]
        self.noun = noun if noun.endswith("s") else noun[:-1] + "ies" if noun.endswith("y") else noun + "s"


def rpcs(effects, conditions, found):
    """gRPC methods: the operation that they are; else what their words say; what these do not say stays unknown."""
    known = {(method.service, method.name): effect for method, effect in found}
    folded = collections.defaultdict(set)
    for rpc, service, name, _, stream in table("rpc.tsv", 5):
        package, version, rest = re.fullmatch(r"(.*?)(?:\.(v\d\w*))?(\.\w+/\w+)", rpc).groups()
        folded[service, name, package, rest, stream].add(version or "")
    for (service, name, package, rest, stream), versions in folded.items():
        effect = known.get((service, name))
        if effect is None:
            before = len(effects.errors)
            effect = effects.base(Rpc(service, name))
            if len(effects.errors) > before:
                del effects.errors[before:]
                continue
            conditions.by_review(Rpc(service, name))
        flags = "blob" if stream == "stream" else "-"
        names = sorted("." + version if version else "" for version in versions)
        if "" in names and len(names) > 1:
            names.remove("")
            yield (service, name, "POST", f"/{package}{rest}", *effect, flags, "-")
        version = names[0] if len(names) == 1 else ".{" + "|".join(one[1:] for one in names) + "}"
        yield (service, name, "POST", f"/{package}{version}{rest}", *effect, flags, "-")


def resource(path, name, after):
    """What is acted upon, where it is not the path below the version: classic paths end in the verb itself."""
    tail = path if after is None else after.partition("/")[2]
    tail = tail.strip("/")
    if ":" in tail:
        return "-"
    segments = tail.split("/")
    is_verb = len(segments) > 2 and segments[-1] == name.rsplit(".", 1)[-1] and segments[-2].startswith("{")
    return "/".join(segments[:-1]) if is_verb else "-"


def alternatives(path):
    choice = re.search(r"\{([^{}]*\|[^{}]*)\}", path)
    return [path] if not choice else [one for version in choice.group(1).split("|") for one in alternatives(path.replace(choice.group(0), version, 1))]


def hosts(found):
    """host -> services. Regional, mutual TLS and legacy names lead to the same API."""
    leads = collections.defaultdict(lambda: {"rpc"})
    for method, _ in found:
        document = method.document
        urls = [document["rootUrl"], document.get("mtlsRootUrl"), *(end["endpointUrl"] for end in document.get("endpoints", []))]
        for url in filter(None, urls):
            host = urlsplit(url if "//" in url else "https://" + url).hostname
            leads[host].add(method.service)
    # The shared name of older APIs, whose paths all begin with their own name.
    modern = {method.service for method, _ in found if any(VERSION.fullmatch(path.split("/")[1].partition(":")[0]) for path, _ in method.paths())}
    leads["www.googleapis.com"] = {"rpc"} | {method.service for method, _ in found} - modern | {"identitytoolkit", "sql"}
    for _, service, _, host, _ in table("rpc.tsv", 5):
        if host != "*":
            leads[host].add(service)
    for pattern, service in PATTERNS.items():
        leads[pattern].add(service)
    return leads


# Names that documents do not list: a region before the API's name, a bucket before storage's.
PATTERNS = {
    "*-run.googleapis.com": "run",
    "*-aiplatform.googleapis.com": "aiplatform",
    "*.storage.googleapis.com": "storage",
    "content-storage.googleapis.com": "storage",
    "storage-download.googleapis.com": "storage",
    "storage-upload.googleapis.com": "storage",
}


def write(name, head, rows):
    lines = [SOURCE, *head, *("\t".join(row) for row in rows)]
    text = "\n".join(lines) + "\n"
    path = HERE / name
    if "--check" in sys.argv:
        if path.read_text() != text:
            raise SystemExit(f"{name} is not what generate.py writes")
    else:
        path.write_text(text)


def main():
    effects = Effects()
    conditions = Conditions(effects)
    found = []
    for document in documents():
        for method in methods(document):
            effect = effects.base(method)
            conditions.of(method)
            found.append((method, effect))
    rows = set(operations(found)) | set(more(effects, found)) | set(rpcs(effects, conditions, found))
    errors = sorted(set(effects.errors)) + list(effects.unused()) + list(wrong(found))
    if errors:
        raise SystemExit("\n".join(errors))
    write("operations.tsv", ["# service name method path impact scope count reversible hazards flags resource"], sorted(rows))
    write("conditions.tsv", ["# service name when impact scope reversible hazards why"], sorted(conditions.rows))
    write("hosts.tsv", ["# host services. `*-` and `*.` stand for one label's beginning, or for labels, before it"],
          ((host, ",".join(sorted(services))) for host, services in sorted(hosts(found).items())))


def wrong(found):
    """What no table may say."""
    seen = {}
    for method, effect in found:
        impact = effect[0]
        name = f"{method.verb} {method.service}.{method.name}"
        if seen.setdefault((method.service, method.name), effect) != effect:
            yield f"{name}: {effect} and {seen[method.service, method.name]}"
        # A GET may do something, but only where a row names it.
        if method.verb == "DELETE" and impact in ("read", "create") and method.service not in ("spanner",):
            yield f"{name}: a DELETE that is {impact}"
        if impact not in ("destroy", "permission", "disrupt", "update") and re.search(r"(?i)(?<!un)delete|destroy|purge|drop|wipe|erase|truncate", method.name.rsplit(".", 1)[-1]) and method.service != "spanner":
            yield f"{name}: {impact}"


if __name__ == "__main__":
    main()
