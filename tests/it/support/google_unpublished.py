"""gRPC that Google does not publish, at a stand-in without a gate: one line of JSON a call, with its status.

Arguments: the stand-in's address and the file of its authority.
"""

import json
import sys

import grpc

address, authority = sys.argv[1:]
with open(authority, "rb") as file:
    trust = grpc.ssl_channel_credentials(file.read())
HOST = "pubsub.googleapis.com"
names = [("grpc.ssl_target_name_override", HOST), ("grpc.default_authority", HOST)]


def status(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code().name
    return "OK"


with grpc.secure_channel(address, trust, names) as channel:
    for path, message in [
        ("/google.pubsub.v1.Publisher/ListTopics", b"\x0a\x01a"),
        ("/google.pubsub.v1.Publisher/EmptyTopic", b"\x0a\x01a"),
        ("/google.container.v1.ClusterManager/ListClusters", b"\x22\x01a"),
        ("/google.pubsub.v1.Publisher/ListTopics", b"\x0a\x7fa"),
    ]:
        print(json.dumps(status(lambda: channel.unary_unary(path)(message, timeout=30))), flush=True)
