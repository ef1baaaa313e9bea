"""The parameters that decide: the conditions of reviewed.tsv, spread over the methods that have their members, and what documents tell."""
import re

from effects import applies, parent

# Parameters that Google documents as "only check": honoured wherever they are documented.
CHECKS = ("validateOnly", "dryRun", "validateOnly.value")
NOT_HONOURED = re.compile(r"not (yet )?(supported|implemented)|reserved|deprecated|ignored", re.I)


def members(when):
    for part in re.split(r" & ", when):
        part = re.sub(r"^(dry|count|wide|resource) ", "", part)
        found = re.match(r"!?(query|body|header|path)\.([A-Za-z0-9_.*-]+)", part)
        if not found:
            raise SystemExit(f"reviewed.tsv: `{when}` names no member")
        yield found.group(1), found.group(2)


def has(method, place, path):
    if place == "query":
        return method.parameters.get(path, {}).get("location") == "query"
    if place == "body":
        return reaches(method, method.request, path.split("."))
    return True


def reaches(method, schema, path):
    schema = resolved(method, schema)
    if not path:
        return True
    if path[0] == "*":
        return "additionalProperties" in schema and reaches(method, schema["additionalProperties"], path[1:])
    inner = schema.get("properties", {}).get(path[0])
    return inner is not None and reaches(method, inner, path[1:])


def resolved(method, schema):
    while schema.get("type") == "array" or "$ref" in schema:
        schema = method.schema(schema) if "$ref" in schema else schema.get("items", {})
    return schema


class Conditions:
    def __init__(self, effects):
        self.effects = effects
        self.rows = set()

    def of(self, method):
        key = (method.service, method.name)
        for index, (_, name, when, *cells) in self.effects.of_service(method.service):
            if when == "-" or not applies(name, method):
                continue
            if all(has(method, *member) for member in members(when)):
                self.effects.used.add(("reviewed", index))
                impact, scope, *rest = cells
                self.rows.add((*key, when, impact, parent(method, scope), *rest))
        if method.verb not in ("GET", "HEAD"):
            for when in derived(method):
                self.rows.add((*key, when, "-", "-", "-", "-", "-"))


    def by_review(self, method):
        """The conditions of a method that no document describes: its rows name it in full."""
        for index, (_, name, when, *cells) in self.effects.of_service(method.service):
            if when != "-" and name == method.name:
                self.effects.used.add(("reviewed", index))
                self.rows.add((method.service, method.name, when, *cells))


def derived(method):
    for name in CHECKS:
        parameter = method.method.get("parameters", {}).get(name, {})
        if parameter.get("location") == "query" and parameter.get("type") == "boolean" and not NOT_HONOURED.search(parameter.get("description", "")):
            yield f"dry query.{name}=true"
        inner = method.request.get("properties", {}).get(name, {})
        if inner.get("type") == "boolean" and not NOT_HONOURED.search(inner.get("description", "")):
            yield f"dry body.{name}=true"
    arrays = [name for name, inner in method.request.get("properties", {}).items() if inner.get("type") == "array"]
    if method.words[0] in ("batch", "bulk") and len(arrays) == 1:
        yield f"count body.{arrays[0]}"
    if method.words[0] in ("create", "insert") and method.verb == "POST":
        singular = re.sub(r"ies$", "y", method.noun)[:None if method.noun.endswith("ies") else -1 if method.noun.endswith("s") else None]
        for name in (singular + "Id", method.noun + "Id"):
            if method.parameters.get(name, {}).get("location") == "query":
                yield f"resource query.{name}"
                return
            if name in method.request.get("properties", {}):
                yield f"resource body.{name}"
                return
        if method.words == ["insert"] and method.request.get("properties", {}).get("name", {}).get("type") == "string":
            yield "resource body.name"
