#!/usr/bin/env python3
"""Writes operations.tsv from GitHub's API descriptions and the reviewed effects.

    npm install --prefix FOLDER @octokit/openapi@… @octokit/graphql-schema@…    the versions of package.json
    python3 generate.py FOLDER            rewrite operations.tsv
    python3 generate.py FOLDER --check    exit 1 when the committed table differs

Input: the descriptions of github.com, of Enterprise Cloud and of the Enterprise Servers that the package holds, and
reviewed.tsv. Fails when an operation that is no GET has no reviewed row, when a reviewed row names nothing, and when
graphql.tsv and the published schema's mutations differ. Needs nothing but Python.
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
# The first that holds an operation describes it.
DESCRIPTIONS = ["api.github.com", "ghec", "ghes-3.19", "ghes-3.18", "ghes-3.17"]
METHODS = ("get", "post", "put", "patch", "delete", "head")
# Paths that GitHub also serves under numeric ids: its own links (`Link`, redirects, `url` members) use them.
BY_NUMBER = [
    ("/repos/{owner}/{repo}", "/repositories/{repository_id}"),
    ("/repos/{template_owner}/{template_repo}", "/repositories/{repository_id}"),
    ("/orgs/{org}/teams/{team_slug}", "/organizations/{organization_id}/team/{team_id}"),
    ("/orgs/{org}", "/organizations/{organization_id}"),
    ("/users/{username}", "/user/{account_id}"),
    ("/users/{user_id}", "/user/{account_id}"),
]
# Names with slashes that clients send as they are, beside those that the description marks.
LONG = {"/labels/{name}": "/labels/{name+}"}
# Mutations of GitHub's reference that the package's schema does not hold yet.
NEWER_MUTATIONS = set("""
    accessUserNamespaceRepository addBlockedBy addPullRequestCreationCapBypassUsers addSubIssue archivePullRequest createIssueField
    createIssueFieldValue createIssueType createProjectV2IssueField createRepositoryCustomProperty deleteIssueField deleteIssueFieldValue
    deleteIssueType deleteRepositoryCustomProperty pinIssueComment promoteRepositoryCustomProperty removeBlockedBy
    removePullRequestCreationCapBypassUsers removeSubIssue replaceActorsForAssignable reprioritizeSubIssue requestReviewsByLogin
    setIssueFieldValue setRepositoryCustomPropertyValues unarchivePullRequest unpinIssueComment updateEnterpriseDeployKeySetting
    updateEnterpriseTwoFactorAuthenticationDisallowedMethodsSetting updateIpAllowListUserLevelEnforcementEnabledSetting updateIssueField
    updateIssueFieldValue updateIssueIssueType updateIssueType updateProjectV2Field updateRepositoryCustomProperty
""".split())
HEAD = """\
# Columns: service name method path impact scope count reversible hazards flags resource. Written by generate.py.
# Names, methods and paths: GitHub's OpenAPI description (MIT), as @octokit/openapi holds it. Effects: reviewed.tsv.
"""


def rows(name, columns):
    found = {}
    for number, line in enumerate((HERE / name).read_text().splitlines(), 1):
        if line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != columns:
            sys.exit(f"{name}:{number}: {len(cells)} columns, not {columns}")
        if cells[0] in found:
            sys.exit(f"{name}:{number}: `{cells[0]}` twice")
        found[cells[0]] = cells[1:]
    return found


def resolved(document, node):
    while "$ref" in node:
        target = document
        for part in node["$ref"].split("/")[1:]:
            target = target[part]
        node = target
    return node


def template(document, path, item, operation):
    parameters = [resolved(document, one) for one in item.get("parameters", []) + operation.get("parameters", [])]
    for parameter in parameters:
        if parameter["in"] == "path" and parameter.get("x-multi-segment"):
            path = path.replace("{%s}" % parameter["name"], "{%s+}" % parameter["name"])
        if parameter["name"] == "security_product":
            # Without them the template would take every other path of the same length.
            path = path.replace("{security_product}", "{%s}" % "|".join(sorted(parameter["schema"]["enum"])))
    for short, long in LONG.items():
        path = path.removesuffix(short) + long if path.endswith(short) else path
    return path


def operations(folder):
    """(name, METHOD, path) -> deprecated, of all descriptions."""
    found = {}
    for name in DESCRIPTIONS:
        document = json.loads((folder / f"@octokit/openapi/generated/{name}.json").read_text())
        for path, item in document["paths"].items():
            for method in METHODS:
                # `{base}...{head}` is an older name for `{basehead}`.
                if method in item and "}..." not in path:
                    operation = item[method]
                    key = (operation["operationId"], method.upper(), template(document, path, item, operation))
                    found.setdefault(key, bool(operation.get("deprecated")))
    return found


def mutations(folder):
    schema = json.loads((folder / "@octokit/graphql-schema/schema.json").read_text())
    schema = (schema.get("data") or schema)["__schema"]
    (root,) = [one for one in schema["types"] if one["name"] == schema["mutationType"]["name"]]
    return {field["name"] for field in root["fields"]}


def shape(method, path):
    """What tells two templates apart."""
    return method, re.sub(r"\{[^}]*\}", "{}", path)


def table(folder):
    reviewed, published = rows("reviewed.tsv", 8), operations(folder)
    needed = {name for name, method, _ in published if method not in ("GET", "HEAD")}
    known = {name for name, _, _ in published}
    wrong = [f"no row: {name}" for name in sorted(needed - set(reviewed))]
    wrong += [f"stale row: {name}" for name in sorted(set(reviewed) - known)]
    fields, judged = mutations(folder) | NEWER_MUTATIONS, set(rows("graphql.tsv", 7))
    wrong += [f"graphql.tsv: no row: {name}" for name in sorted(fields - judged)]
    wrong += [f"graphql.tsv: stale row: {name}" for name in sorted(judged - fields)]
    taken = {}
    for name, method, path in published:
        other = taken.setdefault(shape(method, path), name)
        if other != name:
            wrong.append(f"{method} {path} is both {other} and {name}")
    if wrong:
        sys.exit("\n".join(wrong))
    lines = []
    for (name, method, path), deprecated in published.items():
        paths = [path]
        for long, short in BY_NUMBER:
            if path == long or path.startswith(long + "/"):
                numbered = short + path[len(long):]
                if taken.setdefault(shape(method, numbered), name) == name:
                    paths.append(numbered)
        impact, scope, count, reversible, hazards, flags, _ = reviewed.get(name, ["read", "resource", *"-----"])
        marks = ",".join(flag for flag in [flags if flags != "-" else "", "deprecated" if deprecated else ""] if flag) or "-"
        lines += ["\t".join(["rest", name, method, one, impact, scope, count, reversible, hazards, marks, "-"]) for one in paths]
    return HEAD + "\n".join(sorted(lines, key=lambda line: line.split("\t"))) + "\n"


def main():
    arguments = [one for one in sys.argv[1:] if not one.startswith("--")]
    if len(arguments) != 1:
        sys.exit(__doc__)
    folder = pathlib.Path(arguments[0])
    text = table(folder / "node_modules" if (folder / "node_modules").is_dir() else folder)
    path = HERE / "operations.tsv"
    if "--check" in sys.argv:
        sys.exit(0 if path.read_text() == text else f"{path.name} differs")
    path.write_text(text)


main()
