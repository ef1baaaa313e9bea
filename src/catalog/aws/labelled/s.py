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


def policy(service, name, member, **params):
    """A policy that lets anybody in, and one for an account."""
    return either(service, name, params, ({member: PUBLIC}, "permission resource hazards=exposure"), ({member: PRIVATE}, "permission resource hazards="))


def blocked(off, leave_out=None):
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return {name: name != off for name in names if name != leave_out}


BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def lifecycle(**rule):
    return {"LifecycleConfiguration": {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, **rule}]}}


def replication(status="Enabled", **destination):
    rule = {"ID": "x", "Status": status, "Prefix": "", "Destination": {"Bucket": "arn:aws:s3:::c", **destination}}
    return {"ReplicationConfiguration": {"Role": ROLE, "Rules": [rule]}}


def grants(service, name, scope, mild, **params):
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
    *policy("s3control", "PutAccessGrantsInstanceResourcePolicy", "Policy", AccountId=ACCOUNT)[:1],
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
        ({"tableBucketLoggingStatus": {"loggingEnabled": {"targetBucket": "b", "targetObjectKeyFormat": {"simplePrefix": {}}}}}, "update resource hazards="),
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
        ("CreateTrainingJob", {"TrainingJobName": "j"}, "create item hazards="),
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
        ("StartAutomationExecution", {"DocumentName": "AWS-RestartEC2Instance", **RUNBOOK}, "execute resource"),
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
    *either(HUB, "CreateAutomationRuleV2", {}, (automation({"StatusId": 3}), "disrupt region hazards=audit-off"), (automation({"SeverityId": 4}), "create resource hazards=")),
    *either(HUB, "UpdateAutomationRuleV2", {"Identifier": "r"}, ({"Actions": automation({"StatusId": 3})["Actions"]}, "disrupt region hazards=audit-off"), ({"RuleName": "n"}, "update resource hazards=")),
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
        ("CreateConfigurationPolicy", {"Name": "n", "ConfigurationPolicy": {}}, "create resource hazards="),
        ("DisableSecurityHub", {}, "disrupt region hazards=audit-off"),
        ("BatchDisableStandards", {"StandardsSubscriptionArns": ["s"]}, "disrupt region hazards=audit-off"),
        ("DisassociateMembers", {"AccountIds": ["444455556666"]}, "disrupt organization hazards=audit-off"),
        ("DeleteInsight", {"InsightArn": "i"}, "destroy item hazards="),
        ("EnableOrganizationAdminAccount", {"AdminAccountId": "444455556666"}, "permission organization"),
    ),
    *either("securitylake", "UpdateDataLake", {}, ({"configurations": [{"region": "us-east-1", "lifecycleConfiguration": {"expiration": {"days": 1}}}]}, "destroy region hazards=audit-off,data-loss"), ({"configurations": [{"region": "us-east-1"}]}, "update region hazards=")),
    *calls("securitylake", ("DeleteDataLake", {"regions": ["us-east-1"]}, "destroy region hazards=audit-off"), ("CreateSubscriber", {"subscriberName": "n", "sources": [], "subscriberIdentity": {"externalId": "e", "principal": "444455556666"}}, "permission resource")),
    *calls("security-ir", ("CloseCase", {"caseId": "1"}, "update item hazards="), ("CancelMembership", {"membershipId": "m"}, "disrupt account")),
    *calls("securityagent", ("StartPentestJob", {"agentSpaceId": "a", "pentestId": "p"}, "execute resource"), ("BatchDeletePentests", {"agentSpaceId": "a", "pentestIds": ["p", "q"]}, "destroy resource count=2 hazards=data-loss"), ("BatchDeleteCodeReviews", {"agentSpaceId": "a", "codeReviewIds": ["p", "q"]}, "destroy resource count=2 hazards=data-loss")),
    *either("shield", "UpdateApplicationLayerAutomaticResponse", {"ResourceArn": "r"}, ({"Action": {"Count": {}}}, "disrupt resource"), ({"Action": {"Block": {}}}, "update resource")),
    *calls(
        "shield",
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
