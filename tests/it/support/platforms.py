"""What programs do with the platforms' own clients for Python: one line of JSON a step.

Arguments: whose client, and `all` or `again` (only what is limited, twice).
"""

import json
import os
import sys
import time
import warnings

warnings.simplefilter("ignore")


def status_of(error):
    """The status in the ways in which clients give it; 0 where they do not."""
    held = [error, getattr(error, "response", None)]
    names = ["status_code", "status"]
    found = [getattr(one, name, None) for one in held for name in names]
    return next((status for status in found if isinstance(status, int)), 0)


def step(what, call):
    begun = time.monotonic()
    line = {"what": what, "status": 200}
    try:
        call()
    except Exception as error:  # What a program would print that catches nothing.
        line.update(status=status_of(error), shown=str(error), kind=type(error).__name__)
    print(json.dumps({**line, "took": time.monotonic() - begun}), flush=True)


def cloudflare():
    from cloudflare import Cloudflare

    flare = Cloudflare(api_token="a-token")
    record = {"zone_id": "z1", "name": "www.shop.example", "type": "A", "content": "192.0.2.1", "ttl": 60}
    return {
        "read": lambda: list(flare.zones.list()),
        "create": lambda: flare.dns.records.create(**record),
        "delete": lambda: flare.zones.delete(zone_id="z1"),
    }


def digitalocean():
    from pydo import Client

    ocean = Client(token="a-token")
    size = {"name": "web", "region": "fra1", "size": "s-1vcpu-1gb", "image": "debian-12-x64"}
    return {
        "read": lambda: ocean.droplets.list(),
        "create": lambda: ocean.droplets.create(body=size),
        "delete": lambda: ocean.databases.destroy_cluster("9cc10173-e9ea-4176-9dbc-a4cee4c4ff30"),
    }


def datadog():
    from datadog_api_client import ApiClient, Configuration
    from datadog_api_client.v1.api.monitors_api import MonitorsApi
    from datadog_api_client.v1.model.monitor import Monitor
    from datadog_api_client.v1.model.monitor_type import MonitorType

    # It reads neither variable by itself.
    settings = Configuration(ssl_ca_cert=os.environ["SSL_CERT_FILE"])
    settings.proxy = os.environ["HTTPS_PROXY"]
    settings.api_key.update(apiKeyAuth="a-key", appKeyAuth="another")
    monitors = MonitorsApi(ApiClient(settings))
    one = Monitor(name="orders", type=MonitorType("metric alert"), query="avg(last_5m):avg:orders{*} > 9")
    return {
        "read": monitors.list_monitors,
        "create": lambda: monitors.create_monitor(body=one),
        "delete": lambda: monitors.delete_monitor(7),
    }


def pagerduty():
    from pagerduty import HttpError, RestApiV2Client

    def whole(call):
        """Its own text ends after the answer's first hundred characters."""
        try:
            call()
        except HttpError as error:
            error.args = (f"{error}\n{error.response.text}",)
            raise

    duty = RestApiV2Client("a-token")
    service = {"type": "service", "name": "web", "escalation_policy": {"id": "P1", "type": "escalation_policy_reference"}}
    return {
        "read": lambda: duty.list_all("services"),
        "create": lambda: whole(lambda: duty.rpost("services", json=service)),
        "delete": lambda: whole(lambda: duty.rdelete("/services/P7")),
    }


def graphql(url, create, delete):
    from gql import Client, gql
    from gql.transport.requests import RequestsHTTPTransport

    # A program that repeats what can be repeated.
    transport = RequestsHTTPTransport(url=url, headers={"Authorization": "Bearer a-token"}, retries=3)
    client = Client(transport=transport)
    return {
        "read": lambda: client.execute(gql("query { viewer: me { id } }" if "railway" in url else "{ viewer { id } }")),
        "create": lambda: client.execute(gql(create)),
        "delete": lambda: client.execute(gql(delete)),
    }


def railway():
    return graphql(
        "https://backboard.railway.com/graphql/v2",
        'mutation { made: projectCreate(input: { name: "web" }) { id } }',
        'mutation { gone: projectDelete(id: "p1") }',
    )


def linear():
    return graphql(
        "https://api.linear.app/graphql",
        'mutation { made: issueCreate(input: { teamId: "t1", title: "a" }) { success } }',
        'mutation { gone: teamDelete(id: "t1") { success } }',
    )


def docker():
    import docker

    host = docker.DockerClient(base_url=os.environ["DOCKER_HOST"])
    names = ["orders", "bills", "carts"]
    return {
        "read": lambda: host.containers.list(all=True),
        # Each its own name: to make anew what one was stopped from deleting is another matter.
        "create": lambda: host.volumes.create(names.pop(0)),
        "delete": lambda: host.volumes.prune(),
        "delete one": lambda: host.volumes.get("orders").remove(),
    }


steps = globals()[sys.argv[1]]()
if sys.argv[2] == "all":
    for what, call in steps.items():
        step(what, call)
else:
    step("create", steps["create"])
step("create again", steps["create"])
