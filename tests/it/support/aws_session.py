"""A working session with boto3 and the AWS CLI: `aws_session.py NAME BUCKET ACCOUNT PART…`, one line of JSON for each step.

Each line names the operations that the clients themselves say they call (botocore's event `before-call`), and what came of it. `NAME` makes
everything unique: the stand-in is shared.
"""

import contextlib
import io
import json
import sys
import zipfile

import boto3
import botocore.session
import requests
from awscli.clidriver import create_clidriver
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

NAME, BUCKET, ACCOUNT, *PARTS = sys.argv[1:]
TEMPLATE = {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}
LARGER = {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}, "Mail": {"Type": "AWS::SQS::Queue"}}}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{NAME}"

called = []


def note(model, **_):
    called.append(f"aws:{model.service_model.service_name}:{model.name}")


core = botocore.session.Session()
core.register("before-call", note)
session = boto3.Session(botocore_session=core)
clients = {}


def client(service):
    if service not in clients:
        clients[service] = session.client(service)
    return clients[service]


def say(step, code, message="", **more):
    line = {"step": step, "called": list(called), "code": code, "message": message, **more}
    print(json.dumps(line), file=sys.__stdout__, flush=True)
    called.clear()


def do(service, call, /, **arguments):
    """One call; what it answers, or nothing when it was stopped."""
    try:
        answer = getattr(client(service), call)(**arguments)
    except ClientError as error:
        say(f"{service} {call}", error.response["Error"]["Code"], error.response["Error"]["Message"],
            retries=error.response["ResponseMetadata"].get("RetryAttempts", 0))
        return None
    say(f"{service} {call}", "")
    return answer


def aws(*arguments):
    driver = create_clidriver()
    driver.session.register("before-call", note)
    out, err = io.StringIO(), io.StringIO()
    # `s3 cp -` writes bytes.
    out.buffer = io.BytesIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = driver.main(list(arguments))
    say("aws " + " ".join(arguments[:2]), code or "", err.getvalue())


def legacy(**form):
    """SQS as SDKs spoke it until 2023."""
    body = "&".join(f"{name}={requests.utils.quote(value, safe='')}" for name, value in form.items())
    request = AWSRequest("POST", "https://sqs.us-east-1.amazonaws.com/", data=body,
                         headers={"content-type": "application/x-www-form-urlencoded"})
    SigV4Auth(session.get_credentials().get_frozen_credentials(), "sqs", "us-east-1").add_auth(request)
    called.append(f"aws:sqs:{form['Action']}")
    answer = requests.post(request.url, data=body, headers=dict(request.headers), timeout=60)
    say(f"sqs query {form['Action']}", "" if answer.ok else answer.status_code, answer.text)


def code():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): return 1\n")
    return file.getvalue()


def machines():
    vpc = do("ec2", "create_vpc", CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    do("ec2", "modify_vpc_attribute", VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = do("ec2", "create_subnet", VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    made = do("ec2", "run_instances", ImageId="ami-12c6146b", InstanceType="t3.nano", MinCount=1, MaxCount=1, SubnetId=subnet)
    machine = made["Instances"][0]["InstanceId"]
    do("ec2", "create_tags", Resources=[vpc, machine], Tags=[{"Key": "for", "Value": NAME}])
    do("ec2", "describe_vpcs", VpcIds=[vpc])
    do("ec2", "describe_instances", InstanceIds=[machine])
    aws("ec2", "describe-instances", "--filters", f"Name=vpc-id,Values={vpc}")
    do("ec2", "terminate_instances", InstanceIds=[machine])
    do("ec2", "delete_subnet", SubnetId=subnet)
    do("ec2", "delete_vpc", VpcId=vpc)


def databases():
    do("rds", "create_db_instance", DBInstanceIdentifier=NAME, DBInstanceClass="db.t3.micro", Engine="postgres",
       MasterUsername="u", MasterUserPassword="p" * 12, AllocatedStorage=20)
    do("rds", "describe_db_instances", DBInstanceIdentifier=NAME)
    do("rds", "modify_db_instance", DBInstanceIdentifier=NAME, AllocatedStorage=30, ApplyImmediately=True)
    aws("rds", "describe-db-instances")
    do("rds", "delete_db_instance", DBInstanceIdentifier=NAME, SkipFinalSnapshot=True)
    do("dynamodb", "create_table", TableName=NAME, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
       AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST")
    do("dynamodb", "put_item", TableName=NAME, Item={"id": {"S": "1"}})
    do("dynamodb", "update_item", TableName=NAME, Key={"id": {"S": "1"}}, UpdateExpression="SET n = :n",
       ExpressionAttributeValues={":n": {"N": "1"}})
    do("dynamodb", "get_item", TableName=NAME, Key={"id": {"S": "1"}})
    do("dynamodb", "batch_write_item", RequestItems={NAME: [{"PutRequest": {"Item": {"id": {"S": "2"}}}}]})
    aws("dynamodb", "scan", "--table-name", NAME)
    do("dynamodb", "delete_table", TableName=NAME)


def storage():
    do("s3", "create_bucket", Bucket=BUCKET)
    do("s3", "put_object", Bucket=BUCKET, Key="a", Body=b"x")
    do("s3", "get_object", Bucket=BUCKET, Key="a")
    do("s3", "head_object", Bucket=BUCKET, Key="a")
    do("s3", "copy_object", Bucket=BUCKET, Key="b", CopySource={"Bucket": BUCKET, "Key": "a"})
    do("s3", "put_bucket_tagging", Bucket=BUCKET, Tagging={"TagSet": [{"Key": "for", "Value": NAME}]})
    do("s3", "list_objects_v2", Bucket=BUCKET)
    with open("up.txt", "w") as file:
        file.write("up")
    aws("s3", "cp", "up.txt", f"s3://{BUCKET}/up.txt")
    aws("s3", "ls", f"s3://{BUCKET}")
    aws("s3", "cp", f"s3://{BUCKET}/up.txt", "down.txt")
    do("s3", "delete_objects", Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in ("a", "b", "up.txt")]})
    do("s3", "delete_bucket", Bucket=BUCKET)


def messages():
    made = do("sqs", "create_queue", QueueName=NAME)
    url = made["QueueUrl"]
    do("sqs", "send_message", QueueUrl=url, MessageBody="hello")
    do("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    legacy(Action="SendMessage", Version="2012-11-05", QueueUrl=url, MessageBody="old")
    legacy(Action="GetQueueAttributes", Version="2012-11-05", QueueUrl=url, **{"AttributeName.1": "All"})
    aws("sqs", "receive-message", "--queue-url", url)
    legacy(Action="DeleteQueue", Version="2012-11-05", QueueUrl=url)
    topic = do("sns", "create_topic", Name=NAME)["TopicArn"]
    do("sns", "publish", TopicArn=topic, Message="hello")
    do("sns", "set_topic_attributes", TopicArn=topic, AttributeName="DisplayName", AttributeValue="d")
    aws("sns", "list-topics")
    do("sns", "delete_topic", TopicArn=topic)


def programs():
    do("lambda", "create_function", FunctionName=NAME, Runtime="python3.12", Role=ROLE, Handler="main.handler",
       Code={"ZipFile": code()})
    do("lambda", "get_function", FunctionName=NAME)
    do("lambda", "update_function_configuration", FunctionName=NAME, Timeout=9)
    aws("lambda", "list-functions")
    do("lambda", "delete_function", FunctionName=NAME)
    do("ecs", "create_cluster", clusterName=NAME)
    do("ecs", "register_task_definition", family=NAME, containerDefinitions=[{"name": "web", "image": "web", "memory": 64}])
    do("ecs", "create_service", cluster=NAME, serviceName=NAME, taskDefinition=NAME, desiredCount=1)
    do("ecs", "update_service", cluster=NAME, service=NAME, desiredCount=2)
    aws("ecs", "describe-services", "--cluster", NAME, "--services", NAME)
    do("ecs", "delete_service", cluster=NAME, service=NAME, force=True)
    do("ecs", "delete_cluster", cluster=NAME)


def environments():
    do("cloudformation", "create_stack", StackName=NAME, TemplateBody=json.dumps(TEMPLATE))
    do("cloudformation", "update_stack", StackName=NAME, TemplateBody=json.dumps(LARGER))
    do("cloudformation", "describe_stacks", StackName=NAME)
    aws("cloudformation", "list-stack-resources", "--stack-name", NAME)
    do("cloudformation", "delete_stack", StackName=NAME)
    do("eks", "create_cluster", name=NAME, roleArn=ROLE, resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"]})
    do("eks", "describe_cluster", name=NAME)
    aws("eks", "list-clusters")
    do("eks", "delete_cluster", name=NAME)
    do("elasticbeanstalk", "create_application", ApplicationName=NAME)
    do("elasticbeanstalk", "create_environment", ApplicationName=NAME, EnvironmentName=NAME,
       SolutionStackName="64bit Amazon Linux 2 v3.5.0 running Python 3.8")
    do("elasticbeanstalk", "describe_environments", EnvironmentNames=[NAME])
    zone = do("route53", "create_hosted_zone", Name=f"{NAME}.example", CallerReference=NAME)["HostedZone"]["Id"]

    def change(action):
        record = {"Name": f"www.{NAME}.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
        return {"Changes": [{"Action": action, "ResourceRecordSet": record}]}

    do("route53", "change_resource_record_sets", HostedZoneId=zone, ChangeBatch=change("CREATE"))
    do("route53", "list_resource_record_sets", HostedZoneId=zone)
    aws("route53", "list-hosted-zones")
    do("route53", "change_resource_record_sets", HostedZoneId=zone, ChangeBatch=change("DELETE"))
    do("route53", "delete_hosted_zone", Id=zone)


def ending():
    """The stand-in cannot do it: for where it is stopped."""
    do("elasticbeanstalk", "terminate_environment", EnvironmentName=NAME)
    aws("elasticbeanstalk", "terminate-environment", "--environment-name", NAME)


def watching():
    do("cloudwatch", "put_metric_data", Namespace=NAME, MetricData=[{"MetricName": "m", "Value": 1.0}])
    do("cloudwatch", "put_metric_alarm", AlarmName=NAME, MetricName="m", Namespace=NAME, Period=60, EvaluationPeriods=1,
       Threshold=1.0, ComparisonOperator="GreaterThanThreshold", Statistic="Sum")
    aws("cloudwatch", "describe-alarms", "--alarm-names", NAME)
    do("cloudwatch", "delete_alarms", AlarmNames=[NAME])
    do("logs", "create_log_group", logGroupName=NAME)
    do("logs", "create_log_stream", logGroupName=NAME, logStreamName="s")
    do("logs", "put_log_events", logGroupName=NAME, logStreamName="s", logEvents=[{"timestamp": 1, "message": "m"}])
    do("logs", "put_retention_policy", logGroupName=NAME, retentionInDays=30)
    aws("logs", "describe-log-groups", "--log-group-name-prefix", NAME)
    do("logs", "delete_log_group", logGroupName=NAME)


def secrets():
    do("ssm", "put_parameter", Name=NAME, Value="v", Type="String")
    do("ssm", "put_parameter", Name=NAME, Value="w", Type="String", Overwrite=True)
    aws("ssm", "get-parameter", "--name", NAME)
    do("ssm", "delete_parameter", Name=NAME)
    do("secretsmanager", "create_secret", Name=NAME, SecretString="s")
    do("secretsmanager", "describe_secret", SecretId=NAME)
    do("secretsmanager", "get_secret_value", SecretId=NAME)
    aws("secretsmanager", "list-secrets")
    do("secretsmanager", "delete_secret", SecretId=NAME, ForceDeleteWithoutRecovery=True)
    key = do("kms", "create_key", Description=NAME)["KeyMetadata"]["KeyId"]
    do("kms", "describe_key", KeyId=key)
    sealed = do("kms", "encrypt", KeyId=key, Plaintext=b"p")["CiphertextBlob"]
    do("kms", "decrypt", CiphertextBlob=sealed)
    aws("kms", "describe-key", "--key-id", key)
    do("kms", "schedule_key_deletion", KeyId=key, PendingWindowInDays=7)


for part in PARTS:
    globals()[part]()
