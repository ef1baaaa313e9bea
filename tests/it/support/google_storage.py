"""Cloud Storage with Google's library: one line of JSON a step, with what the caller is shown."""
import json

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import storage
from google.oauth2.credentials import Credentials

client = storage.Client(project="acme-dev", credentials=Credentials(token="an-invented-token"))


def step(what, call):
    line = {"what": what, "status": 200}
    try:
        call()
    except GoogleAPICallError as error:
        line.update(status=error.code, shown=str(error))
    print(json.dumps(line), flush=True)


def same(one, other):
    assert one == other, (one, other)


def delete_several(bucket):
    with client.batch():
        for name in ["b/1.txt", "b/2.txt", "big"]:
            bucket.blob(name).delete()


BIG = b"0123456789abcdef" * 65536
for name in ["dev-logs", "orders"]:
    bucket = client.bucket(name)
    step(f"{name}: create", lambda: client.create_bucket(name))
    step(f"{name}: upload", lambda: bucket.blob("a.txt").upload_from_string("hello"))
    for one in ["b/1.txt", "b/2.txt"]:
        bucket.blob(one).upload_from_string("one of several")
    step(f"{name}: upload in pieces", lambda: bucket.blob("big", chunk_size=262144).upload_from_string(BIG))
    step(f"{name}: list", lambda: same([b.name for b in client.list_blobs(name)], ["a.txt", "b/1.txt", "b/2.txt", "big"]))
    step(f"{name}: download", lambda: same(bucket.blob("a.txt").download_as_bytes(), b"hello"))
    step(f"{name}: download in pieces", lambda: same(bucket.blob("big", chunk_size=524288).download_as_bytes(), BIG))
    step(f"{name}: delete several", lambda: delete_several(bucket))
    step(f"{name}: delete object", lambda: bucket.blob("a.txt").delete())
    step(f"{name}: delete bucket", lambda: bucket.delete())
