"""Calls to Azure's blob storage with its SDK: one line of JSON each, with what the caller is shown and how often it was sent."""

import json
import sys

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.storage.blob import BlobServiceClient

BIG = b"0123456789abcdef" * 65536


class Counter(SansIOHTTPPolicy):
    sent = 0

    def on_request(self, request):
        self.sent += 1


def step(what, call):
    counter.sent = 0
    line = {"what": what, "status": 200}
    try:
        call()
    except HttpResponseError as error:
        code = getattr(error, "error_code", None)
        line.update(status=error.status_code, code=str(getattr(code, "value", code)), shown=str(error))
    line["sent"] = counter.sent
    print(json.dumps(line), flush=True)


def same(one, other):
    assert one == other, (one, other)


counter = Counter()
url, key = sys.argv[1:]
store = BlobServiceClient(
    f"{url}/devstoreaccount1",
    credential={"account_name": "devstoreaccount1", "account_key": key},
    max_single_put_size=262144,
    max_block_size=262144,
    _additional_pipeline_policies=[counter],
)
for name in ["dev-images", "orders"]:
    box = store.get_container_client(name)
    step(f"{name}: create", box.create_container)
    step(f"{name}: containers", lambda: same(name in [one.name for one in store.list_containers()], True))
    step(f"{name}: upload", lambda: box.upload_blob("a/b c.txt", b"hello"))
    step(f"{name}: upload in blocks", lambda: box.upload_blob("big", BIG))
    step(f"{name}: list", lambda: same([one.name for one in box.list_blobs()], ["a/b c.txt", "big"]))
    step(f"{name}: download", lambda: same(box.download_blob("a/b c.txt").readall(), b"hello"))
    step(f"{name}: download big", lambda: same(box.download_blob("big").readall(), BIG))
    step(f"{name}: describe", lambda: box.get_blob_client("big").set_blob_metadata({"a": "b"}))
    step(f"{name}: delete", lambda: box.delete_blob("a/b c.txt"))
    step(f"{name}: delete big", lambda: box.delete_blob("big"))
    step(f"{name}: delete container", box.delete_container)
step("orders: delete several", lambda: store.get_container_client("orders").delete_blobs("big"))
