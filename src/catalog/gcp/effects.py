"""What every method does: from verbs.tsv, nouns.tsv and reviewed.tsv."""
import fnmatch
import pathlib

from documents import words

HERE = pathlib.Path(__file__).resolve().parent
STRICT = ["read", "create", "update", "execute", "permission", "disrupt", "destroy", "unknown"]
PARENTS = {"organizations": "organization", "folders": "organization", "billingAccounts": "organization", "projects": "account"}


def table(name, columns):
    for number, line in enumerate((HERE / name).read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            cells = line.split("\t")
            if len(cells) != columns:
                raise SystemExit(f"{name}:{number}: {len(cells)} columns, not {columns}")
            yield cells


class Effects:
    def __init__(self):
        self.verbs = {}
        for begins, method, *rest in table("verbs.tsv", 7):
            self.verbs[(tuple(words(begins)), method)] = rest
        self.nouns = {(row[0], row[1]): row[2:] for row in table("nouns.tsv", 7)}
        self.reviewed = list(table("reviewed.tsv", 8))
        self.services = {}
        self.used = set()
        self.errors = []

    def base(self, method):
        """impact, scope, count, reversible, hazards of a method without its parameters."""
        effect = self.by_name(method)
        for index, (_, name, when, *cells, _) in self.of_service(method.service):
            if when != "-" or not applies(name, method):
                continue
            self.used.add(("reviewed", index))
            impact, scope, reversible, hazards = cells
            new = [impact, scope, None, reversible, hazards]
            for at, cell in enumerate(new):
                if cell == "none":
                    effect[at] = "-"
                elif cell not in (None, "-"):
                    effect[at] = parent(method, cell) if at == 1 else cell
            if impact not in ("-", "destroy"):
                effect[2] = "-"
        if effect[0] is None:
            self.errors.append(f"{method.verb} {method.service} {method.name}: no verb says what it does")
            effect[0] = "unknown"
        return tuple(effect)

    def of_service(self, service):
        if service not in self.services:
            self.services[service] = [(at, row) for at, row in enumerate(self.reviewed) if fnmatch.fnmatchcase(service, row[0])]
        return self.services[service]

    def by_name(self, method):
        verb = self.verb(method, method.words)
        noun = self.noun(method)
        if verb is None:
            impact, scope, count, reversible, hazards = ("destroy" if method.verb == "DELETE" else None), "-", "-", "-", "-"
        else:
            impact, scope, count, reversible, hazards = verb
        if method.verb == "DELETE" and impact in ("read", "create", "update"):
            impact = "destroy"
        noun_scope, noun_count, noun_reversible, noun_hazards, grants = noun
        if grants == "yes" and impact in ("create", "update", "disrupt", "destroy") and not (impact == "destroy" and method.noun in LIVING):
            impact = "permission"
            hazards = hazards if method.verb == "DELETE" or hazards != "-" else "privilege"
        scope = noun_scope if scope == "-" else scope
        scope = parent(method, scope)
        if impact == "destroy":
            count = noun_count if count == "-" else count
            reversible = noun_reversible if reversible == "-" else reversible
            hazards = union(hazards, noun_hazards)
        if impact == "permission" and method.words[-2:] == ["Iam", "Policy"]:
            scope = parent_of_noun(method.noun) or ("item" if scope == "item" else "resource" if scope == "environment" else scope)
            hazards = union(hazards, "privilege")
        if impact == "read":
            count = reversible = "-"
        return [impact, scope, count, reversible, hazards]

    def verb(self, method, given):
        kinds = ["GET"] if method.verb in ("GET", "HEAD") else ["-"]
        many = False
        while given:
            for length in range(len(given), 0, -1):
                for kind in kinds:
                    key = (tuple(given[:length]), kind)
                    if key in self.verbs:
                        self.used.add(("verb", key))
                        break
                else:
                    continue
                row = list(self.verbs[key])
                if row[0] == "next":
                    break
                if many and row[0] in ("destroy", "disrupt", "permission") and row[2] == "-":
                    row[2] = "unbounded"
                return row
            else:
                return None
            many = True
            given = given[length:]
            given = given and [given[0].lower(), *given[1:]]
        return None

    def noun(self, method):
        for key in ((method.service, method.noun), (method.service, "*"), ("*", method.noun)):
            if key in self.nouns:
                self.used.add(("noun", key))
                return self.nouns[key]
        return ["resource", "-", "-", "-", "-"]

    def unused(self):
        for key in self.verbs:
            if ("verb", key) not in self.used:
                yield f"verbs.tsv: {key} is never used"
        for key in self.nouns:
            if ("noun", key) not in self.used:
                yield f"nouns.tsv: {key} is never used"
        for index, row in enumerate(self.reviewed):
            if ("reviewed", index) not in self.used:
                yield f"reviewed.tsv: {row} names nothing"


# Things that hold rights and data of their own: taking them away is more than a revocation.
LIVING = {"groups"}


def applies(names, method):
    return any(fnmatch.fnmatchcase(method.name, one) for one in names.split("|"))


def parent_of_noun(noun):
    return PARENTS.get(noun)


def parent(method, scope):
    if scope != "parent":
        return scope
    parts = method.name.split(".")
    return PARENTS.get(parts[0], "resource") if len(parts) <= 4 else "resource"


def union(one, other):
    cells = [cell for cells in (one, other) if cells != "-" for cell in cells.split(",")]
    return ",".join(sorted(set(cells))) or "-"
