"""The discovery documents of the pinned google-api-python-client, as methods with their paths."""
import json
import pathlib
import re

import googleapiclient

DOCUMENTS = pathlib.Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
# A parameter's pattern is a row of segments; `.*` may hold slashes.
SEGMENT = re.compile(r"\^(.*)\$")
# Older patterns are not anchored and spell a segment out: `folders/[0-9]{1,25}`, `zones/([a-z](...)?|[1-9][0-9]{0,19})`.
GROUP = re.compile(r"(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\[[^\]]*\](?:\{[^}]*\})?)+\??")
VERSION = re.compile(r"(v\d+(?:\.\d+)?(?:(?:alpha|beta|p|internal)[\w]*)?|alpha|beta)")


class Method:
    """One method of one version of one API."""

    def __init__(self, document, method):
        self.document = document
        self.method = method
        self.service, _, self.name = method["id"].partition(".")
        self.service = self.service.lower()
        self.verb = method["httpMethod"]
        self.words = words(self.name.rsplit(".", 1)[-1])
        parts = self.name.split(".")
        self.noun = parts[-2] if len(parts) > 1 else "-"
        self.parameters = {**document.get("parameters", {}), **method.get("parameters", {})}
        self.request = self.schema(method.get("request"))
        self.response = method.get("response", {}).get("$ref", "")

    def schema(self, reference):
        return self.document.get("schemas", {}).get(reference["$ref"], {}) if reference and "$ref" in reference else reference or {}

    def paths(self):
        """Every (path template, flags) that means this method."""
        path = self.document.get("servicePath", "") + self.method["path"]
        base = self.document.get("basePath", "/")
        if self.method["path"].startswith("/"):
            path = self.method["path"].lstrip("/")
        elif base not in ("", "/") and not path.startswith(base.strip("/")):
            path = base.strip("/") + "/" + path
        yield "/" + self.template(path), "-"
        for protocol in self.method.get("mediaUpload", {}).get("protocols", {}).values():
            yield "/" + self.template(protocol["path"].lstrip("/")), "blob"
        if "mediaUpload" in self.method and self.template(path).count("upload") == 0:
            yield "/resumable/upload/" + self.template(path), "blob"

    def template(self, path):
        """`v1/{+name}:verb` as `v1/projects/{projectsId}:verb`."""
        made = re.sub(r"\{(\+?)([^}]+)\}", lambda found: self.spread(found), path)
        # Two labels of which the first takes any number of segments are one that does.
        return re.sub(r"\{\w+\+\}/\{(\w+)\}$", r"{\1+}", made)

    def spread(self, found):
        name = found.group(2)
        pattern = self.parameters.get(name, {}).get("pattern", "") if found.group(1) else ""
        if pattern and not pattern.startswith("^"):
            pattern = "^" + (pattern if "[^/]+" in pattern else GROUP.sub("[^/]+", pattern)) + "$"
        inner = SEGMENT.fullmatch(pattern)
        if not inner and found.group(1) and name in ("folder", "organization"):
            return "%ss/{%s}" % (name, name)
        if not inner:
            return "{%s+}" % name if found.group(1) else "{%s}" % name
        taken, before, out = set(), "", []
        for segment in inner.group(1).replace("[^/]+", "\0").split("/"):
            if segment in ("\0", ".*"):
                label = "".join(part for part in re.split(r"\W", before)) or name
                label = label + "Id" if before else label
                while label in taken:
                    label += "_"
                taken.add(label)
                out.append("{%s%s}" % (label, "+" if segment == ".*" else ""))
            elif re.fullmatch(r"[\w.-]+", segment):
                out.append(segment)
            elif segment.endswith(".*") and re.fullmatch(r"[\w.-]*", segment[:-2]):
                out += [segment[:-2], "{rest+}"] if segment[:-2] else ["{rest+}"]
            else:
                raise SystemExit(f"{self.method['id']}: pattern {pattern}")
            before = segment
        return "/".join(out)

    def is_read_only_scope(self):
        return any("readonly" in scope or scope.endswith(".read") for scope in self.method.get("scopes", []))


def words(name):
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)


def documents():
    for path in sorted(DOCUMENTS.glob("*.json")):
        if path.name != "index.json":
            yield json.loads(path.read_text())


def methods(document, node=None):
    node = document if node is None else node
    for method in node.get("methods", {}).values():
        yield Method(document, method)
    for child in node.get("resources", {}).values():
        yield from methods(document, child)
