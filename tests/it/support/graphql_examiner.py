"""Says whether requests of GraphQL are those of a published schema: a line of JSON in, a line of JSON out (what is wrong, or
null).

Argument: an introspection's answer (`.json`), or TypeScript's declarations as graphql-codegen writes them (`.d.mts`). These
hold the schema whole but for its directives and default values.
"""

import json
import re
import sys

from graphql import GraphQLSyntaxError, build_client_schema, build_schema, get_operation_ast, parse, validate
from graphql.execution.values import get_variable_values

# `type Team = Node & {`, to the brace that ends it.
TYPE = re.compile(r"^type (\w+) = ((?:\w+ & )*)\{\n(.*?)^\};", re.M | re.S)
UNION = re.compile(r"^type (\w+) = (\w+(?: \| \w+)+);", re.M)
ENUM = re.compile(r"^declare enum (\w+) \{\n(.*?)^\}", re.M | re.S)
# `  assigneeId?: InputMaybe<Scalars["String"]>;`
MEMBER = re.compile(r"^  (\w+)\??: (.+);$", re.M)
# `  Continue = "continue",`
VALUE = re.compile(r'^  \w+ = "(\w+)",$', re.M)
BUILT_IN = {"ID", "String", "Boolean", "Int", "Float"}


def reference(text):
    """A type as the schema language writes it."""
    if inner := re.fullmatch(r"(?:Input)?Maybe<(.+)>", text):
        return reference(inner[1]).removesuffix("!")
    if inner := re.fullmatch(r"Array<(.+)>", text):
        return f"[{reference(inner[1])}]!"
    if inner := re.fullmatch(r'Scalars\["(\w+)"\]', text):
        return f"{inner[1]}!"
    assert re.fullmatch(r"\w+", text), text
    return f"{text}!"


def plain(*names):
    """A name without what graphql-codegen changes in it."""
    return "".join(names).replace("_", "").lower()


def parameters(members):
    return [f"{name}: {reference(kind)}" for name, kind in members.items()]


def schema_of(text):
    """What the declarations hold, in the schema language."""
    # Behind the schema's types come those of the client's own documents.
    text = text[text.index("type Scalars = {") : re.search(r"^type \w+Fragment = ", text, re.M).start()]
    scalars = TYPE.search(text)
    said = [f"scalar {name}" for name, _ in MEMBER.findall(scalars[3]) if name not in BUILT_IN]
    rest = text[scalars.end() :]
    types = {name: (above.split(" & ")[:-1], dict(MEMBER.findall(body))) for name, above, body in TYPE.findall(rest)}
    interfaces = {one for above, _ in types.values() for one in above}
    outputs = {name for name, (_, members) in types.items() if "__typename" in members} | interfaces
    arguments = {plain(name): members for name, (_, members) in types.items() if name not in outputs}
    fields = {plain(name, field, "Args") for name in outputs for field in types[name][1]}
    for name, (above, members) in types.items():
        if name not in outputs:
            if plain(name) not in fields:
                said += [f"input {name} {{", *parameters(members), "}"]
            continue
        kind = "interface" if name in interfaces else "type"
        said.append(f"{kind} {name}{' implements ' if above else ''}{' & '.join(above)} {{")
        for field, result in members.items():
            if field != "__typename":
                taken = parameters(arguments.get(plain(name, field, "Args"), {}))
                said.append(f"  {field}{'(' if taken else ''}{', '.join(taken)}{')' if taken else ''}: {reference(result)}")
        said.append("}")
    said += [f"union {name} = {members}" for name, members in UNION.findall(rest)]
    said += [f"enum {name} {{ {' '.join(VALUE.findall(body))} }}" for name, body in ENUM.findall(rest)]
    return "\n".join(said)


def flaw(schema, request):
    """What is wrong with the body of a request."""
    if not isinstance(request, dict) or not isinstance(request.get("query"), str):
        return "no document"
    if unknown := request.keys() - {"query", "variables", "operationName", "extensions"}:
        return f"member `{min(unknown)}` is unknown"
    try:
        document = parse(request["query"])
    except GraphQLSyntaxError as error:
        return error.message
    if errors := validate(schema, document):
        return errors[0].message
    operation = get_operation_ast(document, request.get("operationName"))
    if operation is None:
        return "it is not said which operation is meant"
    given = request.get("variables") or {}
    if not isinstance(given, dict):
        return "the variables are no object"
    declared = operation.variable_definitions or ()
    known = {one.variable.name.value for one in declared}
    if unknown := given.keys() - known:
        return f"variable `{min(unknown)}` is not declared"
    values = get_variable_values(schema, declared, given)
    return values[0].message if isinstance(values, list) else None


def read(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".json"):
        # Railway's deprecates fields that an interface holds, which a schema must not.
        return build_client_schema(json.loads(text)["data"], assume_valid=True)
    return build_schema(schema_of(text))


schema = read(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(flaw(schema, json.loads(line))), flush=True)
