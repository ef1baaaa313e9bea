"""Calls to the services from rtbfabric to xray and what is true of them, in the form of ../cases.py."""

PUBLIC = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
PRIVATE = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"*","Resource":"*"}]}'
ACCOUNT = "111122223333"
ROLE = "arn:aws:iam::111122223333:role/r"
QUEUE = "https://sqs.us-east-1.amazonaws.com/111122223333/jobs"
TOPIC = "arn:aws:sns:us-east-1:111122223333:t"
WORLD = "uri=http://acs.amazonaws.com/groups/global/AllUsers"
GROUP = "http://acs.amazonaws.com/groups/global/AllUsers"


def arn(service, rest):
    return f"arn:aws:{service}:us-east-1:111122223333:{rest}"


def calls(service, *rows):
    """`impact scope …` after `service:operation`."""
    return [(service, name, params, f"aws:{service}:{name} {expected}", *more) for name, params, expected, *more in rows]


def either(service, name, params, harsh, mild):
    """(parameters, more of them, expectation …): the same call with the value that decides, and with one that does not."""
    return calls(service, (name, {**params, **harsh[0]}, harsh[1]), (name, {**params, **mild[0]}, mild[1]))


def policy(service, name, member, /, **params):
    """A policy that lets anybody in, and one for an account."""
    return either(service, name, params, ({member: PUBLIC}, "permission resource hazards=exposure"), ({member: PRIVATE}, "permission resource hazards="))


BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def blocked(off, leave_out=None):
    """A public access block with one part off, or left out."""
    return {name: name != off for name in BLOCKS if name != leave_out}


def lifecycle(**rule):
    return {"LifecycleConfiguration": {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, **rule}]}}


def replication(status="Enabled", /, **destination):
    rule = {"ID": "x", "Status": status, "Prefix": "", "Destination": {"Bucket": "arn:aws:s3:::c", **destination}}
    return {"ReplicationConfiguration": {"Role": ROLE, "Rules": [rule]}}


def grants(service, name, scope, mild, /, **params):
    """The headers that open an object or a bucket to the world."""
    headers = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP")
    headers += ("GrantWrite",) if name in ("CreateBucket", "PutBucketAcl", "PutObjectAcl") else ()
    rows = [(name, {**params, header: WORLD}, f"permission {scope} hazards=exposure") for header in headers]
    rows += [(name, {**params, "ACL": acl}, f"permission {scope} hazards=exposure") for acl in ("public-read-write", "authenticated-read")]
    return calls(service, *rows, (name, {**params, "GrantRead": "id=1"}, f"{mild} {scope} hazards="), (name, {**params, "ACL": "private"}, f"{mild} {scope} hazards="))


def batch(operation):
    return {
        "AccountId": ACCOUNT, "Operation": operation, "Report": {"Enabled": False}, "ClientRequestToken": "t", "Priority": 1, "RoleArn": ROLE,
        "Manifest": {"Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]}, "Location": {"ObjectArn": "arn:aws:s3:::b/m.csv", "ETag": "e"}},
    }


def schedule(target, **more):
    return {"Name": "s", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": target, "RoleArn": ROLE}, **more}


def automation(workflow, **more):
    return {"RuleOrder": 1, "RuleName": "r", "Description": "d", "Criteria": {}, "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": workflow}], **more}


def answered(fixed):
    return {"fixedResponse": {"statusCode": 404}} if fixed else {"forward": {"targetGroups": [{"targetGroupIdentifier": "tg-1", "weight": 1}]}}


def acl(*rules):
    body = {"Name": "n", "Scope": "REGIONAL", "Id": "1", "LockToken": "t", "VisibilityConfig": {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}}
    return {**body, **({"Rules": list(rules)} if rules else {})}


RULE = {"Name": "r", "Priority": 0, "Statement": {"GeoMatchStatement": {"CountryCodes": ["AQ"]}}, "Action": {"Block": {}}, "VisibilityConfig": acl()["VisibilityConfig"]}

S3 = [
    *grants("s3", "CopyObject", "item", "update", Bucket="b", Key="k", CopySource="c/d"),
    *grants("s3", "CreateMultipartUpload", "item", "create", Bucket="b", Key="k"),
    *grants("s3", "PutObject", "item", "update", Bucket="b", Key="k", Body=b"x"),
    *grants("s3", "CreateBucket", "resource", "create", Bucket="b"),
    *grants("s3", "PutBucketAcl", "resource", "permission", Bucket="b"),
    *grants("s3", "PutObjectAcl", "item", "permission", Bucket="b", Key="k"),
    *[
        row
        for name, params, scope in (("PutBucketAcl", {"Bucket": "b"}, "resource"), ("PutObjectAcl", {"Bucket": "b", "Key": "k"}, "item"))
        for row in either(
            "s3", name, params,
            ({"AccessControlPolicy": {"Grants": [{"Grantee": {"Type": "Group", "URI": GROUP}, "Permission": "READ"}]}}, f"permission {scope} hazards=exposure"),
            ({"AccessControlPolicy": {"Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": "1"}, "Permission": "READ"}]}}, f"permission {scope} hazards="),
        )
    ],
    *calls("s3", *[("PutPublicAccessBlock", {"Bucket": "b", "PublicAccessBlockConfiguration": blocked(off)}, "permission resource hazards=exposure") for off in BLOCKS]),
    *calls("s3", *[("PutPublicAccessBlock", {"Bucket": "b", "PublicAccessBlockConfiguration": blocked(None, off)}, "permission resource hazards=exposure") for off in BLOCKS]),
    *calls(
        "s3",
        ("DeleteObject", {"Bucket": "b", "Key": "k", "BypassGovernanceRetention": True}, "destroy item reversible=no hazards=data-loss,backup-loss"),
        ("DeleteObjects", {"Bucket": "b", "BypassGovernanceRetention": True, "Delete": {"Objects": [{"Key": "k"}]}}, "destroy item reversible=no hazards=data-loss,backup-loss"),
        ("PutBucketLifecycleConfiguration", {"Bucket": "b", **lifecycle(Expiration={"Date": "2026-01-01T00:00:00Z"})}, "destroy resource hazards=data-loss,bulk"),
        ("PutBucketLifecycleConfiguration", {"Bucket": "b", **lifecycle(NoncurrentVersionExpiration={"NoncurrentDays": 1})}, "destroy resource hazards=data-loss,bulk"),
        ("PutBucketLogging", {"Bucket": "b", "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "b/"}}}, "update resource hazards="),
        ("PutBucketVersioning", {"Bucket": "b", "VersioningConfiguration": {}}, "disrupt resource hazards=backup-loss"),
        ("PutBucketReplication", {"Bucket": "b", **replication("Disabled")}, "disrupt resource hazards=backup-loss"),
        ("PutBucketReplication", {"Bucket": "b", **replication(Account="444455556666")}, "permission resource hazards=privilege"),
        ("PutBucketReplication", {"Bucket": "b", **replication()}, "update resource hazards="),
        ("PutBucketAccelerateConfiguration", {"Bucket": "b", "AccelerateConfiguration": {"Status": "Suspended"}}, "disrupt resource hazards=traffic"),
        ("PutBucketAccelerateConfiguration", {"Bucket": "b", "AccelerateConfiguration": {"Status": "Enabled"}}, "update resource hazards="),
        ("PutBucketNotificationConfiguration", {"Bucket": "b", "NotificationConfiguration": {}}, "disrupt resource hazards="),
        ("PutBucketNotificationConfiguration", {"Bucket": "b", "NotificationConfiguration": {"EventBridgeConfiguration": {}}}, "update resource hazards="),
        ("PutBucketNotificationConfiguration", {"Bucket": "b", "NotificationConfiguration": {"QueueConfigurations": [{"QueueArn": arn("sqs", "q"), "Events": ["s3:ObjectCreated:*"]}]}}, "update resource hazards="),
        ("PutBucketRequestPayment", {"Bucket": "b", "RequestPaymentConfiguration": {"Payer": "Requester"}}, "disrupt resource hazards="),
        ("PutBucketRequestPayment", {"Bucket": "b", "RequestPaymentConfiguration": {"Payer": "BucketOwner"}}, "update resource hazards="),
        ("PutObjectLegalHold", {"Bucket": "b", "Key": "k", "LegalHold": {"Status": "OFF"}}, "disrupt item hazards=backup-loss"),
        ("PutObjectLegalHold", {"Bucket": "b", "Key": "k", "LegalHold": {"Status": "ON"}}, "update item hazards="),
        ("PutObjectLockConfiguration", {"Bucket": "b", "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}, "disrupt resource hazards=backup-loss"),
        ("PutObjectLockConfiguration", {"Bucket": "b", "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}}}, "update resource hazards="),
        ("PutObjectRetention", {"Bucket": "b", "Key": "k", "Retention": {}}, "disrupt item hazards=backup-loss"),
        ("PutObjectRetention", {"Bucket": "b", "Key": "k", "Retention": {"EventHold": "OFF"}}, "disrupt item hazards=backup-loss"),
        ("PutObjectRetention", {"Bucket": "b", "Key": "k", "BypassGovernanceRetention": True, "Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": "2027-01-01T00:00:00Z"}}, "disrupt item hazards=backup-loss"),
        ("PutObjectRetention", {"Bucket": "b", "Key": "k", "Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": "2027-01-01T00:00:00Z"}}, "update item hazards="),
        ("PutBucketAbac", {"Bucket": "b", "AbacStatus": {"Status": "Enabled"}}, "permission resource"),
        ("DeleteBucketReplication", {"Bucket": "b"}, "disrupt resource hazards=backup-loss"),
        ("DeleteBucketInventoryConfiguration", {"Bucket": "b", "Id": "x"}, "update resource hazards="),
        ("DeleteBucketMetricsConfiguration", {"Bucket": "b", "Id": "x"}, "update resource hazards="),
        ("RestoreObject", {"Bucket": "b", "Key": "k", "RestoreRequest": {"Days": 1}}, "create item hazards="),
        ("PutBucketTagging", {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}, "update item hazards="),
        ("SelectObjectContent", {"Bucket": "b", "Key": "k", "Expression": "select 1", "ExpressionType": "SQL", "InputSerialization": {}, "OutputSerialization": {}}, "read resource"),
    ),
]

S3CONTROL = [
    *[
        row
        for off in BLOCKS
        for row in calls(
            "s3control",
            ("PutPublicAccessBlock", {"AccountId": ACCOUNT, "PublicAccessBlockConfiguration": blocked(off)}, "permission account hazards=exposure"),
            ("PutPublicAccessBlock", {"AccountId": ACCOUNT, "PublicAccessBlockConfiguration": blocked(None, off)}, "permission account hazards=exposure"),
            ("CreateAccessPoint", {"AccountId": ACCOUNT, "Name": "p", "Bucket": "b", "PublicAccessBlockConfiguration": blocked(off)}, "permission resource hazards=exposure"),
            ("CreateMultiRegionAccessPoint", {"AccountId": ACCOUNT, "ClientToken": "t", "Details": {"Name": "p", "PublicAccessBlock": blocked(off), "Regions": [{"Bucket": "b"}]}}, "permission resource hazards=exposure"),
        )
    ],
    *policy("s3control", "PutAccessPointPolicy", "Policy", AccountId=ACCOUNT, Name="p"),
    *policy("s3control", "PutAccessPointPolicyForObjectLambda", "Policy", AccountId=ACCOUNT, Name="p"),
    *policy("s3control", "PutAccessGrantsInstanceResourcePolicy", "Policy", AccountId=ACCOUNT),
    *policy("s3control", "PutBucketPolicy", "Policy", AccountId=ACCOUNT, Bucket="b"),
    *calls(
        "s3control",
        ("PutPublicAccessBlock", {"AccountId": ACCOUNT, "PublicAccessBlockConfiguration": blocked(None)}, "permission account hazards="),
        ("CreateAccessPoint", {"AccountId": ACCOUNT, "Name": "p", "Bucket": "b"}, "create resource hazards="),
        ("CreateMultiRegionAccessPoint", {"AccountId": ACCOUNT, "ClientToken": "t", "Details": {"Name": "p", "Regions": [{"Bucket": "b"}]}}, "create resource hazards="),
        ("PutMultiRegionAccessPointPolicy", {"AccountId": ACCOUNT, "ClientToken": "t", "Details": {"Name": "p", "Policy": PUBLIC}}, "permission resource hazards=exposure"),
        ("PutMultiRegionAccessPointPolicy", {"AccountId": ACCOUNT, "ClientToken": "t", "Details": {"Name": "p", "Policy": PRIVATE}}, "permission resource hazards="),
        ("CreateJob", batch({"S3PutObjectTagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}), "execute resource hazards=bulk"),
        ("CreateJob", batch({"S3PutObjectAcl": {"AccessControlPolicy": {"CannedAccessControlList": "private"}}}), "permission resource hazards=bulk"),
        ("CreateJob", batch({"S3PutObjectAcl": {"AccessControlPolicy": {"CannedAccessControlList": "public-read"}}}), "permission resource hazards=exposure,bulk"),
        ("CreateJob", batch({"S3PutObjectAcl": {"AccessControlPolicy": {"AccessControlList": {"Owner": {}, "Grants": [{"Grantee": {"TypeIdentifier": "uri", "Identifier": GROUP}, "Permission": "READ"}]}}}}), "permission resource hazards=exposure,bulk"),
        ("CreateJob", batch({"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::c", "CannedAccessControlList": "public-read"}}), "permission resource hazards=exposure,bulk"),
        ("CreateJob", batch({"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::c"}}), "execute resource hazards=bulk"),
        ("CreateJob", batch({"S3PutObjectLegalHold": {"LegalHold": {"Status": "OFF"}}}), "disrupt resource hazards=backup-loss,bulk"),
        ("CreateJob", batch({"S3PutObjectLegalHold": {"LegalHold": {"Status": "ON"}}}), "execute resource hazards=bulk"),
        ("CreateJob", batch({"S3PutObjectRetention": {"BypassGovernanceRetention": True, "Retention": {}}}), "disrupt resource hazards=backup-loss,bulk"),
        ("UpdateJobStatus", {"AccountId": ACCOUNT, "JobId": "j", "RequestedJobStatus": "Ready"}, "execute resource hazards=bulk"),
        ("UpdateJobStatus", {"AccountId": ACCOUNT, "JobId": "j", "RequestedJobStatus": "Cancelled"}, "update item hazards="),
        ("PutBucketLifecycleConfiguration", {"AccountId": ACCOUNT, "Bucket": "b", **lifecycle(Expiration={"Days": 1})}, "destroy resource hazards=data-loss,bulk"),
        ("PutBucketLifecycleConfiguration", {"AccountId": ACCOUNT, "Bucket": "b", **lifecycle(Expiration={"Date": "2026-01-01T00:00:00Z"})}, "destroy resource hazards=data-loss,bulk"),
        ("PutBucketLifecycleConfiguration", {"AccountId": ACCOUNT, "Bucket": "b", **lifecycle(NoncurrentVersionExpiration={"NoncurrentDays": 1})}, "destroy resource hazards=data-loss,bulk"),
        ("PutBucketLifecycleConfiguration", {"AccountId": ACCOUNT, "Bucket": "b", **lifecycle(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1})}, "update resource hazards="),
        ("PutBucketVersioning", {"AccountId": ACCOUNT, "Bucket": "b", "VersioningConfiguration": {"Status": "Suspended"}}, "disrupt resource hazards=backup-loss"),
        ("PutBucketVersioning", {"AccountId": ACCOUNT, "Bucket": "b", "VersioningConfiguration": {}}, "disrupt resource hazards=backup-loss"),
        ("PutBucketVersioning", {"AccountId": ACCOUNT, "Bucket": "b", "VersioningConfiguration": {"Status": "Enabled"}}, "update resource hazards="),
        ("PutBucketReplication", {"AccountId": ACCOUNT, "Bucket": "b", **replication("Disabled")}, "disrupt resource hazards=backup-loss"),
        ("PutBucketReplication", {"AccountId": ACCOUNT, "Bucket": "b", **replication(Account="444455556666")}, "permission resource hazards=privilege"),
        ("PutBucketReplication", {"AccountId": ACCOUNT, "Bucket": "b", **replication()}, "update resource hazards="),
        ("SubmitMultiRegionAccessPointRoutes", {"AccountId": ACCOUNT, "Mrap": "m", "RouteUpdates": [{"Region": "us-east-1", "TrafficDialPercentage": 0}]}, "disrupt resource hazards=traffic"),
        ("SubmitMultiRegionAccessPointRoutes", {"AccountId": ACCOUNT, "Mrap": "m", "RouteUpdates": [{"Region": "us-east-1", "TrafficDialPercentage": 100}]}, "update resource hazards=traffic"),
        ("DeleteBucketLifecycleConfiguration", {"AccountId": ACCOUNT, "Bucket": "b"}, "update resource hazards="),
        ("DeleteAccessPointScope", {"AccountId": ACCOUNT, "Name": "p"}, "permission resource hazards=privilege"),
        ("DeleteMultiRegionAccessPoint", {"AccountId": ACCOUNT, "ClientToken": "t", "Details": {"Name": "p"}}, "destroy resource hazards=traffic"),
        ("GetDataAccess", {"AccountId": ACCOUNT, "Target": "s3://b/*", "Permission": "READ"}, "read resource hazards=secret-read"),
    ),
]

BUCKET = arn("s3tables", "bucket/b")
TABLES = [
    *policy("s3tables", "PutTableBucketPolicy", "resourcePolicy", tableBucketARN=BUCKET),
    *policy("s3tables", "PutTablePolicy", "resourcePolicy", tableBucketARN=BUCKET, namespace="n", name="t"),
    *policy("s3files", "PutFileSystemPolicy", "policy", fileSystemId="fs-1"),
    *policy("s3vectors", "PutVectorBucketPolicy", "policy", vectorBucketName="v"),
    *policy("rum", "PutResourcePolicy", "PolicyDocument", Name="m"),
    *either("s3files", "DeleteFileSystem", {"fileSystemId": "fs-1"}, ({"forceDelete": True}, "destroy resource reversible=no hazards=data-loss"), ({}, "destroy resource reversible=partly hazards=data-loss")),
    *either(
        "s3tables", "PutTableBucketLogging", {"tableBucketARN": BUCKET},
        ({"tableBucketLoggingStatus": {}}, "disrupt resource hazards=audit-off"),
        ({"tableBucketLoggingStatus": {"loggingEnabled": {"targetBucket": "logs", "targetObjectKeyFormat": {"partitionedPrefix": {"partitionDateSource": "EventTime"}}}}}, "update resource hazards="),
    ),
    *either(
        "s3tables", "PutTableRecordExpirationConfiguration", {"tableArn": BUCKET + "/table/t"},
        ({"value": {"status": "enabled", "settings": {"days": 1}}}, "destroy resource hazards=data-loss,bulk"),
        ({"value": {"status": "disabled"}}, "update resource hazards="),
    ),
    *either(
        "s3tables", "PutTableMaintenanceConfiguration", {"tableBucketARN": BUCKET, "namespace": "n", "name": "t", "type": "icebergSnapshotManagement"},
        ({"value": {"status": "enabled", "settings": {"icebergSnapshotManagement": {"minSnapshotsToKeep": 1, "maxSnapshotAgeHours": 1}}}}, "destroy resource hazards=backup-loss"),
        ({"value": {"status": "enabled", "settings": {"icebergSnapshotManagement": {"minSnapshotsToKeep": 9, "maxSnapshotAgeHours": 720}}}}, "update resource hazards="),
    ),
    *[
        row
        for files in ({"unreferencedDays": 1}, {"nonCurrentDays": 1})
        for row in either(
            "s3tables", "PutTableBucketMaintenanceConfiguration", {"tableBucketARN": BUCKET, "type": "icebergUnreferencedFileRemoval"},
            ({"value": {"settings": {"icebergUnreferencedFileRemoval": files}}}, "destroy resource hazards=data-loss"),
            ({"value": {"settings": {"icebergUnreferencedFileRemoval": {name: 30 for name in files}}}}, "update resource hazards="),
        )
    ],
    *calls(
        "s3tables",
        ("DeleteTable", {"tableBucketARN": BUCKET, "namespace": "n", "name": "t"}, "destroy resource reversible=no hazards=data-loss"),
        ("DeleteTableReplication", {"tableArn": BUCKET + "/table/t", "versionToken": "v"}, "disrupt resource hazards=backup-loss"),
        ("TagResource", {"resourceArn": BUCKET, "tags": {"a": "b"}}, "update item hazards="),
    ),
    *calls(
        "s3vectors",
        ("DeleteIndex", {"vectorBucketName": "v", "indexName": "i"}, "destroy resource reversible=no hazards=data-loss"),
        ("DeleteVectors", {"vectorBucketName": "v", "indexName": "i", "keys": ["k"]}, "destroy item hazards=data-loss"),
        ("QueryVectors", {"vectorBucketName": "v", "indexName": "i", "topK": 1, "queryVector": {"float32": [0.5]}}, "read resource"),
    ),
    *calls("s3outposts", ("DeleteEndpoint", {"EndpointId": "e", "OutpostId": "op-1"}, "destroy resource hazards=traffic")),
    *calls("rtbfabric", ("DeleteLink", {"gatewayId": "rtb-gw-1", "linkId": "link-1"}, "destroy resource hazards=traffic")),
]

DOMAIN = {"DomainId": "d-1"}
SAGEMAKER = [
    *policy("sagemaker", "PutEndpointPolicy", "ResourcePolicy", EndpointName="e"),
    *policy("sagemaker", "PutModelPackageGroupPolicy", "ResourcePolicy", ModelPackageGroupName="g"),
    *either("sagemaker", "DeleteDomain", DOMAIN, ({"RetentionPolicy": {"HomeEfsFileSystem": "Delete"}}, "destroy environment reversible=no hazards=data-loss"), ({}, "destroy environment reversible=partly hazards=data-loss")),
    *either("sagemaker", "UpdateNotebookInstance", {"NotebookInstanceName": "n"}, ({"RoleArn": ROLE}, "permission resource hazards=privilege"), ({"VolumeSizeInGB": 50}, "update resource hazards=")),
    *either("sagemaker", "UpdatePipeline", {"PipelineName": "p"}, ({"RoleArn": ROLE}, "permission resource hazards=privilege"), ({"PipelineDisplayName": "q"}, "update resource hazards=")),
    *either("sagemaker", "UpdateUserProfile", {**DOMAIN, "UserProfileName": "u"}, ({"UserSettings": {"ExecutionRole": ROLE}}, "permission resource hazards=privilege"), ({"UserSettings": {"StudioWebPortal": "ENABLED"}}, "update resource hazards=")),
    *either("sagemaker", "UpdateWorkforce", {"WorkforceName": "w"}, ({"SourceIpConfig": {"Cidrs": ["0.0.0.0/0"]}}, "permission resource hazards=exposure"), ({"SourceIpConfig": {"Cidrs": ["10.0.0.0/8"]}}, "update resource hazards=")),
    *either("sagemaker", "UpdateInferenceComponent", {"InferenceComponentName": "c"}, ({"RuntimeConfig": {"CopyCount": 0}}, "disrupt resource"), ({"RuntimeConfig": {"CopyCount": 2}}, "update resource")),
    *either("sagemaker", "UpdateInferenceComponentRuntimeConfig", {"InferenceComponentName": "c"}, ({"DesiredRuntimeConfig": {"CopyCount": 0}}, "disrupt resource"), ({"DesiredRuntimeConfig": {"CopyCount": 2}}, "update resource")),
    *either(
        "sagemaker", "UpdateEndpointWeightsAndCapacities", {"EndpointName": "e"},
        ({"DesiredWeightsAndCapacities": [{"VariantName": "v", "DesiredInstanceCount": 0}]}, "disrupt resource"),
        ({"DesiredWeightsAndCapacities": [{"VariantName": "v", "DesiredInstanceCount": 2}]}, "update resource"),
    ),
    *calls(
        "sagemaker",
        ("UpdateDomain", {**DOMAIN, "DefaultUserSettings": {"ExecutionRole": ROLE}}, "permission environment hazards=privilege"),
        ("UpdateDomain", {**DOMAIN, "DefaultSpaceSettings": {"ExecutionRole": ROLE}}, "permission environment hazards=privilege"),
        ("UpdateDomain", {**DOMAIN, "TagPropagation": "ENABLED"}, "update environment hazards="),
        ("UpdateCluster", {"ClusterName": "c", "InstanceGroups": [{"InstanceCount": 0, "InstanceGroupName": "g", "ExecutionRole": ROLE}]}, "disrupt environment hazards=data-loss"),
        ("UpdateCluster", {"ClusterName": "c", "RestrictedInstanceGroups": [{"InstanceCount": 0, "InstanceGroupName": "g", "InstanceType": "ml.p5.48xlarge", "ExecutionRole": ROLE, "EnvironmentConfig": {}}]}, "disrupt environment hazards=data-loss"),
        ("UpdateCluster", {"ClusterName": "c", "InstanceGroupsToDelete": ["g"]}, "destroy environment hazards=data-loss"),
        ("UpdateCluster", {"ClusterName": "c", "InstanceGroups": [{"InstanceCount": 4, "InstanceGroupName": "g", "ExecutionRole": ROLE}]}, "update environment hazards="),
        ("UpdateClusterSoftware", {"ClusterName": "c"}, "disrupt environment hazards=replace"),
        ("BatchDeleteClusterNodes", {"ClusterName": "c", "NodeIds": ["i-1", "i-2"]}, "destroy resource count=2 hazards=data-loss"),
        ("BatchDeleteClusterNodes", {"ClusterName": "c", "NodeLogicalIds": ["a", "b"]}, "destroy resource count=2 hazards=data-loss"),
        ("BatchReplaceClusterNodes", {"ClusterName": "c", "NodeIds": ["i-1", "i-2"]}, "destroy resource count=2 hazards=data-loss,replace"),
        ("BatchReplaceClusterNodes", {"ClusterName": "c", "NodeLogicalIds": ["a"]}, "destroy resource count=1 hazards=data-loss,replace"),
        ("BatchRebootClusterNodes", {"ClusterName": "c", "NodeIds": ["i-1"]}, "disrupt resource hazards="),
        ("BatchAddClusterNodes", {"ClusterName": "c", "NodesToAdd": [{"InstanceGroupName": "g", "IncrementTargetCountBy": 1}]}, "create resource hazards="),
        ("DeleteCluster", {"ClusterName": "c"}, "destroy environment hazards=data-loss"),
        ("DeleteFeatureGroup", {"FeatureGroupName": "g"}, "destroy resource hazards=data-loss"),
        ("DeleteEndpoint", {"EndpointName": "e"}, "destroy resource"),
        ("DeleteImage", {"ImageName": "i"}, "destroy resource hazards="),
        ("DeleteNotebookInstance", {"NotebookInstanceName": "n"}, "destroy resource hazards=data-loss"),
        ("DeleteApp", {"DomainId": "d-1", "AppType": "JupyterLab", "AppName": "default"}, "disrupt resource hazards="),
        ("StartNotebookInstance", {"NotebookInstanceName": "n"}, "update resource hazards="),
        ("StopTrainingJob", {"TrainingJobName": "j"}, "disrupt item"),
        ("CreateTrainingJob", {"TrainingJobName": "j"}, "execute item hazards="),
        ("CreatePresignedDomainUrl", {"DomainId": "d-1", "UserProfileName": "u"}, "read resource hazards=secret-read"),
        ("CreateTrainingPlan", {"TrainingPlanName": "p", "TrainingPlanOfferingId": "o"}, "create resource hazards=cost"),
        ("SendPipelineExecutionStepSuccess", {"CallbackToken": "t"}, "execute item"),
        ("AddTags", {"ResourceArn": arn("sagemaker", "endpoint/e"), "Tags": [{"Key": "a", "Value": "b"}]}, "update item hazards="),
    ),
    *calls("sagemaker-runtime", ("InvokeEndpoint", {"EndpointName": "e", "Body": b"x"}, "read item hazards="), ("InvokeEndpointAsync", {"EndpointName": "e", "InputLocation": "s3://b/k"}, "create item hazards=")),
    *calls(
        "sagemaker-featurestore-runtime",
        ("DeleteRecord", {"FeatureGroupName": "g", "RecordIdentifierValueAsString": "1", "EventTime": "2026-01-01T00:00:00Z"}, "destroy item hazards=data-loss"),
        ("BatchWriteRecord", {"Entries": [{"FeatureGroupName": "g", "Record": [{"FeatureName": "f", "ValueAsString": "1"}]}] * 2}, "update item count=2 hazards="),
    ),
]

DELETES = "arn:aws:scheduler:::aws-sdk:rds:deleteDBInstance"
DEPLOYS = [
    *[
        row
        for name in ("CreateSchedule", "UpdateSchedule")
        for row in calls(
            "scheduler",
            (name, schedule(DELETES), "destroy resource"),
            (name, schedule("arn:aws:scheduler:::aws-sdk:sqs:purgeQueue"), "destroy resource"),
            (name, schedule("arn:aws:scheduler:::aws-sdk:ecs:updateService"), "execute resource hazards="),
            (name, schedule(arn("lambda", "function:delete-old")), ("create" if name == "CreateSchedule" else "update") + " resource hazards="),
        )
    ],
    *either("scheduler", "UpdateSchedule", schedule(arn("sqs", "q")), ({"State": "DISABLED"}, "disrupt resource"), ({"State": "ENABLED"}, "update resource")),
    *calls("scheduler", ("DeleteScheduleGroup", {"Name": "g"}, "destroy environment")),
    *policy("schemas", "PutResourcePolicy", "Policy", RegistryName="r"),
    *calls("schemas", ("DeleteRegistry", {"RegistryName": "r"}, "destroy resource hazards=data-loss"), ("ExportSchema", {"RegistryName": "r", "SchemaName": "s", "Type": "JSONSchemaDraft4"}, "read resource")),
    *calls(
        "serverlessrepo",
        ("PutApplicationPolicy", {"ApplicationId": "a", "Statements": [{"Actions": ["Deploy"], "Principals": ["*"]}]}, "permission resource hazards=exposure"),
        ("PutApplicationPolicy", {"ApplicationId": "a", "Statements": [{"Actions": ["Deploy"], "Principals": ["444455556666"]}]}, "permission resource hazards="),
    ),
    *either("servicecatalog", "CreatePortfolioShare", {"PortfolioId": "p"}, ({"OrganizationNode": {"Type": "ORGANIZATION", "Value": "o-1"}}, "permission organization hazards=privilege"), ({"AccountId": "444455556666"}, "permission resource hazards=privilege")),
    *either("servicecatalog", "UpdateProvisioningArtifact", {"ProductId": "p", "ProvisioningArtifactId": "a"}, ({"Active": False}, "disrupt resource"), ({"Name": "n"}, "update resource")),
    *calls(
        "servicecatalog",
        ("TerminateProvisionedProduct", {"ProvisionedProductId": "p", "TerminateToken": "t"}, "destroy environment reversible=no hazards=data-loss"),
        ("TerminateProvisionedProduct", {"ProvisionedProductId": "p", "TerminateToken": "t", "RetainPhysicalResources": False}, "destroy environment reversible=no hazards=data-loss"),
        ("TerminateProvisionedProduct", {"ProvisionedProductId": "p", "TerminateToken": "t", "RetainPhysicalResources": True}, "update environment hazards="),
        ("UpdateProvisionedProduct", {"ProvisionedProductId": "p", "UpdateToken": "t"}, "update environment hazards=replace"),
        ("AssociatePrincipalWithPortfolio", {"PortfolioId": "p", "PrincipalARN": ROLE, "PrincipalType": "IAM"}, "permission resource hazards=privilege"),
        ("SearchProvisionedProducts", {}, "read resource"),
    ),
    *either("servicediscovery", "UpdateInstanceCustomHealthStatus", {"ServiceId": "s", "InstanceId": "i"}, ({"Status": "UNHEALTHY"}, "disrupt item hazards=traffic"), ({"Status": "HEALTHY"}, "update item hazards=")),
    *either("servicediscovery", "UpdateService", {"Id": "s"}, ({"Service": {"Description": "d"}}, "disrupt resource hazards=traffic"), ({"Service": {"DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 60}]}}}, "update resource hazards=")),
    *calls("servicediscovery", ("DeleteNamespace", {"Id": "n"}, "destroy environment hazards=traffic"), ("DeregisterInstance", {"ServiceId": "s", "InstanceId": "i"}, "destroy item hazards=traffic")),
    *either("stepfunctions", "UpdateStateMachine", {"stateMachineArn": "m"}, ({"roleArn": ROLE}, "permission resource hazards=privilege"), ({"definition": "{}"}, "update resource hazards=")),
    *either("stepfunctions", "UpdateStateMachine", {"stateMachineArn": "m"}, ({"loggingConfiguration": {"level": "OFF"}}, "disrupt resource hazards=audit-off"), ({"loggingConfiguration": {"level": "ALL"}}, "update resource hazards=")),
    *calls(
        "stepfunctions",
        ("StartExecution", {"stateMachineArn": "m"}, "execute resource hazards="),
        ("TestState", {"definition": "{}", "roleArn": ROLE}, "execute item"),
        ("RedriveExecution", {"executionArn": "e"}, "execute item"),
        ("StopExecution", {"executionArn": "e"}, "disrupt item"),
        ("ValidateStateMachineDefinition", {"definition": "{}"}, "read resource"),
        ("DeleteStateMachine", {"stateMachineArn": "m"}, "destroy resource"),
    ),
    *calls("sdb", ("DeleteDomain", {"DomainName": "d"}, "destroy resource hazards=data-loss"), ("DomainMetadata", {"DomainName": "d"}, "read resource")),
    *calls(
        "swf",
        ("DeprecateDomain", {"name": "d"}, "disrupt environment"),
        ("RespondActivityTaskCompleted", {"taskToken": "t"}, "update item hazards="),
        ("TerminateWorkflowExecution", {"domain": "d", "workflowId": "w"}, "disrupt item"),
    ),
    *either("synthetics", "UpdateCanary", {"Name": "c"}, ({"ExecutionRoleArn": ROLE}, "permission resource hazards=privilege"), ({"RunConfig": {"TimeoutInSeconds": 60}}, "update resource hazards=")),
]

SECRET = {"SecretId": "s"}
IDENTITY = [
    *policy("secretsmanager", "PutResourcePolicy", "ResourcePolicy", **SECRET),
    *either("secretsmanager", "CreateSecret", {"Name": "s", "AddReplicaRegions": [{"Region": "eu-west-1"}]}, ({"ForceOverwriteReplicaSecret": True}, "destroy resource hazards=data-loss"), ({"ForceOverwriteReplicaSecret": False}, "create resource hazards=")),
    *either("secretsmanager", "ReplicateSecretToRegions", {**SECRET, "AddReplicaRegions": [{"Region": "eu-west-1"}]}, ({"ForceOverwriteReplicaSecret": True}, "destroy resource hazards=data-loss"), ({}, "create resource hazards=")),
    *calls(
        "secretsmanager",
        ("DeleteSecret", {**SECRET, "ForceDeleteWithoutRecovery": True}, "destroy resource reversible=no hazards=data-loss"),
        ("DeleteSecret", {**SECRET, "RecoveryWindowInDays": 30}, "destroy resource reversible=partly hazards=data-loss"),
        ("AssociateCrossAccountReplica", {**SECRET, "CrossAccountReplicaARN": "arn:aws:secretsmanager:us-east-1:444455556666:secret:s"}, "permission resource hazards=privilege"),
        ("CancelRotateSecret", SECRET, "disrupt resource"),
        ("PutSecretValue", {**SECRET, "SecretString": "x"}, "update resource hazards="),
        ("ListSecrets", {}, "read resource hazards="),
    ),
    *calls(
        "sso-admin",
        ("CreateAccountAssignment", {"InstanceArn": "i", "TargetId": ACCOUNT, "TargetType": "AWS_ACCOUNT", "PermissionSetArn": "p", "PrincipalType": "USER", "PrincipalId": "u"}, "permission account hazards=privilege"),
        ("AttachManagedPolicyToPermissionSet", {"InstanceArn": "i", "PermissionSetArn": "p", "ManagedPolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}, "permission organization hazards=privilege"),
        ("DetachManagedPolicyFromPermissionSet", {"InstanceArn": "i", "PermissionSetArn": "p", "ManagedPolicyArn": "m"}, "permission organization hazards="),
        ("CreatePermissionSet", {"Name": "n", "InstanceArn": "i"}, "create resource hazards="),
        ("DeleteInstance", {"InstanceArn": "i"}, "destroy organization"),
        ("TagResource", {"ResourceArn": "i", "Tags": [{"Key": "a", "Value": "b"}]}, "update item hazards="),
        ("ListInstances", {}, "read resource"),
    ),
    *calls("sts", ("AssumeRoot", {"TargetPrincipal": "444455556666", "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"}}, "permission account hazards=privilege")),
    *either("supportauthz", "CreateSupportPermit", {"name": "n", "signingKeyInfo": {"kmsKey": "k"}}, ({"permit": {"actions": {"allActions": {}}, "resources": {"resources": ["r"]}}}, "permission account hazards=privilege"), ({"permit": {"actions": {"actions": ["a"]}, "resources": {"resources": ["r"]}}}, "permission resource hazards=privilege")),
    *calls("supportauthz", ("CreateSupportPermit", {"name": "n", "signingKeyInfo": {"kmsKey": "k"}, "permit": {"actions": {"actions": ["a"]}, "resources": {"allResourcesInRegion": {}}}}, "permission region hazards=privilege")),
    *either("verifiedpermissions", "UpdatePolicyStore", {"policyStoreId": "s", "validationSettings": {"mode": "STRICT"}}, ({"deletionProtection": "DISABLED"}, "disrupt resource"), ({"description": "d"}, "update resource")),
    *calls(
        "verifiedpermissions",
        ("UpdatePolicyStore", {"policyStoreId": "s", "validationSettings": {"mode": "OFF"}}, "permission resource"),
        ("DeletePolicyStore", {"policyStoreId": "s"}, "destroy environment hazards=data-loss"),
        ("IsAuthorized", {"policyStoreId": "s"}, "read resource"),
    ),
    *either("signer", "AddProfilePermission", {"profileName": "p", "action": "signer:StartSigningJob", "statementId": "s"}, ({"principal": "*"}, "permission resource hazards=exposure"), ({"principal": "444455556666"}, "permission resource hazards=")),
    *calls("signer", ("RevokeSigningProfile", {"profileName": "p", "profileVersion": "0123456789", "reason": "r", "effectiveTime": "2026-01-01T00:00:00Z"}, "destroy resource reversible=no hazards=bulk")),
]

RUNBOOK = {"Parameters": {"InstanceId": ["i-1"]}}
SSM = [
    *policy("ssm", "PutResourcePolicy", "Policy", ResourceArn=arn("ssm", "opsitemgroup/default")),
    *policy("ssm-contacts", "PutContactPolicy", "Policy", ContactArn="c"),
    *policy("ssm-incidents", "PutResourcePolicy", "policy", resourceArn="r"),
    *either("ssm", "DeleteInventory", {"TypeName": "Custom:X"}, ({}, "destroy resource hazards=data-loss"), ({"DryRun": True}, "read resource hazards=")),
    *either("ssm", "DeleteDocument", {}, ({"Name": "SSM-SessionManagerRunShell"}, "destroy region hazards=audit-off"), ({"Name": "d"}, "destroy resource hazards=")),
    *either("ssm", "UpdateDocument", {"Content": "{}"}, ({"Name": "SSM-SessionManagerRunShell"}, "permission region"), ({"Name": "d"}, "update resource")),
    *either("ssm", "UpdateMaintenanceWindow", {"WindowId": "mw-1"}, ({"Enabled": False}, "disrupt resource"), ({"Enabled": True}, "update resource")),
    *either("ssm", "ModifyDocumentPermission", {"Name": "d", "PermissionType": "Share"}, ({"AccountIdsToAdd": ["all"]}, "permission resource hazards=exposure,privilege"), ({"AccountIdsToRemove": ["444455556666"]}, "permission resource hazards=")),
    *either("ssm", "UpdateServiceSetting", {"SettingId": "/ssm/documents/console/public-sharing-permission"}, ({"SettingValue": "Enable"}, "permission account hazards=exposure"), ({"SettingValue": "Disable"}, "update region hazards=")),
    *[
        row
        for name in ("GetParameter", "GetParameterHistory", "GetParameters", "GetParametersByPath")
        for member, value in ({"GetParameters": ("Names", ["n"]), "GetParametersByPath": ("Path", "/")}.get(name, ("Name", "n")),)
        for row in either("ssm", name, {member: value}, ({"WithDecryption": True}, "read resource hazards=secret-read"), ({}, "read resource hazards="))
    ],
    *calls(
        "ssm",
        ("UpdateServiceSetting", {"SettingId": "/ssm/managed-instance/default-ec2-instance-management-role", "SettingValue": "r"}, "permission region hazards=privilege"),
        ("ResetServiceSetting", {"SettingId": "/ssm/documents/console/public-sharing-permission"}, "permission account hazards=exposure"),
        ("ResetServiceSetting", {"SettingId": "/ssm/parameter-store/high-throughput-enabled"}, "update region hazards="),
        ("StartAutomationExecution", {"DocumentName": "AWS-TerminateEC2Instance", **RUNBOOK}, "destroy resource"),
        ("StartAutomationExecution", {"DocumentName": "AWS-RestartEC2Instance", **RUNBOOK}, "disrupt resource"),
        ("StartAutomationExecution", {"DocumentName": "d", "TargetLocations": [{"Accounts": ["444455556666"], "Regions": ["us-east-1"]}]}, "execute organization"),
        ("StartAutomationExecution", {"DocumentName": "d", "TargetLocationsURL": "https://example.com/t.json"}, "execute organization"),
        ("StartAutomationExecution", {"DocumentName": "d", "TargetParameterName": "InstanceId", "Targets": [{"Key": "tag:a", "Values": ["b"]}]}, "execute resource hazards=bulk"),
        ("StartChangeRequestExecution", {"DocumentName": "d", "Runbooks": [{"DocumentName": "AWS-DeleteSnapshot"}]}, "destroy resource"),
        ("StartChangeRequestExecution", {"DocumentName": "d", "Runbooks": [{"DocumentName": "r", "TargetLocations": [{"Accounts": ["444455556666"], "Regions": ["us-east-1"]}]}]}, "execute organization"),
        ("StartChangeRequestExecution", {"DocumentName": "d", "Runbooks": [{"DocumentName": "r"}]}, "execute resource"),
        ("StartExecutionPreview", {"DocumentName": "AWS-TerminateEC2Instance"}, "read resource"),
        ("StartSession", {"Target": "i-1"}, "execute resource"),
        ("TerminateSession", {"SessionId": "s"}, "update item"),
        ("PutParameter", {"Name": "n", "Value": "v", "Overwrite": True}, "update resource hazards="),
        ("DeleteParameter", {"Name": "n"}, "destroy resource hazards=data-loss"),
        ("CancelCommand", {"CommandId": "c"}, "update item"),
        ("AddTagsToResource", {"ResourceType": "Parameter", "ResourceId": "n", "Tags": [{"Key": "a", "Value": "b"}]}, "update item hazards="),
    ),
    *calls(
        "ssm-incidents",
        ("UpdateDeletionProtection", {"arn": "a", "deletionProtected": False}, "disrupt account"),
        ("UpdateDeletionProtection", {"arn": "a", "deletionProtected": True}, "update account"),
        ("UpdateReplicationSet", {"arn": "a", "actions": [{"deleteRegionAction": {"regionName": "eu-west-1"}}]}, "destroy account hazards=data-loss"),
        ("UpdateReplicationSet", {"arn": "a", "actions": [{"addRegionAction": {"regionName": "eu-west-1"}}]}, "update account hazards="),
        ("DeleteReplicationSet", {"arn": "a"}, "destroy account hazards=data-loss"),
        ("StartIncident", {"responsePlanArn": "p"}, "execute item"),
    ),
    *calls("ssm-guiconnect", ("DeleteConnectionRecordingPreferences", {}, "destroy region hazards=audit-off")),
    *calls("ssm-sap", ("StopApplication", {"ApplicationId": "a"}, "disrupt environment")),
]

FINDING = {"FindingIdentifiers": [{"Id": "f", "ProductArn": "p"}]}
CONTROL = {"StandardsControlArn": "c"}
HUB = "securityhub"
SECURITY = [
    *either(HUB, "BatchUpdateFindings", FINDING, ({"Workflow": {"Status": "SUPPRESSED"}}, "disrupt item hazards=audit-off"), ({"Workflow": {"Status": "RESOLVED"}}, "update item hazards=")),
    *either(HUB, "BatchUpdateFindingsV2", {"MetadataUids": ["f"]}, ({"StatusId": 3}, "disrupt item hazards=audit-off"), ({"StatusId": 4}, "update item hazards=")),
    *either(HUB, "CreateAutomationRule", {}, (automation({"Workflow": {"Status": "SUPPRESSED"}}), "disrupt region hazards=audit-off"), (automation({"Severity": {"Label": "HIGH"}}), "create resource hazards=")),
    *either(HUB, "CreateAutomationRuleV2", {}, (automation({"StatusId": 3}, Criteria={"OcsfFindingCriteria": {}}), "disrupt region hazards=audit-off"), (automation({"SeverityId": 4}, Criteria={"OcsfFindingCriteria": {}}), "create resource hazards=")),
    *either(HUB, "UpdateAutomationRuleV2", {"Identifier": "r"}, ({"Actions": automation({"StatusId": 3}, Criteria={"OcsfFindingCriteria": {}})["Actions"]}, "disrupt region hazards=audit-off"), ({"RuleName": "n"}, "update resource hazards=")),
    *either(HUB, "BatchUpdateAutomationRules", {}, ({"UpdateAutomationRulesRequestItems": [{"RuleArn": "r", "Actions": automation({"Workflow": {"Status": "SUPPRESSED"}})["Actions"]}]}, "disrupt region hazards=audit-off"), ({"UpdateAutomationRulesRequestItems": [{"RuleArn": "r", "RuleName": "n"}]}, "update resource hazards=")),
    *either(HUB, "UpdateOrganizationConfiguration", {}, ({"AutoEnable": False}, "disrupt organization hazards=audit-off"), ({"AutoEnable": True}, "update organization hazards=")),
    *either(HUB, "UpdateStandardsControl", CONTROL, ({"ControlStatus": "DISABLED"}, "disrupt region hazards=audit-off"), ({"ControlStatus": "ENABLED"}, "update region hazards=")),
    *either(HUB, "UpdateFindings", {"Filters": {}}, ({"RecordState": "ARCHIVED"}, "disrupt region hazards=audit-off,bulk"), ({"Note": {"Text": "t", "UpdatedBy": "u"}}, "update region hazards=bulk")),
    *either(
        HUB, "BatchUpdateStandardsControlAssociations", {},
        ({"StandardsControlAssociationUpdates": [{"StandardsArn": "s", "SecurityControlId": "c", "AssociationStatus": "DISABLED"}]}, "disrupt region hazards=audit-off"),
        ({"StandardsControlAssociationUpdates": [{"StandardsArn": "s", "SecurityControlId": "c", "AssociationStatus": "ENABLED"}]}, "update region hazards="),
    ),
    *calls(
        HUB,
        ("UpdateConfigurationPolicy", {"Identifier": "p", "ConfigurationPolicy": {"SecurityHub": {"ServiceEnabled": False}}}, "disrupt organization hazards=audit-off"),
        ("UpdateConfigurationPolicy", {"Identifier": "p", "ConfigurationPolicy": {"SecurityHub": {"ServiceEnabled": True, "SecurityControlsConfiguration": {"DisabledSecurityControlIdentifiers": ["c"]}}}}, "disrupt organization hazards=audit-off"),
        ("UpdateConfigurationPolicy", {"Identifier": "p", "Description": "d"}, "update organization hazards="),
        ("CreateConfigurationPolicy", {"Name": "n", "ConfigurationPolicy": {"SecurityHub": {"ServiceEnabled": True}}}, "create resource hazards="),
        ("DisableSecurityHub", {}, "disrupt region hazards=audit-off"),
        ("BatchDisableStandards", {"StandardsSubscriptionArns": ["s"]}, "disrupt region hazards=audit-off"),
        ("DisassociateMembers", {"AccountIds": ["444455556666"]}, "disrupt organization hazards=audit-off"),
        ("DeleteInsight", {"InsightArn": "i"}, "destroy item hazards="),
        ("EnableOrganizationAdminAccount", {"AdminAccountId": "444455556666"}, "permission organization"),
    ),
    *either("securitylake", "UpdateDataLake", {}, ({"configurations": [{"region": "us-east-1", "lifecycleConfiguration": {"expiration": {"days": 1}}}]}, "destroy region hazards=data-loss,audit-off"), ({"configurations": [{"region": "us-east-1"}]}, "update region hazards=")),
    *calls("securitylake", ("DeleteDataLake", {"regions": ["us-east-1"]}, "destroy region hazards=audit-off"), ("CreateSubscriber", {"subscriberName": "n", "sources": [], "subscriberIdentity": {"externalId": "e", "principal": "444455556666"}}, "permission resource")),
    *calls("security-ir", ("CloseCase", {"caseId": "1"}, "update item hazards="), ("CancelMembership", {"membershipId": "m"}, "disrupt account")),
    *calls("securityagent", ("StartPentestJob", {"agentSpaceId": "a", "pentestId": "p"}, "execute resource"), ("BatchDeletePentests", {"agentSpaceId": "a", "pentestIds": ["p", "q"]}, "destroy resource count=2 hazards=data-loss"), ("BatchDeleteCodeReviews", {"agentSpaceId": "a", "codeReviewIds": ["p", "q"]}, "destroy resource count=2 hazards=data-loss")),
    *either("shield", "UpdateApplicationLayerAutomaticResponse", {"ResourceArn": "r"}, ({"Action": {"Count": {}}}, "disrupt resource"), ({"Action": {"Block": {}}}, "update resource")),
    *calls(
        "shield",
        ("UpdateSubscription", {}, "update account hazards="),
        ("UpdateSubscription", {"AutoRenew": "ENABLED"}, "update account hazards=cost"),
        ("UpdateSubscription", {"AutoRenew": "DISABLED"}, "disrupt account hazards="),
        ("CreateSubscription", {}, "create account hazards=cost"),
        ("DeleteProtection", {"ProtectionId": "p"}, "destroy resource"),
        ("AssociateDRTRole", {"RoleArn": ROLE}, "permission account hazards=privilege"),
    ),
    *either("wafv2", "UpdateWebACL", {"DefaultAction": {"Allow": {}}}, (acl(), "permission resource hazards=exposure"), (acl(RULE), "permission resource hazards=")),
    *either("wafv2", "UpdateRuleGroup", {}, (acl(), "permission resource hazards=exposure"), (acl(RULE), "permission resource hazards=")),
    *either("wafv2", "UpdateIPSet", {"Name": "n", "Scope": "REGIONAL", "Id": "1", "LockToken": "t"}, ({"Addresses": ["0.0.0.0/1", "128.0.0.0/1"]}, "permission resource hazards=exposure"), ({"Addresses": ["10.0.0.0/8"]}, "permission resource hazards=")),
    *policy("wafv2", "PutPermissionPolicy", "Policy", ResourceArn="r"),
    *[
        row
        for behaviour, expected in (("DROP", "disrupt resource hazards=audit-off"), ("KEEP", "update resource hazards="))
        for row in calls("wafv2", ("PutLoggingConfiguration", {"LoggingConfiguration": {"ResourceArn": "r", "LogDestinationConfigs": ["d"], "LoggingFilter": {"Filters": [], "DefaultBehavior": behaviour}}}, expected))
    ],
    *calls(
        "wafv2",
        ("DisassociateWebACL", {"ResourceArn": "r"}, "permission resource hazards=exposure"),
        ("DeleteWebACL", {"Name": "n", "Scope": "REGIONAL", "Id": "1", "LockToken": "t"}, "destroy resource hazards=exposure"),
        ("DeleteLoggingConfiguration", {"ResourceArn": "r"}, "destroy resource hazards=audit-off"),
        ("CheckCapacity", {"Scope": "REGIONAL", "Rules": [RULE]}, "read resource"),
        ("CreateIPSet", {"Name": "n", "Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": []}, "create resource hazards="),
    ),
    *calls("waf-regional", ("UpdateWebACL", {"WebACLId": "1", "ChangeToken": "t"}, "permission resource"), ("DisassociateWebACL", {"ResourceArn": "r"}, "permission resource hazards=exposure")),
]


def imported(**destination):
    return {"ImportDestination": destination, "ImportDataSource": {"S3Url": "s3://b/k", "DataFormat": "CSV"}}


DOMAIN_NAME = {"Identity": "example.com"}
SENDER = {"EmailIdentity": "example.com"}
CONFIGURATION = {"ConfigurationSetName": "c"}
MESSAGES = [
    *policy("ses", "PutIdentityPolicy", "Policy", **DOMAIN_NAME, PolicyName="p"),
    *policy("sesv2", "CreateEmailIdentityPolicy", "Policy", **SENDER, PolicyName="p"),
    *policy("sesv2", "UpdateEmailIdentityPolicy", "Policy", **SENDER, PolicyName="p"),
    *either("ses", "SetActiveReceiptRuleSet", {}, ({}, "disrupt region hazards=traffic"), ({"RuleSetName": "r"}, "update region hazards=traffic")),
    *either("ses", "SetIdentityDkimEnabled", DOMAIN_NAME, ({"DkimEnabled": False}, "disrupt resource"), ({"DkimEnabled": True}, "update resource")),
    *either("ses", "SetIdentityFeedbackForwardingEnabled", DOMAIN_NAME, ({"ForwardingEnabled": False}, "disrupt resource"), ({"ForwardingEnabled": True}, "update resource")),
    *either("ses", "SetIdentityMailFromDomain", DOMAIN_NAME, ({}, "disrupt resource"), ({"MailFromDomain": "m.example.com"}, "update resource")),
    *either("ses", "UpdateConfigurationSetReputationMetricsEnabled", CONFIGURATION, ({"Enabled": False}, "disrupt resource"), ({"Enabled": True}, "update resource")),
    *either("ses", "UpdateConfigurationSetSendingEnabled", CONFIGURATION, ({"Enabled": False}, "disrupt resource"), ({"Enabled": True}, "update resource")),
    *either("ses", "UpdateReceiptRule", {"RuleSetName": "s"}, ({"Rule": {"Name": "r", "Enabled": False}}, "disrupt resource hazards=traffic"), ({"Rule": {"Name": "r", "Enabled": True}}, "update resource hazards=")),
    *calls(
        "ses",
        ("UpdateReceiptRule", {"RuleSetName": "s", "Rule": {"Name": "r"}}, "disrupt resource hazards=traffic"),
        ("UpdateAccountSendingEnabled", {}, "disrupt region"),
        ("UpdateAccountSendingEnabled", {"Enabled": False}, "disrupt region"),
        ("UpdateAccountSendingEnabled", {"Enabled": True}, "update region"),
        ("DeleteIdentity", DOMAIN_NAME, "destroy resource"),
        ("DeleteReceiptRuleSet", {"RuleSetName": "r"}, "destroy resource hazards=traffic"),
        ("VerifyEmailIdentity", {"EmailAddress": "a@example.com"}, "create resource hazards="),
        ("SendEmail", {"Source": "a@example.com", "Destination": {}, "Message": {"Subject": {"Data": "s"}, "Body": {}}}, "execute item"),
    ),
    *either("sesv2", "PutAccountSendingAttributes", {}, ({"SendingEnabled": False}, "disrupt region"), ({"SendingEnabled": True}, "update region")),
    *either("sesv2", "PutConfigurationSetSendingOptions", CONFIGURATION, ({"SendingEnabled": False}, "disrupt resource"), ({"SendingEnabled": True}, "update resource")),
    *either("sesv2", "PutConfigurationSetArchivingOptions", CONFIGURATION, ({}, "disrupt resource hazards=audit-off"), ({"ArchiveArn": "a"}, "update resource hazards=")),
    *either("sesv2", "PutDeliverabilityDashboardOption", {}, ({"DashboardEnabled": True}, "update region hazards=cost"), ({"DashboardEnabled": False}, "update region hazards=")),
    *either("sesv2", "PutEmailIdentityDkimAttributes", SENDER, ({"SigningEnabled": False}, "disrupt resource"), ({"SigningEnabled": True}, "update resource")),
    *either("sesv2", "PutEmailIdentityFeedbackAttributes", SENDER, ({"EmailForwardingEnabled": False}, "disrupt resource"), ({"EmailForwardingEnabled": True}, "update resource")),
    *either("sesv2", "PutEmailIdentityMailFromAttributes", SENDER, ({}, "disrupt resource"), ({"MailFromDomain": "m.example.com"}, "update resource")),
    *either("sesv2", "UpdateReputationEntityCustomerManagedStatus", {"ReputationEntityType": "RESOURCE", "ReputationEntityReference": "r"}, ({"SendingStatus": "DISABLED"}, "disrupt resource"), ({"SendingStatus": "ENABLED"}, "update resource")),
    *calls(
        "sesv2",
        ("PutAccountSendingAttributes", {}, "disrupt region"),
        ("PutConfigurationSetSendingOptions", CONFIGURATION, "disrupt resource"),
        ("PutEmailIdentityDkimAttributes", SENDER, "disrupt resource"),
        ("PutEmailIdentityFeedbackAttributes", SENDER, "disrupt resource"),
        ("CreateImportJob", imported(ContactListDestination={"ContactListName": "l", "ContactListImportAction": "DELETE"}), "destroy resource hazards=data-loss,bulk"),
        ("CreateImportJob", imported(ContactListDestination={"ContactListName": "l", "ContactListImportAction": "PUT"}), "create resource hazards="),
        ("CreateImportJob", imported(SuppressionListDestination={"SuppressionListImportAction": "DELETE"}), "update region hazards=bulk"),
        ("DeleteContactList", {"ContactListName": "l"}, "destroy resource hazards=data-loss"),
        ("SendEmail", {"Content": {}}, "execute item"),
        ("TestRenderEmailTemplate", {"TemplateName": "t", "TemplateData": "{}"}, "read item"),
    ),
    *calls(
        "sns",
        ("AddPermission", {"TopicArn": TOPIC, "Label": "l", "AWSAccountId": ["*"], "ActionName": ["Publish"]}, "permission resource hazards=exposure"),
        ("AddPermission", {"TopicArn": TOPIC, "Label": "l", "AWSAccountId": ["444455556666"], "ActionName": ["Publish"]}, "permission resource hazards="),
        ("CreateTopic", {"Name": "t", "Attributes": {"Policy": PUBLIC}}, "permission resource hazards=exposure"),
        ("CreateTopic", {"Name": "t", "Attributes": {"Policy": PRIVATE}}, "create resource hazards="),
        ("PublishBatch", {"TopicArn": TOPIC, "PublishBatchRequestEntries": [{"Id": str(n), "Message": "m"} for n in range(3)]}, "execute item count=3"),
        ("SetEndpointAttributes", {"EndpointArn": "e", "Attributes": {"Enabled": "false"}}, "disrupt item"),
        ("SetEndpointAttributes", {"EndpointArn": "e", "Attributes": {"Enabled": "true"}}, "update item"),
        ("SetSMSAttributes", {"attributes": {"MonthlySpendLimit": "5000"}}, "update region hazards=cost"),
        ("SetSMSAttributes", {"attributes": {"DefaultSenderID": "x"}}, "update region hazards="),
        ("SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "Policy", "AttributeValue": PRIVATE}, "permission resource hazards="),
        ("SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "ArchivePolicy", "AttributeValue": "{}"}, "destroy resource hazards=data-loss"),
        ("SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "ArchivePolicy"}, "destroy resource hazards=data-loss"),
        ("SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "ArchivePolicy", "AttributeValue": '{"MessageRetentionPeriod":"30"}'}, "update resource hazards="),
        ("SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "KmsMasterKeyId", "AttributeValue": ""}, "disrupt resource hazards="),
        ("SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "KmsMasterKeyId"}, "disrupt resource hazards="),
        ("SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "KmsMasterKeyId", "AttributeValue": "alias/aws/sns"}, "update resource hazards="),
        ("SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "DisplayName", "AttributeValue": "x"}, "update resource hazards="),
        ("TagResource", {"ResourceArn": TOPIC, "Tags": [{"Key": "a", "Value": "b"}]}, "update item hazards="),
    ),
    *calls(
        "sqs",
        ("AddPermission", {"QueueUrl": QUEUE, "Label": "l", "AWSAccountIds": ["*"], "Actions": ["SendMessage"]}, "permission resource hazards=exposure"),
        ("AddPermission", {"QueueUrl": QUEUE, "Label": "l", "AWSAccountIds": ["444455556666"], "Actions": ["SendMessage"]}, "permission resource hazards="),
        ("CreateQueue", {"QueueName": "q", "Attributes": {"Policy": PRIVATE}}, "create resource hazards="),
        ("DeleteMessageBatch", {"QueueUrl": QUEUE, "Entries": [{"Id": str(n), "ReceiptHandle": "r"} for n in range(3)]}, "destroy item count=3"),
        ("SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"Policy": PUBLIC}}, "permission resource hazards=exposure"),
        ("SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"Policy": PRIVATE}}, "permission resource hazards="),
        ("SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"SqsManagedSseEnabled": "false"}}, "disrupt resource hazards="),
        ("SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"KmsMasterKeyId": ""}}, "disrupt resource hazards="),
        ("SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"KmsMasterKeyId": "alias/aws/sqs"}}, "update resource hazards="),
        ("SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"SqsManagedSseEnabled": "true"}}, "update resource hazards="),
        ("SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"MessageRetentionPeriod": "1209600"}}, "update resource hazards="),
        ("SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"VisibilityTimeout": "60"}}, "update resource hazards="),
        ("ChangeMessageVisibility", {"QueueUrl": QUEUE, "ReceiptHandle": "r", "VisibilityTimeout": 0}, "update item"),
    ),
    *calls("socialmessaging", ("DeprecateWhatsAppFlow", {"id": "w", "flowId": "f"}, "disrupt resource reversible=no"), ("PostWhatsAppMessageMedia", {"originationPhoneNumberId": "p", "sourceS3File": {"bucketName": "b", "key": "k"}}, "create item")),
    *calls("workmailmessageflow", ("PutRawMessageContent", {"messageId": "m", "content": {"s3Reference": {"bucket": "b", "key": "k"}}}, "update item")),
]

SHARE = {"FileShareARN": arn("storagegateway", "share/share-1")}
GATEWAY = {"GatewayARN": arn("storagegateway", "gateway/sgw-1")}
LOCATION = {"ClientToken": "t", "Role": ROLE, "LocationARN": "arn:aws:s3:::b", **GATEWAY}
INFLUX = {"identifier": "i"}
CLUSTER = {"dbClusterId": "c"}
LOGS_OFF = {"logDeliveryConfiguration": {"s3Configuration": {"bucketName": "b", "enabled": False}}}
LOGS_ON = {"logDeliveryConfiguration": {"s3Configuration": {"bucketName": "b", "enabled": True}}}


def kept(on=True):
    return {"dbBackupConfigurations": [{"type": "DAILY", "retentionDays": 7, "enabled": on}]}


STORES = [
    *[
        row
        for name, params in (("UpdateNFSFileShare", SHARE), ("CreateNFSFileShare", LOCATION))
        for row in either(
            "storagegateway", name, params,
            ({"ClientList": ["0.0.0.0/0"]}, "permission resource hazards=exposure"),
            ({"ClientList": ["10.0.0.0/8"]}, ("permission" if name.startswith("Update") else "create") + " resource hazards="),
        )
    ],
    *[
        row
        for name in ("UpdateNFSFileShare", "UpdateSMBFileShare", "CreateNFSFileShare", "CreateSMBFileShare")
        for row in either(
            "storagegateway", name, SHARE if name.startswith("Update") else LOCATION,
            ({"ObjectACL": "public-read"}, "permission resource hazards=exposure"),
            ({"ObjectACL": "private"}, ("update" if name.startswith("Update") else "create") + " resource hazards="),
        )
    ],
    *[
        row
        for name, params in (("UpdateNFSFileShare", SHARE), ("UpdateSMBFileShare", SHARE), ("UpdateFileSystemAssociation", {"FileSystemAssociationARN": arn("storagegateway", "fs-association/fsa-1")}))
        for row in either("storagegateway", name, params, ({"AuditDestinationARN": ""}, "disrupt resource hazards=audit-off"), ({"AuditDestinationARN": arn("logs", "log-group:g")}, "update resource hazards="))
    ],
    *either("storagegateway", "DeleteFileShare", SHARE, ({"ForceDelete": True}, "destroy resource reversible=no hazards=data-loss"), ({}, "destroy resource reversible=yes hazards=")),
    *either("storagegateway", "DeleteTape", {**GATEWAY, "TapeARN": arn("storagegateway", "tape/T1")}, ({"BypassGovernanceRetention": True}, "destroy resource hazards=data-loss,backup-loss"), ({}, "destroy resource hazards=data-loss,backup-loss")),
    *either("storagegateway", "DeleteTapeArchive", {"TapeARN": arn("storagegateway", "tape/T1")}, ({"BypassGovernanceRetention": True}, "destroy resource hazards=data-loss,backup-loss"), ({}, "destroy resource hazards=data-loss,backup-loss")),
    *calls(
        "storagegateway",
        ("UpdateSMBFileShare", {**SHARE, "AdminUserList": ["a"]}, "permission resource hazards=privilege"),
        ("UpdateSMBFileShare", {**SHARE, "ValidUserList": ["a"]}, "permission resource hazards="),
        ("UpdateSMBFileShare", {**SHARE, "InvalidUserList": ["a"]}, "permission resource hazards="),
        ("UpdateSMBFileShare", {**SHARE, "FileShareName": "n"}, "update resource hazards="),
        ("DeleteGateway", GATEWAY, "destroy environment hazards=data-loss"),
        ("DeleteVolume", {"VolumeARN": arn("storagegateway", "gateway/sgw-1/volume/vol-1")}, "destroy resource hazards=data-loss"),
        ("DeleteSnapshotSchedule", {"VolumeARN": "v"}, "destroy resource hazards=backup-loss"),
        ("ResetCache", GATEWAY, "destroy resource hazards=data-loss"),
        ("UpdateGatewaySoftwareNow", GATEWAY, "disrupt environment"),
        ("RefreshCache", SHARE, "update resource hazards="),
        ("AddTagsToResource", {"ResourceARN": "r", "Tags": [{"Key": "a", "Value": "b"}]}, "update item hazards="),
    ),
    *either("timestream-influxdb", "DeleteDbInstance", INFLUX, ({"retainAutomatedBackups": False}, "destroy resource hazards=data-loss,backup-loss"), ({"retainAutomatedBackups": True}, "destroy resource hazards=data-loss")),
    *either("timestream-influxdb", "DeleteDbCluster", CLUSTER, ({"retainAutomatedBackups": False}, "destroy resource hazards=data-loss,backup-loss"), ({"retainAutomatedBackups": True}, "destroy resource hazards=data-loss")),
    *[
        row
        for name, params in (("UpdateDbInstance", INFLUX), ("UpdateDbCluster", CLUSTER))
        for row in calls(
            "timestream-influxdb",
            (name, {**params, **kept(on=False)}, "destroy resource hazards=backup-loss"),
            (name, {**params, **kept()}, "update resource hazards="),
            (name, {**params, **LOGS_OFF}, "disrupt resource hazards=audit-off"),
            (name, {**params, **LOGS_ON}, "update resource hazards="),
        )
    ],
    *[
        row
        for name, params in (
            ("CreateDbInstance", {"name": "n", "password": "secret-x", "dbInstanceType": "db.influx.medium", "vpcSubnetIds": ["s"], "vpcSecurityGroupIds": ["g"], "allocatedStorage": 20}),
            ("CreateDbCluster", {"name": "n", "vpcSubnetIds": ["s"], "vpcSecurityGroupIds": ["g"]}),
            ("RestoreFromDbBackup", {"name": "n", "dbBackupId": "b"}),
        )
        for row in either("timestream-influxdb", name, params, ({"publiclyAccessible": True}, "permission resource hazards=exposure"), ({"publiclyAccessible": False}, "create resource hazards="))
    ],
    *calls(
        "timestream-influxdb",
        ("RestoreFromDbBackup", {"name": "n", "dbBackupId": "b", "restoreMode": "REPLACE_EXISTING"}, "destroy resource hazards=data-loss,replace"),
        ("RestoreFromDbBackup", {"name": "n", "dbBackupId": "b", "restoreMode": "NEW_RESOURCE"}, "create resource hazards="),
        ("UpdateDbCluster", {**CLUSTER, "failoverMode": "NO_FAILOVER"}, "disrupt resource"),
        ("UpdateDbCluster", {**CLUSTER, "failoverMode": "AUTOMATIC"}, "update resource"),
        ("UpdateDbInstance", {**INFLUX, "dbInstanceType": "db.influx.large"}, "disrupt resource"),
        ("UpdateDbInstance", {**INFLUX, "dbParameterGroupIdentifier": "g"}, "disrupt resource"),
    ),
    *calls("savingsplans", ("CreateSavingsPlan", {"savingsPlanOfferingId": "o", "commitment": "1.0"}, "create account hazards=cost"), ("DeleteQueuedSavingsPlan", {"savingsPlanId": "s"}, "update item hazards=")),
    *calls(
        "snow-device-management",
        ("CreateTask", {"command": {"reboot": {}}, "targets": ["d-1", "d-2"]}, "disrupt resource count=2"),
        ("CreateTask", {"command": {"unlock": {}}, "targets": ["d-1"]}, "execute resource count=1"),
    ),
    *either("snowball", "UpdateLongTermPricing", {"LongTermPricingId": "l"}, ({"IsLongTermPricingAutoRenew": True}, "update resource hazards=cost"), ({"IsLongTermPricingAutoRenew": False}, "update resource hazards=")),
    *calls("snowball", ("GetJobUnlockCode", {"JobId": "j"}, "read resource hazards=secret-read"), ("CreateJob", {}, "create resource hazards=cost")),
]

SERVER = {"ServerId": "s-0123456789abcdef0"}
TARGETS = {"serviceIdentifier": "svc-1", "listenerIdentifier": "listener-1"}
TRAFFIC = [
    *[
        row
        for harsh, expected, mild, gentle in (
            ({"EndpointType": "PUBLIC"}, "permission resource hazards=exposure", {"EndpointType": "VPC"}, "update resource hazards="),
            ({"EndpointDetails": {"SecurityGroupIds": ["sg-1"]}}, "permission resource hazards=", {"EndpointDetails": {"SubnetIds": ["subnet-1"]}}, "update resource hazards="),
            ({"IdentityProviderDetails": {"Function": "f"}}, "permission resource hazards=", {"WorkflowDetails": {}}, "update resource hazards="),
            ({"LoggingRole": ""}, "disrupt resource hazards=audit-off", {"LoggingRole": ROLE}, "update resource hazards="),
            ({"Protocols": ["FTP"]}, "permission resource hazards=", {"Protocols": ["SFTP", "FTPS"]}, "update resource hazards="),
        )
        for row in either("transfer", "UpdateServer", SERVER, (harsh, expected), (mild, gentle))
    ],
    *either("transfer", "UpdateAgreement", {"AgreementId": "a", **SERVER}, ({"Status": "INACTIVE"}, "disrupt resource"), ({"Status": "ACTIVE"}, "update resource")),
    *either("transfer", "UpdateAgreement", {"AgreementId": "a", **SERVER}, ({"AccessRole": ROLE}, "permission resource"), ({"Description": "d"}, "update resource")),
    *either("transfer", "UpdateConnector", {"ConnectorId": "c"}, ({"AccessRole": ROLE}, "permission resource"), ({"Url": "sftp://example.com"}, "update resource")),
    *calls(
        "transfer",
        ("DeleteServer", SERVER, "destroy resource hazards=traffic"),
        ("StopServer", SERVER, "disrupt resource hazards=traffic"),
        ("StartServer", SERVER, "update resource hazards="),
        ("DeleteHostKey", {**SERVER, "HostKeyId": "k"}, "destroy resource hazards=key-loss"),
        ("StartRemoteDelete", {"ConnectorId": "c", "DeletePath": "/x"}, "destroy item hazards=data-loss"),
        ("StartDirectoryListing", {"ConnectorId": "c", "RemoteDirectoryPath": "/", "OutputDirectoryPath": "/b"}, "read item"),
    ),
    *policy("vpc-lattice", "PutAuthPolicy", "policy", resourceIdentifier="svc-1"),
    *policy("vpc-lattice", "PutResourcePolicy", "policy", resourceArn="r"),
    *either("vpc-lattice", "UpdateListener", TARGETS, ({"defaultAction": answered(True)}, "disrupt resource hazards=traffic"), ({"defaultAction": answered(False)}, "update resource hazards=traffic")),
    *either("vpc-lattice", "UpdateRule", {**TARGETS, "ruleIdentifier": "rule-1"}, ({"action": answered(True)}, "disrupt resource hazards=traffic"), ({"action": answered(False)}, "update resource hazards=traffic")),
    *either("vpc-lattice", "BatchUpdateRule", TARGETS, ({"rules": [{"ruleIdentifier": "r", "action": answered(True)}]}, "disrupt resource hazards=traffic"), ({"rules": [{"ruleIdentifier": "r", "priority": 2}]}, "update resource hazards=traffic")),
    *either("vpc-lattice", "UpdateService", {"serviceIdentifier": "svc-1"}, ({"authType": "NONE"}, "permission resource hazards=exposure"), ({"authType": "AWS_IAM"}, "update resource hazards=")),
    *either("vpc-lattice", "UpdateServiceNetwork", {"serviceNetworkIdentifier": "sn-1"}, ({"authType": "NONE"}, "permission environment hazards=exposure"), ({"authType": "AWS_IAM"}, "update environment hazards=")),
    *calls(
        "vpc-lattice",
        ("DeleteServiceNetwork", {"serviceNetworkIdentifier": "sn-1"}, "destroy environment hazards=traffic"),
        ("DeregisterTargets", {"targetGroupIdentifier": "tg-1", "targets": [{"id": "i-1"}]}, "disrupt item hazards=traffic"),
        ("DeleteAccessLogSubscription", {"accessLogSubscriptionIdentifier": "als-1"}, "destroy resource hazards=audit-off"),
        ("CreateService", {"name": "s"}, "create resource hazards="),
    ),
]


def requests(*ids):
    return [{"WorkspaceId": name} for name in ids]


POOL = {"PoolId": "p"}
DIRECTORY = {"ResourceId": "d-1"}
IPS = {"GroupId": "wsipg-1"}
WORK = [
    *policy("wellarchitected", "PutAgentProfilePolicy", "policy", profileArn="p"),
    *policy("wellarchitected", "PutAgentRecommendationPolicy", "policy", recommendationArn="r"),
    *calls("wellarchitected", ("DeleteWorkload", {"WorkloadId": "w", "ClientRequestToken": "t"}, "destroy resource hazards=data-loss"), ("UpdateAnswer", {"WorkloadId": "w", "LensAlias": "l", "QuestionId": "q"}, "update item")),
    *either("wickr", "UpdateDataRetention", {"networkId": "n"}, ({"actionType": "DISABLE"}, "disrupt environment hazards=audit-off"), ({"actionType": "ENABLE"}, "update environment hazards=")),
    *calls("wickr", ("DeleteNetwork", {"networkId": "n"}, "destroy environment hazards=data-loss"), ("BatchToggleUserSuspendStatus", {"networkId": "n", "suspend": True, "userIds": ["u"]}, "permission item")),
    *either("workdocs", "AddResourcePermissions", {"ResourceId": "r"}, ({"Principals": [{"Id": "anonymous", "Type": "ANONYMOUS", "Role": "VIEWER"}]}, "permission resource hazards=exposure"), ({"Principals": [{"Id": "u", "Type": "USER", "Role": "VIEWER"}]}, "permission resource hazards=")),
    *either("workdocs", "DeleteDocumentVersion", {"DocumentId": "d", "VersionId": "v"}, ({"DeletePriorVersions": True}, "destroy item hazards=data-loss,bulk"), ({"DeletePriorVersions": False}, "destroy item hazards=data-loss")),
    *either("workdocs", "UpdateDocument", {"DocumentId": "d"}, ({"ResourceState": "RECYCLED"}, "destroy item"), ({"Name": "n"}, "update item")),
    *either("workdocs", "UpdateFolder", {"FolderId": "f"}, ({"ResourceState": "RECYCLED"}, "destroy resource"), ({"Name": "n"}, "update resource")),
    *calls("workdocs", ("DeleteFolderContents", {"FolderId": "f"}, "destroy resource hazards=data-loss,bulk"), ("CreateComment", {"DocumentId": "d", "VersionId": "v", "Text": "t"}, "create item")),
    *either("workmail", "DeleteOrganization", {"OrganizationId": "m-1"}, ({"DeleteDirectory": True}, "destroy environment hazards=data-loss"), ({"DeleteDirectory": False}, "destroy environment hazards=data-loss")),
    *either("workmail", "PutInboundDmarcSettings", {"OrganizationId": "m-1"}, ({"Enforced": False}, "disrupt resource"), ({"Enforced": True}, "update resource")),
    *either("workmail", "PutRetentionPolicy", {"OrganizationId": "m-1", "Name": "n"}, ({"FolderConfigurations": [{"Name": "INBOX", "Action": "PERMANENTLY_DELETE", "Period": 30}]}, "destroy environment hazards=data-loss,bulk"), ({"FolderConfigurations": [{"Name": "INBOX", "Action": "NONE"}]}, "update environment hazards=")),
    *calls(
        "workmail",
        ("DeregisterFromWorkMail", {"OrganizationId": "m-1", "EntityId": "e"}, "destroy resource reversible=partly hazards=data-loss"),
        ("ResetPassword", {"OrganizationId": "m-1", "UserId": "u", "Password": "x"}, "permission resource hazards=privilege"),
        ("AssumeImpersonationRole", {"OrganizationId": "m-1", "ImpersonationRoleId": "r"}, "permission resource hazards=privilege,secret-read"),
    ),
    *either("workspaces", "AuthorizeIpRules", IPS, ({"UserRules": [{"ipRule": "0.0.0.0/0"}]}, "permission resource hazards=exposure"), ({"UserRules": [{"ipRule": "10.0.0.0/8"}]}, "permission resource hazards=")),
    *either("workspaces", "UpdateRulesOfIpGroup", IPS, ({"UserRules": [{"ipRule": "0.0.0.0/0"}]}, "permission resource hazards=exposure"), ({"UserRules": [{"ipRule": "10.0.0.0/8"}]}, "permission resource hazards=")),
    *either("workspaces", "UpdateWorkspaceImagePermission", {"ImageId": "wsi-1", "SharedAccountId": "444455556666"}, ({"AllowCopyImage": True}, "permission resource hazards=privilege"), ({"AllowCopyImage": False}, "permission resource hazards=")),
    *either("workspaces", "UpdateWorkspacesPool", POOL, ({"Capacity": {"DesiredUserSessions": 0}}, "disrupt environment"), ({"Capacity": {"DesiredUserSessions": 2}}, "update environment")),
    *either("workspaces", "ModifyWorkspaceProperties", {"WorkspaceId": "ws-1"}, ({"WorkspaceProperties": {"ComputeTypeName": "POWER"}}, "disrupt resource hazards="), ({"WorkspaceProperties": {"RunningMode": "AUTO_STOP"}}, "update resource hazards=")),
    *either("workspaces", "ModifyWorkspaceProperties", {"WorkspaceId": "ws-1"}, ({"DataReplication": "NO_REPLICATION"}, "disrupt resource hazards=backup-loss"), ({"DataReplication": "PRIMARY_AS_SOURCE"}, "update resource hazards=")),
    *[
        row
        for properties, expected in (
            ({"CustomSecurityGroupId": "sg-1"}, "permission environment hazards="),
            ({"EnableInternetAccess": True}, "permission environment hazards=exposure"),
            ({"InstanceIamRoleArn": ROLE}, "permission environment hazards=privilege"),
            ({"UserEnabledAsLocalAdministrator": True}, "permission environment hazards=privilege"),
            ({"EnableInternetAccess": False, "UserEnabledAsLocalAdministrator": False}, "update environment hazards="),
        )
        for row in calls("workspaces", ("ModifyWorkspaceCreationProperties", {**DIRECTORY, "WorkspaceCreationProperties": properties}, expected))
    ],
    *calls(
        "workspaces",
        ("TerminateWorkspaces", {"TerminateWorkspaceRequests": requests("ws-1", "ws-2")}, "destroy resource count=2 reversible=no hazards=data-loss"),
        ("RebuildWorkspaces", {"RebuildWorkspaceRequests": requests("ws-1")}, "destroy resource count=1 reversible=partly hazards=data-loss,replace"),
        ("RebootWorkspaces", {"RebootWorkspaceRequests": requests("ws-1", "ws-2", "ws-3")}, "disrupt resource count=3"),
        ("StopWorkspaces", {"StopWorkspaceRequests": requests("ws-1")}, "disrupt resource count=1"),
        ("StartWorkspaces", {"StartWorkspaceRequests": requests("ws-1", "ws-2")}, "update resource count=2"),
        ("RestoreWorkspace", {"WorkspaceId": "ws-1"}, "destroy resource hazards=data-loss"),
        ("MigrateWorkspace", {"SourceWorkspaceId": "ws-1", "BundleId": "wsb-1"}, "destroy resource hazards=data-loss,replace"),
        ("DisassociateIpGroups", {"DirectoryId": "d-1", "GroupIds": ["wsipg-1"]}, "permission environment hazards=exposure"),
        ("ModifyWorkspaceState", {"WorkspaceId": "ws-1", "WorkspaceState": "ADMIN_MAINTENANCE"}, "update resource"),
        ("CreateTags", {"ResourceId": "ws-1", "Tags": [{"Key": "a", "Value": "b"}]}, "update item hazards="),
    ),
    *either("workspaces-web", "CreateIpAccessSettings", {}, ({"ipRules": [{"ipRange": "0.0.0.0/0"}]}, "permission resource hazards=exposure"), ({"ipRules": [{"ipRange": "10.0.0.0/8"}]}, "create resource hazards=")),
    *either("workspaces-web", "UpdateIpAccessSettings", {"ipAccessSettingsArn": arn("workspaces-web", "ipAccessSettings/i")}, ({"ipRules": [{"ipRange": "0.0.0.0/0"}]}, "permission resource hazards=exposure"), ({"ipRules": [{"ipRange": "10.0.0.0/8"}]}, "permission resource hazards=")),
    *either("workspaces-web", "UpdatePortal", {"portalArn": arn("workspaces-web", "portal/p")}, ({"authenticationType": "Standard"}, "permission environment"), ({"displayName": "n"}, "update environment")),
    *calls("workspaces-web", ("DeletePortal", {"portalArn": arn("workspaces-web", "portal/p")}, "destroy environment hazards=traffic"), ("DisassociateUserAccessLoggingSettings", {"portalArn": arn("workspaces-web", "portal/p")}, "disrupt resource hazards=audit-off")),
    *calls("voice-id", ("DeleteDomain", {"DomainId": "d"}, "destroy environment hazards=data-loss"), ("EvaluateSession", {"DomainId": "d", "SessionNameOrId": "s"}, "read item")),
    *calls("wisdom", ("DeleteKnowledgeBase", {"knowledgeBaseId": "k"}, "destroy resource hazards=data-loss"), ("QueryAssistant", {"assistantId": "a", "queryText": "q"}, "read resource")),
    *policy("xray", "PutResourcePolicy", "PolicyDocument", PolicyName="p"),
    *either("xray", "PutEncryptionConfig", {}, ({"Type": "NONE"}, "disrupt region"), ({"Type": "KMS", "KeyId": "k"}, "update region")),
    *calls("xray", ("PutTraceSegments", {"TraceSegmentDocuments": ["{}"]}, "update item"), ("StartTraceRetrieval", {"TraceIds": ["1"], "StartTime": 1767225600, "EndTime": 1767225700}, "read resource")),
    *calls("textract", ("StartDocumentAnalysis", {"DocumentLocation": {}, "FeatureTypes": ["TABLES"]}, "create item"), ("DetectDocumentText", {"Document": {}}, "read resource")),
    *calls("transcribe", ("StartTranscriptionJob", {"TranscriptionJobName": "j", "Media": {"MediaFileUri": "s3://b/k"}}, "create item"), ("DeleteVocabulary", {"VocabularyName": "v"}, "destroy resource hazards=data-loss")),
    *calls("translate", ("TranslateText", {"Text": "t", "SourceLanguageCode": "en", "TargetLanguageCode": "de"}, "read resource")),
    *calls("support", ("CreateCase", {"subject": "s", "communicationBody": "b"}, "create item"), ("ResolveCase", {"caseId": "c"}, "update item")),
    *calls("uxc", ("UpdateAccountCustomizations", {"accountColor": "red"}, "update account")),
    *calls("service-quotas", ("RequestServiceQuotaIncrease", {"ServiceCode": "ec2", "QuotaCode": "L-1", "DesiredValue": 10.0}, "create resource")),
]

LATER = [
    *either("rum", "UpdateAppMonitor", {"Name": "m"}, ({"AppMonitorConfiguration": {"GuestRoleArn": ROLE}}, "permission resource hazards=privilege"), ({"AppMonitorConfiguration": {"SessionSampleRate": 0.5}}, "update resource hazards=")),
    *either("s3", "UpdateBucketMetadataInventoryTableConfiguration", {"Bucket": "b"}, ({"InventoryTableConfiguration": {"ConfigurationState": "DISABLED"}}, "disrupt resource"), ({"InventoryTableConfiguration": {"ConfigurationState": "ENABLED"}}, "update resource")),
    *either("s3", "UpdateBucketMetadataJournalTableConfiguration", {"Bucket": "b"}, ({"JournalTableConfiguration": {"RecordExpiration": {"Expiration": "ENABLED", "Days": 7}}}, "destroy resource hazards=data-loss"), ({"JournalTableConfiguration": {"RecordExpiration": {"Expiration": "DISABLED"}}}, "update resource hazards=")),
    *calls("sagemaker", ("UpdateCluster", {"ClusterName": "c", "ClusterRole": ROLE}, "permission environment hazards=privilege"), ("UpdateDeviceFleet", {"DeviceFleetName": "f", "RoleArn": ROLE}, "permission resource hazards=privilege"), ("UpdateDeviceFleet", {"DeviceFleetName": "f", "Description": "d"}, "update resource hazards=")),
    *[
        row
        for name, params, member, scope in (
            ("UpdateApplication", {"applicationId": "a"}, "roleArn", "environment"),
            ("UpdateCodeReview", {"agentSpaceId": "a", "codeReviewId": "c"}, "serviceRole", "resource"),
            ("UpdatePentest", {"agentSpaceId": "a", "pentestId": "p"}, "serviceRole", "resource"),
            ("UpdateThreatModel", {"agentSpaceId": "a", "threatModelId": "t"}, "serviceRole", "resource"),
        )
        for row in either("securityagent", name, params, ({member: ROLE}, f"permission {scope} hazards=privilege"), ({}, f"update {scope} hazards="))
    ],
    *either("ses", "UpdateConfigurationSetEventDestination", CONFIGURATION, ({"EventDestination": {"Name": "n", "Enabled": False, "MatchingEventTypes": ["bounce"]}}, "disrupt resource"), ({"EventDestination": {"Name": "n", "Enabled": True, "MatchingEventTypes": ["bounce"]}}, "update resource")),
    *either("sesv2", "UpdateConfigurationSetEventDestination", {**CONFIGURATION, "EventDestinationName": "n"}, ({"EventDestination": {"Enabled": False}}, "disrupt resource"), ({"EventDestination": {"Enabled": True}}, "update resource")),
    *calls(
        "ses",
        ("SendBulkTemplatedEmail", {"Source": "a@example.com", "Template": "t", "DefaultTemplateData": "{}", "Destinations": [{"Destination": {"ToAddresses": [f"u{n}@example.com"]}} for n in range(12)]}, "execute item count=12 hazards=bulk"),
    ),
    *calls(
        "sesv2",
        ("SendBulkEmail", {"DefaultContent": {}, "BulkEmailEntries": [{"Destination": {"ToAddresses": [f"u{n}@example.com"]}} for n in range(2)]}, "execute item count=2 hazards="),
    ),
    *calls(HUB, ("BatchUpdateFindings", {"FindingIdentifiers": [{"Id": str(n), "ProductArn": "p"} for n in range(12)], "Note": {"Text": "t", "UpdatedBy": "u"}}, "update item count=12 hazards=bulk")),
    *either("sns", "PutDataProtectionPolicy", {"ResourceArn": TOPIC}, ({"DataProtectionPolicy": "{}"}, "disrupt resource hazards=exposure"), ({"DataProtectionPolicy": '{"Name":"n","Version":"2021-06-01","Statement":[]}'}, "update resource hazards=")),
    *calls("sts", ("GetWebIdentityToken", {"Audience": ["a"], "SigningAlgorithm": "ES384"}, "read account hazards=secret-read")),
    *either("support-app", "UpdateSlackChannelConfiguration", {"teamId": "t", "channelId": "c"}, ({"channelRoleArn": ROLE}, "permission resource hazards=privilege"), ({"channelName": "n"}, "update resource hazards=")),
    *either("wellarchitected", "UpdateAgentProfile", {"profileArn": "p"}, ({"executionRoleArn": ROLE}, "permission resource hazards=privilege"), ({}, "update resource hazards=")),
    *either("wickr", "UpdateBot", {"networkId": "n", "botId": "b"}, ({"suspend": True}, "disrupt resource"), ({"displayName": "d"}, "update resource")),
    *either("wickr", "UpdateNetworkSettings", {"networkId": "n"}, ({"settings": {"dataRetention": False}}, "disrupt environment hazards=audit-off"), ({"settings": {"enableTrustedDataFormat": True}}, "update environment hazards=")),
    *either("workspaces-web", "UpdateTrustStore", {"trustStoreArn": arn("workspaces-web", "trustStore/t")}, ({"certificatesToDelete": ["x"]}, "disrupt resource hazards=traffic"), ({"certificatesToAdd": [b"x"]}, "update resource hazards=")),
]

MORE = [
    *either("ssm", "PutParameter", {"Name": "n", "Value": "v", "Tier": "Advanced"}, ({"Policies": '[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2027-01-01T00:00:00.000Z"}}]'}, "destroy resource hazards=data-loss"), ({"Policies": '[{"Type":"ExpirationNotification","Version":"1.0","Attributes":{"Before":"15","Unit":"Days"}}]'}, "create resource hazards=")),
    *either("sso-admin", "PutApplicationAssignmentConfiguration", {"ApplicationArn": "a"}, ({"AssignmentRequired": False}, "permission resource hazards=privilege"), ({"AssignmentRequired": True}, "permission resource hazards=")),
    *either("storagegateway", "UpdateGatewayInformation", GATEWAY, ({"CloudWatchLogGroupARN": ""}, "disrupt environment hazards=audit-off"), ({"GatewayName": "n"}, "update environment hazards=")),
    *either("workdocs", "UpdateUser", {"UserId": "u"}, ({"GrantPoweruserPrivileges": "TRUE"}, "permission resource hazards=privilege"), ({"GivenName": "n"}, "permission resource hazards=")),
    *either("workdocs", "UpdateUser", {"UserId": "u"}, ({"Type": "ADMIN"}, "permission resource hazards=privilege"), ({"Type": "USER"}, "permission resource hazards=")),
    *[
        row
        for name, role in (("CreateImpersonationRole", {"Name": "n"}), ("UpdateImpersonationRole", {"ImpersonationRoleId": "r", "Name": "n"}))
        for row in either("workmail", name, {"OrganizationId": "m-1", "Rules": [], **role}, ({"Type": "FULL_ACCESS"}, "permission environment hazards=privilege"), ({"Type": "READ_ONLY"}, "permission resource hazards="))
    ],
    *calls("s3control", ("CreateAccessGrant", {"AccountId": ACCOUNT, "AccessGrantsLocationId": "l", "Grantee": {"GranteeType": "IAM", "GranteeIdentifier": ROLE}, "Permission": "READ"}, "permission resource hazards=privilege")),
    *calls("workmail", ("PutMailboxPermissions", {"OrganizationId": "m-1", "EntityId": "e", "GranteeId": "g", "PermissionValues": ["FULL_ACCESS"]}, "permission resource hazards=privilege")),
]

# The real client asks Timestream for an endpoint first, so that serialise.py cannot record these calls.
ASKED_FIRST = [
    *either("timestream-write", "UpdateTable", {"DatabaseName": "d", "TableName": "t"}, ({"RetentionProperties": {"MemoryStoreRetentionPeriodInHours": 1, "MagneticStoreRetentionPeriodInDays": 1}}, "destroy resource hazards=data-loss"), ({"RetentionProperties": {"MemoryStoreRetentionPeriodInHours": 1, "MagneticStoreRetentionPeriodInDays": 73000}}, "update resource hazards=")),
    *either("timestream-query", "UpdateScheduledQuery", {"ScheduledQueryArn": "q"}, ({"State": "DISABLED"}, "disrupt resource"), ({"State": "ENABLED"}, "update resource")),
    *calls("timestream-write", ("DeleteTable", {"DatabaseName": "d", "TableName": "t"}, "destroy resource hazards=data-loss"), ("WriteRecords", {"DatabaseName": "d", "TableName": "t", "Records": [{}]}, "update item")),
    *calls("timestream-query", ("Query", {"QueryString": "select 1"}, "read resource"), ("PrepareQuery", {"QueryString": "select 1"}, "read item")),
]

CASES = [*ASKED_FIRST, *S3, *S3CONTROL, *TABLES, *SAGEMAKER, *DEPLOYS, *IDENTITY, *SSM, *SECURITY, *MESSAGES, *STORES, *TRAFFIC, *WORK, *LATER, *MORE]
