"""Says whether messages are those of published rpcs: a line of JSON in (path, and the message's bytes in hexadecimal digits),
a line of JSON out (what is wrong, or null). The descriptions are those in Google's own libraries.
"""

import json
import sys

import grpc
from google.cloud.container_v1.services.cluster_manager.transports import ClusterManagerGrpcTransport
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport


class Listing(grpc.Channel):
    """Sends nothing: notes which message an rpc takes."""

    def __init__(self):
        self.messages = {}

    def note(self, path, request_serializer=None, *_, **__):
        # Messages of other packages (IAM's) do not say here which they are.
        of = getattr(request_serializer, "__self__", None)
        if hasattr(of, "pb"):
            self.messages[path] = of.pb()
        return lambda *_, **__: None

    unary_unary = unary_stream = stream_unary = stream_stream = note

    def subscribe(self, *_):
        pass

    unsubscribe = subscribe

    def close(self):
        pass

    __enter__ = __exit__ = subscribe


def unknown(message):
    """A field, at any depth, that its description does not hold."""
    for field in UnknownFieldSet(message):
        return f"field {field.field_number} of {message.DESCRIPTOR.full_name} is unknown"
    for field, value in message.ListFields():
        if field.type != field.TYPE_MESSAGE:
            continue
        if field.message_type.GetOptions().map_entry:
            of = field.message_type.fields_by_name["value"]
            held = value.values() if of.type == of.TYPE_MESSAGE else []
        else:
            held = value if hasattr(value, "add") else [value]
        for one in held:
            if found := unknown(one):
                return found
    return None


def flaw(messages, path, body):
    """What is wrong with one message."""
    kind = messages.get(path)
    if kind is None:
        return "no description of its message"
    try:
        message = kind.FromString(body)
    except DecodeError as error:
        return f"no {kind.DESCRIPTOR.full_name}: {error}"
    return unknown(message)


# What the libraries put before their channel asks it for nothing until there is a call.
grpc.intercept_channel = lambda channel, *_: channel
listing = Listing()
for transport in [ClusterManagerGrpcTransport, PublisherGrpcTransport, SubscriberGrpcTransport]:
    transport(channel=listing)
print("ready", flush=True)
for line in sys.stdin:
    call = json.loads(line)
    print(json.dumps(flaw(listing.messages, call["path"], bytes.fromhex(call["message"]))), flush=True)
