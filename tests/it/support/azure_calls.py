"""Calls with the Azure SDKs: one line of JSON each, with what the caller is shown and how often it was sent."""

import json
import time

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.resource import ResourceManagementClient

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"


class Credential:
    def get_token(self, *scopes, **options):
        return AccessToken("invented", int(time.time()) + 3600)


class Counter(SansIOHTTPPolicy):
    sent = 0

    def on_request(self, request):
        self.sent += 1


def tried(what, counter, call):
    counter.sent = 0
    line = {"what": what}
    try:
        call()
        line["done"] = True
    except HttpResponseError as error:
        code = getattr(error, "error_code", None) or getattr(getattr(error, "error", None), "code", None)
        line.update(done=False, status=error.status_code, code=str(getattr(code, "value", code)), message=str(error))
    line["sent"] = counter.sent
    print(json.dumps(line), flush=True)


arm = Counter()
resources = ResourceManagementClient(Credential(), SUBSCRIPTION, per_retry_policies=[arm])
group = {"location": "westeurope"}
tags = {"operation": "Merge", "properties": {"tags": {"a": "b"}}}
scope = f"subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
tried("read", arm, lambda: list(resources.resource_groups.list()))
tried("create", arm, lambda: resources.resource_groups.create_or_update("new", group))
tried("create again", arm, lambda: resources.resource_groups.create_or_update("newer", group))
tried("tags", arm, lambda: resources.tags.begin_update_at_scope(scope, tags).result())
tried("tags again", arm, lambda: resources.tags.begin_update_at_scope(scope, tags).result())
tried("delete", arm, lambda: resources.resource_groups.begin_delete("shop"))
tried(
    "delete by kind",
    arm,
    lambda: resources.resources.begin_delete("shop", "Microsoft.Web", "", "sites", "web", "2024-04-01"),
)
