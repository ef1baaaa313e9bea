"""gRPC with Google's libraries: one line of JSON a step, with what the caller is shown."""
import json
from concurrent.futures import TimeoutError

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import container_v1, pubsub_v1
from google.oauth2.credentials import Credentials

token = Credentials(token="an-invented-token")
clusters = container_v1.ClusterManagerClient(credentials=token)
topics = pubsub_v1.PublisherClient(credentials=token)
PLACE = "projects/acme-prod/locations/europe-west1"


def step(what, call):
    line = {"what": what, "status": 200}
    try:
        call()
    except GoogleAPICallError as error:
        line.update(status=int(error.code), kind=type(error).__name__, shown=str(error))
    except TimeoutError:
        line.update(status=408, shown="still trying")
    print(json.dumps(line), flush=True)


step("list", lambda: clusters.list_clusters(parent=PLACE))
step("delete cluster", lambda: clusters.delete_cluster(name=PLACE + "/clusters/main"))
step("create topic", lambda: topics.create_topic(name="projects/acme-prod/topics/new"))
step("delete topic", lambda: topics.delete_topic(topic="projects/acme-prod/topics/orders"))
step("publish", lambda: topics.publish("projects/acme-prod/topics/orders", b"one").result(timeout=30))
step("publish again", lambda: topics.publish("projects/acme-prod/topics/orders", b"two").result(timeout=30))
step("list again", lambda: clusters.list_clusters(parent=PLACE))
