"""What somebody at a terminal with gcloud does: one line of JSON a step."""
import json
import subprocess


def step(what, *words):
    ended = subprocess.run(["gcloud", *words], capture_output=True, text=True, timeout=120)
    print(json.dumps({"what": what, "status": ended.returncode, "out": ended.stdout, "shown": ended.stderr}), flush=True)


step("list", "compute", "instances", "list", "--zones=europe-west1-b")
step("delete", "compute", "instances", "delete", "web-1", "web-2", "--zone=europe-west1-b", "--quiet")
step("create bucket", "storage", "buckets", "create", "gs://orders")
step("delete bucket", "storage", "buckets", "delete", "gs://orders", "--quiet")
step("delete project", "projects", "delete", "acme-prod", "--quiet")
