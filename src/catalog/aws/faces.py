"""The other names of operations: the AWS CLI's commands, CloudFormation's types (which Cloud Control takes too).

`generate.py` calls this. The AWS CLI's own command table is walked: what the plain rule of `kebab` does not give stands in
`renamed.tsv`, and a command that is no operation must stand in `commands.tsv`, which is written by hand. A type's operations are
those that its schema's handlers may call (cfn-lint's copy of the resource schemas, Copyright Amazon.com, MIT No Attribution License) and
whose name is a verb and the type's own; `reviewed-faces.tsv` says the rest, and always counts.
"""
import json
import pathlib
import re
import sys

import botocore.session  # before the AWS CLI, which otherwise takes its own, older copy of the models
import awscli.clidriver
import cfnlint

HERE = pathlib.Path(__file__).resolve().parent
# The names that the AWS CLI gives to services, where the tables' are others; `s3` holds only high-level commands there.
SERVICES = {"runtime.sagemaker": "sagemaker-runtime", "s3api": "s3"}
# Verbs of operations by what a type's handler is for; the first one that there is counts.
VERBS = {
    "create": ["Create", "Generate", "Put", "Register", "Run", "Allocate", "Request", "Import", "Publish", "Add", "Define", "Start", "Enable",
               "Associate", "Attach", "Authorize", "Provision", "Subscribe", "Set", "Update", "Modify"],
    "update": ["Update", "Modify", "Put", "Set", "Replace"],
    "delete": ["Delete", "Terminate", "Deregister", "Remove", "Release", "Disassociate", "Detach", "Revoke", "Disable", "Unsubscribe",
               "Deprovision", "Stop"],
}
READS = re.compile(r"(Batch)?(Describe|Get|List|Search|Lookup|View|Query|Tag|Untag|AddTag|RemoveTag|CreateTags|DeleteTags|ChangeTags)")
ID = re.compile(r"(Ids?|IDs?|Names?|Arns?|ARNs?|Identifiers?)$")
# CloudFormation's names of services that differ from all names which the service tables hold.
NAMESPACES = {
    "ACMPCA": "acm-pca", "APS": "amp", "AmazonMQ": "mq", "ApiGatewayV2": "apigatewayv2", "CertificateManager": "acm",
    "CodeDeploy": "deploy", "Config": "configservice", "DirectoryService": "ds", "ElasticLoadBalancing": "elb", "DocDB": "docdb",
    "ElasticLoadBalancingV2": "elbv2", "Elasticsearch": "es", "EventSchemas": "schemas", "Events": "events",
    "InspectorV2": "inspector2", "KinesisFirehose": "firehose", "MSK": "kafka", "Macie": "macie2", "Neptune": "neptune",
    "OpenSearchService": "opensearch", "RDS": "rds", "Rbin": "rbin", "S3": "s3", "SSO": "sso-admin", "StepFunctions": "stepfunctions",
    "Cassandra": "keyspaces", "ServiceCatalogAppRegistry": "servicecatalog-appregistry", "ECR": "ecr", "SES": "sesv2",
}


def rows(name):
    for number, line in enumerate((HERE / name).read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            yield number, line.split("\t")


def kebab(name):
    """The rule of `faces.rs`: a hyphen before a capital that begins a word, and before a plural of capitals (`ARNs`)."""
    plural = re.search(r"[A-Z]{2,}s$", name)
    if plural:
        name = name[: plural.start()] + "-" + plural.group().lower()
    out = ""
    for at, letter in enumerate(name):
        before, after = name[at - 1: at], name[at + 1: at + 2]
        begins = letter.isupper() and at and before != "-" and (after.islower() or before.islower() or before.isdigit())
        out += ("-" if begins else "") + letter
    return out.lower()


def commands(operations):
    """renamed.tsv: operations whose command is not what `kebab` makes of their names, and services by other names."""
    by_hand, found, names = {}, [], {}
    for number, cells in rows("commands.tsv"):
        if len(cells) != 6:
            sys.exit(f"commands.tsv:{number}: {len(cells)} columns, not 6")
        by_hand.setdefault(cells[0], set()).add(cells[1])
        for one in cells[3].split(",") if cells[3] != "-" else ():
            service, name = one.split(":")
            if name != "unidentified" and name not in operations.get(service, ()):
                sys.exit(f"commands.tsv:{number}: there is no operation `{one}`")
    for service, ops in operations.items():
        names[service] = {kebab(name): name for name in ops}
        if len(names[service]) != len(ops):
            sys.exit(f"two operations of `{service}` are one command")
    for cli, command in awscli.clidriver.create_clidriver()._get_command_table().items():
        if not hasattr(command, "service_model"):
            high = set(getattr(command, "subcommand_table", ()))
            if cli not in by_hand and type(command).__name__ != "PreviewCommand" or high - by_hand.get(cli, high) - {"*"} and "*" not in by_hand[cli]:
                sys.exit(f"commands.tsv lacks `aws {cli}` {sorted(high)}")
            continue
        service = SERVICES.get(cli, cli)
        if service != cli:
            found.append([cli, "-", service])
        ours = by_hand.get(cli, set()) | by_hand["*"]
        for name, sub in command._get_command_table().items():
            model = getattr(sub, "_operation_model", None)
            operation = model.name if model is not None else names[service].get(name)
            if operation is None:
                if name not in ours:
                    sys.exit(f"commands.tsv lacks `aws {cli} {name}`, which is no operation")
            elif operation not in operations[service]:
                sys.exit(f"`aws {cli} {name}` is `{operation}`, which the tables do not hold")
            elif names[service].get(name) != operation:
                found.append([service, name, operation])
    return found


def plain(name):
    return re.sub(r"[^a-z0-9]", "", name.lower())


def singular(word):
    return word[:-3] + "y" if word.endswith("ies") else word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def derive(operations, nouns, action, allowed=None):
    """The operation whose name is a verb for this action and the noun; `-` where there is none."""
    for verb in VERBS[action]:
        for same in (plain, lambda text: singular(plain(text))):
            found = {op for op in operations for noun in nouns if op.startswith(verb) and op[len(verb):]
                     and same(op[len(verb):]) == same(noun) and (allowed is None or op in allowed)}
            if len(found) == 1:
                return found.pop()
    return "-"


def identifiers(noun, names, resources):
    """The members that the parts of a primary identifier stand for; a lone one is the operation's only resource."""
    parts = []
    for name in names:
        leaf = name.rsplit("/", 1)[-1]
        spellings = [singular(plain(leaf)), singular(plain(noun + leaf)), plain(ID.sub("", leaf)),
                     singular(plain(re.findall("[A-Z][a-z0-9]*|$", noun)[-2:][0] + leaf))]
        same = [one for like in spellings for one in resources if like and like in (singular(plain(one)), plain(ID.sub("", one)))]
        parts.append(same[0] if same else resources[0] if len(names) == 1 == len(resources) else "-")
    return "|".join(parts)


def schemas():
    folder = pathlib.Path(cfnlint.__file__).parent / "data" / "schemas"
    for name, digest in json.loads((folder / "providers" / "us-east-1.json").read_text()).items():
        yield name, json.loads((folder / "resources" / (digest + ".json")).read_text())


def allowed_by(schema, action, prefixes):
    """The operations that the handler may call, without the reads; `None` where the schema does not tell."""
    handler = schema.get("handlers", {}).get(action, {}).get("permissions")
    if handler is None:
        return None
    pairs = [one.split(":", 1) for one in handler if ":" in one]
    return {name for prefix, name in pairs if prefix in prefixes and not READS.match(name)}


def service_of(namespace, services):
    known = {plain(name): name for name in services}
    return NAMESPACES.get(namespace) or known.get(plain(namespace))


def types(operations, services, resources):
    """cloudformation.tsv: `operations` and `resources` by service, `services` maps a name to its IAM prefixes."""
    reviewed = {cells[0]: cells for _, cells in rows("reviewed-faces.tsv") if cells[0].startswith("AWS::")}
    found, properties = [], {}
    for name, schema in schemas():
        properties[name] = schema.get("properties", ())
        _, namespace, noun = name.split("::")
        service = service_of(namespace, services)
        row = [name, service or "-", "-", "-", "-"]
        if service:
            nouns = [noun, namespace + noun]
            for column, action in enumerate(("create", "update", "delete"), 2):
                allowed = allowed_by(schema, action, services[service])
                # Some handlers name no operations of the API's: `apigateway:DELETE`.
                named = allowed if allowed and any(one in operations[service] for one in allowed) else None
                row[column] = derive(operations[service], nouns, action, named)
                if row[column] == "-" and named and action != "update" and len(named & set(operations[service])) == 1 == len(named):
                    row[column] = next(iter(named))
        own = reviewed.pop(name, None)
        if own:
            row = [name] + [mine if mine != "=" else derived for mine, derived in zip(own[1:5], row[1:5])]
        check(row, operations)
        if row[2:5] == ["-"] * 3:
            continue
        deciding = row[4] if row[4] != "-" else row[2]
        found.append(row + [identifiers(noun, schema["primaryIdentifier"], resources.get((row[1], deciding), []))])
    for cells in [reviewed.pop(name) for name in list(reviewed) if "/" in name]:
        name, prop = cells[0].split("/")
        if prop not in properties.get(name, ()):
            sys.exit(f"reviewed-faces.tsv: `{name}` has no property `{prop}`")
        check(cells, operations)
        found.append(cells if len(cells) > 5 else [*cells, "-"])
    if reviewed:
        sys.exit("reviewed-faces.tsv names types that there are not: " + " ".join(reviewed))
    return found


def check(row, operations):
    for name in row[2:5]:
        if name != "-" and name not in operations.get(row[1], ()):
            sys.exit(f"reviewed-faces.tsv: `{row[0]}`: there is no operation `{row[1]}` `{name}`")


def tables(services, rows_of_operations):
    """`services` and operations as rows of their tables."""
    operations, resources = {}, {}
    for cells in rows_of_operations:
        operations.setdefault(cells[0], []).append(cells[1])
        own = [cell.split(":", 1)[1] for cell in cells[8].split() if "r" in cell.split(":")[0]]
        resources[cells[0], cells[1]] = [re.sub(r"[\[{].*", "", one.split("@")[0]) for one in own]
    prefixes = {cells[0]: {cells[0], cells[1], cells[2], *cells[3].split(",")} for cells in services}
    return {
        "cloudformation.tsv": ("type service create update delete identifier", types(operations, prefixes, resources)),
        "renamed.tsv": ("service command operation", commands(operations)),
    }
