"""Calls with Google's API client: one line of JSON a step, with what the caller is shown."""
import json

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

token = Credentials(token="an-invented-token")
compute = build("compute", "v1", credentials=token)
sql = build("sqladmin", "v1", credentials=token)
container = build("container", "v1", credentials=token)
projects = build("cloudresourcemanager", "v3", credentials=token).projects()

PROD = {"project": "acme-prod", "zone": "europe-west1-b"}
DEV = {"project": "acme-dev", "zone": "europe-west1-b"}
CLUSTER = "projects/acme-prod/locations/europe-west1/clusters/main"


def step(what, call):
    line = {"what": what, "status": 200}
    try:
        call()
    except HttpError as error:
        line.update(status=error.resp.status, shown=str(error))
    print(json.dumps(line), flush=True)


def batch(*requests):
    errors = []
    together = compute.new_batch_http_request(callback=lambda _, answer, error: errors.append(error))
    for request in requests:
        together.add(request)
    together.execute()
    assert errors == [None] * len(requests), errors


instances = compute.instances()
web = {"instance": "web-1"}
step("list", lambda: instances.list(maxResults=10, **PROD).execute())
step("create", lambda: instances.insert(body={"name": "web-2"}, **PROD).execute())
step("delete", lambda: instances.delete(**web, **PROD).execute(num_retries=3))
step("delete in dev", lambda: instances.delete(**web, **DEV).execute())
step("batch", lambda: batch(instances.get(**web, **PROD), instances.list(**PROD)))
step("batch with a deletion", lambda: batch(instances.get(**web, **PROD), instances.delete(instance="web-9", **PROD)))
step("start", lambda: instances.start(**web, **DEV).execute())
step("start again", lambda: instances.start(**web, **DEV).execute(num_retries=3))
rule = {"name": "open", "sourceRanges": ["10.0.0.0/8"]}
step("firewall", lambda: compute.firewalls().insert(project="acme-dev", body=rule).execute(num_retries=3))
step("databases", lambda: sql.instances().list(project="acme-prod").execute())
step("backup", lambda: sql.backupRuns().insert(project="acme-prod", instance="main", body={"description": "x"}).execute())
step("delete database", lambda: sql.instances().delete(project="acme-prod", instance="main").execute())
clusters = container.projects().locations().clusters()
step("cluster", lambda: clusters.get(name=CLUSTER).execute())
step("delete cluster", lambda: clusters.delete(name=CLUSTER).execute())
step("rights", lambda: projects.testIamPermissions(resource="projects/acme-prod", body={"permissions": ["a.b.c"]}).execute())
step("delete project", lambda: projects.delete(name="projects/acme-prod").execute())
