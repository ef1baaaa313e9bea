//! Commands, and what they would do; ids and effects are those of the doors' own cases where these hold them.

use super::*;
use crate::catalog::described;
use crate::identify::command::Stated;
use crate::identify::command::tests::{actions_in, said, stated};

#[track_caller]
fn check(command: &str, expected: &str) {
    assert_eq!(said(command), expected, "{command}");
}

#[test]
fn every_name_of_the_table_is_a_call() {
    let book = described::book("gcp").expect("a book");
    let mut wrong = vec![];
    for row in gcloud::rows().iter().filter(|row| row.service != "=" && !row.names.contains(['{']) && row.names != "*")
    {
        let found = row.names.split('|').any(|name| {
            if let Some((owner, noun)) = name.split_once(".*").filter(|(_, noun)| !noun.is_empty()) {
                return !book.named(row.service, &format!("{owner}.Get{noun}")).is_empty();
            }
            if name.contains('*') {
                return ["get", "list", "delete", "create", "patch", "insert", "describe", "update"]
                    .iter()
                    .any(|method| !book.named(row.service, &name.replace('*', method)).is_empty());
            }
            !book.named(row.service, name).is_empty()
        });
        if !found {
            wrong.push(format!("{} -> {} {}", row.words.join(" "), row.service, row.names));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn what_google_clouds_commands_would_do() {
    check(
        "cbt -project p -instance i deletetable t",
        "gcp:bigtableadmin:projects.instances.tables.delete destroy resource",
    );
    check("cbt read t", "cbt:rows:read read item");
    check(
        "gcloud run services update-traffic api --to-latest",
        "gcp:run:namespaces.services.replaceService update resource",
    );
    check(
        "gcloud compute instances create web-9 --zone=z --machine-type=e2-small",
        "gcp:compute:instances.insert create resource",
    );
    check(
        "gcloud compute instances delete web-1 --zone=z --keep-disks=all",
        "gcp:compute:instances.delete destroy resource",
    );
    check(
        "gcloud compute instances add-metadata web-1 --zone=z --metadata=ssh-keys=x",
        "gcp:compute:instances.setMetadata permission resource",
    );
    check(
        "gcloud compute instances add-metadata web-1 --zone=z --metadata=team=a",
        "gcp:compute:instances.setMetadata update resource",
    );
    check("gcloud compute networks delete prod", "gcp:compute:networks.delete destroy environment");
    check("gcloud compute networks subnets delete s --region=r", "gcp:compute:subnetworks.delete destroy resource");
    check("gcloud compute addresses delete a --global", "gcp:compute:globalAddresses.delete destroy resource");
    check("gcloud compute forwarding-rules delete f --region=r", "gcp:compute:forwardingRules.delete destroy resource");
    check("gcloud compute ssh web-1 -- uptime", "shell:exec:uptime read item");
    check(
        "gcloud compute instance-groups managed delete-instances web --instances=a,b --zone=z",
        "gcp:compute:instanceGroupManagers.deleteInstances destroy resource",
    );
    check("gcloud sql connect shop-db --user=root", "gcp:sql:instances.executeSql execute resource");
    check("gcloud sql export sql shop-db gs://b/x.sql", "gcp:sql:instances.export create resource");
    check("gcloud sql import sql shop-db gs://b/x.sql", "gcp:sql:instances.import execute resource");
    check("gcloud sql users set-password root --instance=i --password=x", "gcp:sql:users.update permission resource");
    check("gcloud sql instances clone a b", "gcp:sql:instances.clone create resource");
    check("gcloud sql instances failover a", "gcp:sql:instances.failover disrupt resource");
    check(
        "gcloud container node-pools delete p --cluster=c --region=r",
        "gcp:container:projects.locations.clusters.nodePools.delete destroy resource",
    );
    check(
        "gcloud container clusters update c --region=r --logging=NONE",
        "gcp:container:projects.locations.clusters.update update environment",
    );
    check(
        "gcloud app versions delete v1 --service=default",
        "gcp:appengine:apps.services.versions.delete destroy resource",
    );
    check("gcloud app deploy", "gcp:appengine:apps.services.versions.create create resource");
    check("gcloud app versions stop v1", "gcp:appengine:apps.services.versions.patch disrupt resource");
    check(
        "gcloud functions deploy f --runtime=nodejs20",
        "gcp:cloudfunctions:projects.locations.functions.patch update resource",
    );
    check("gcloud functions call f", "gcp:cloudfunctions:projects.locations.functions.call execute resource");
    check("gcloud builds submit --tag gcr.io/a/b", "gcp:cloudbuild:projects.builds.create execute resource");
    check("gcloud builds cancel b1", "gcp:cloudbuild:projects.builds.cancel disrupt item");
    check("gcloud iam roles delete r --project=p", "gcp:iam:projects.roles.delete permission account");
    check(
        "gcloud iam service-accounts delete a@b.iam.gserviceaccount.com",
        "gcp:iam:projects.serviceAccounts.delete destroy resource",
    );
    check(
        "gcloud iam service-accounts disable a@b.iam.gserviceaccount.com",
        "gcp:iam:projects.serviceAccounts.disable disrupt resource",
    );
    check(
        "gcloud artifacts repositories delete r --location=l",
        "gcp:artifactregistry:projects.locations.repositories.delete destroy resource",
    );
    check("gcloud bigtable instances delete i", "gcp:bigtableadmin:projects.instances.delete destroy environment");
    check("gcloud spanner instances delete i", "gcp:spanner:projects.instances.delete destroy environment");
    check(
        "gcloud filestore instances delete i --zone=z",
        "gcp:file:projects.locations.instances.delete destroy resource",
    );
    check(
        "gcloud scheduler jobs delete j --location=l",
        "gcp:cloudscheduler:projects.locations.jobs.delete destroy resource",
    );
    check(
        "gcloud tasks queues purge q --location=l",
        "gcp:cloudtasks:projects.locations.queues.purge destroy resource",
    );
    check(
        "gcloud dataproc clusters delete c --region=r",
        "gcp:dataproc:projects.regions.clusters.delete destroy environment",
    );
    check("gcloud dataflow jobs cancel j", "gcp:dataflow:projects.locations.jobs.update disrupt resource");
    check(
        "gcloud composer environments delete e --location=l",
        "gcp:composer:projects.locations.environments.delete destroy environment",
    );
    check(
        "gcloud eventarc triggers delete t --location=l",
        "gcp:eventarc:projects.locations.triggers.delete destroy resource",
    );
    check(
        "gcloud workflows delete w --location=l",
        "gcp:workflows:projects.locations.workflows.delete destroy resource",
    );
    check(
        "gcloud certificate-manager certificates delete c",
        "gcp:certificatemanager:projects.locations.certificates.delete destroy resource",
    );
    check(
        "gcloud privateca pools delete p --location=l",
        "gcp:privateca:projects.locations.caPools.delete destroy resource",
    );
    check(
        "gcloud logging buckets delete b --location=global",
        "gcp:logging:projects.locations.buckets.delete destroy resource",
    );
    check(
        "gcloud logging sinks delete s --organization=1",
        "gcp:logging:organizations.sinks.delete destroy organization",
    );
    check(
        "gcloud kms keys versions disable 1 --key=k --keyring=r --location=l",
        "gcp:cloudkms:projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.patch disrupt resource",
    );
    check("gcloud resource-manager folders delete 1", "gcp:cloudresourcemanager:folders.delete destroy organization");
    check(
        "gcloud organizations add-iam-policy-binding 1 --member=user:a --role=r",
        "gcp:cloudresourcemanager:organizations.setIamPolicy permission organization",
    );
    check("gcloud services enable run.googleapis.com", "gcp:serviceusage:services.enable create resource");
    check("gcloud frobnicate widgets delete w", "gcp:frobnicate:unidentified destroy resource");
    check("gcloud frobnicate widgets list", "gcp:frobnicate:unidentified read resource");
    check("gcloud auth print-access-token", "gcloud:auth:print-access-token read local");
    check("gcloud storage objects delete gs://b/o", "gcp:storage:objects.delete destroy item");
    check("gcloud storage buckets update gs://b --no-versioning", "gcp:storage:buckets.patch disrupt resource");
    check("gcloud storage buckets update gs://b --clear-lifecycle", "gcp:storage:buckets.patch update resource");
    check("gsutil rm gs://b/o", "gcp:storage:objects.delete destroy item");
    check("gsutil versioning set off gs://b", "gcp:storage:buckets.patch disrupt resource");
    check("gsutil versioning set on gs://b", "gcp:storage:buckets.patch update resource");
    check("gsutil lifecycle set l.json gs://b", "gcp:storage:buckets.patch destroy resource");
    check("gsutil acl ch -u AllUsers:R gs://b/o", "gcp:storage:objectAccessControls.insert permission item");
    check("gsutil cat gs://b/o", "gcp:storage:objects.get read item");
    check("gsutil signurl -d 10m key.json gs://b/o", "gcp:storage:signurl permission item");
    check("gsutil mb gs://b", "gcp:storage:buckets.insert create resource");
    check("gsutil mv ./a gs://b/a", "gcp:storage:objects.insert create item; shell:fs:delete destroy local");
    check("gsutil iam ch -d user:a gs://b", "gcp:storage:buckets.setIamPolicy permission resource");
    check("bq rm -f -m ds.model", "gcp:bigquery:models.delete destroy resource");
    check("bq update --expiration 3600 ds.t", "gcp:bigquery:tables.patch destroy resource");
    check("bq update --description x ds.t", "gcp:bigquery:tables.patch update resource");
    check(
        "bq query --use_legacy_sql=false --replace --destination_table ds.t 'SELECT 1'",
        "gcp:bigquery:jobs.insert destroy resource",
    );
    check("bq mk ds", "gcp:bigquery:datasets.insert create resource");
    check("bq extract ds.t gs://b/x.csv", "gcp:bigquery:jobs.insert create item");
    check("bq cancel job1", "gcp:bigquery:jobs.cancel disrupt item");
    check(
        "gcloud memorystore instances delete rsvp --location=asia-south1",
        "gcp:memorystore:Memorystore.DeleteInstance destroy resource",
    );
    check(
        "gcloud memorystore instances describe rsvp --location=asia-south1",
        "gcp:memorystore:Memorystore.GetInstance read resource",
    );
    check(
        "gcloud run services update-traffic checkout --region=europe-west1 --to-revisions=checkout-00041-abc=100",
        "gcp:run:namespaces.services.replaceService update resource",
    );
    check(
        "gcloud run services describe checkout --region=europe-west1 --format='value(status.traffic)'",
        "gcp:run:projects.locations.services.get read resource",
    );
    check("gcloud projects delete shop-prod --quiet", "gcp:cloudresourcemanager:projects.delete destroy account");
    check("gcloud projects undelete shop-prod", "gcp:cloudresourcemanager:projects.undelete create account");
    check(
        "gcloud projects describe shop-prod --format='value(lifecycleState)'",
        "gcp:cloudresourcemanager:projects.get read account",
    );
    check(
        "gcloud projects list --filter='lifecycleState:DELETE_REQUESTED'",
        "gcp:cloudresourcemanager:projects.list read account",
    );
    check(
        "gcloud compute instances delete web-1 web-2 --zone=europe-west1-b -q",
        "gcp:compute:instances.delete destroy resource; gcp:compute:instances.delete destroy resource",
    );
    check(
        "gcloud beta compute instances stop web-1 --zone europe-west1-b",
        "gcp:compute:instances.stop disrupt resource",
    );
    check(
        "gcloud --project shop-prod compute instances reset web-1 --zone europe-west1-b",
        "gcp:compute:instances.reset disrupt resource",
    );
    check("gcloud compute instances list --filter='status=TERMINATED'", "gcp:compute:instances.list read resource");
    check("gcloud compute disks delete pg-data --zone=europe-west1-b", "gcp:compute:disks.delete destroy resource");
    check(
        "gcloud compute disks snapshot pg-data --zone=europe-west1-b --snapshot-names=before-delete",
        "gcp:compute:disks.createSnapshot create resource",
    );
    check(
        "gcloud compute snapshots delete nightly-2026-11-20 --quiet",
        "gcp:compute:snapshots.delete destroy resource",
    );
    check(
        "gcloud compute instance-groups managed resize web --size=0 --zone=europe-west1-b",
        "gcp:compute:instanceGroupManagers.resize disrupt resource",
    );
    check(
        "gcloud compute instance-groups managed resize web --size=3 --zone=europe-west1-b",
        "gcp:compute:instanceGroupManagers.resize update resource",
    );
    check(
        "gcloud compute firewall-rules create allow-all --allow=tcp:22 --source-ranges=0.0.0.0/0",
        "gcp:compute:firewalls.insert permission resource",
    );
    check("gcloud compute firewall-rules list --format=json", "gcp:compute:firewalls.list read resource");
    check(
        "gcloud compute ssh web-1 --zone=europe-west1-b --command='sudo rm -rf /var/lib/postgresql'",
        "shell:fs:delete destroy resource",
    );
    check("gcloud compute ssh web-1 --zone=europe-west1-b --command='uptime'", "shell:exec:uptime read item");
    check("gcloud sql instances delete shop-db", "gcp:sql:instances.delete destroy resource");
    check("gcloud sql databases delete orders --instance=shop-db -q", "gcp:sql:databases.delete destroy resource");
    check("gcloud sql backups delete 1617 --instance=shop-db", "gcp:sql:backupRuns.delete destroy resource");
    check("gcloud sql instances restart shop-db", "gcp:sql:instances.restart disrupt resource");
    check(
        "gcloud sql instances describe shop-db --format='value(settings.deletionProtectionEnabled)'",
        "gcp:sql:instances.get read resource",
    );
    check(
        "gcloud sql backups create --instance=shop-db --description='before the delete'",
        "gcp:sql:backupRuns.insert create resource",
    );
    check("gcloud sql instances patch shop-db --no-deletion-protection", "gcp:sql:instances.patch disrupt resource");
    check(
        "gcloud container clusters delete prod --region=europe-west1 --async",
        "gcp:container:projects.locations.clusters.delete destroy environment",
    );
    check(
        "gcloud container clusters resize prod --node-pool=default-pool --num-nodes=0 --region=europe-west1 -q",
        "gcp:container:projects.locations.clusters.nodePools.setSize disrupt resource",
    );
    check(
        "gcloud container clusters get-credentials prod --region=europe-west1",
        "gcloud:local:container-clusters-get-credentials read local",
    );
    check(
        "gcloud run services delete checkout --region=europe-west1",
        "gcp:run:projects.locations.services.delete destroy resource",
    );
    check(
        "gcloud run deploy checkout --image=europe-docker.pkg.dev/shop/web/checkout:42 --region=europe-west1",
        "gcp:run:projects.locations.services.patch update resource",
    );
    check("gcloud run services list --region=europe-west1", "gcp:run:projects.locations.services.list read resource");
    check(
        "gcloud functions delete resize --region=europe-west1 --gen2",
        "gcp:cloudfunctions:projects.locations.functions.delete destroy resource",
    );
    check("gcloud storage buckets delete gs://shop-backups", "gcp:storage:buckets.delete destroy resource");
    check("gcloud storage rm --recursive gs://shop-uploads/**", "gcp:storage:objects.delete destroy resource");
    check("gcloud storage ls --recursive gs://shop-uploads/**", "gcp:storage:objects.get read item");
    check(
        "gcloud storage rsync ./dist gs://www-shop --recursive --delete-unmatched-destination-objects",
        "gcp:storage:objects.insert create item; gcp:storage:objects.delete destroy resource",
    );
    check(
        "gcloud storage rsync ./dist gs://www-shop --recursive --delete-unmatched-destination-objects --dry-run",
        "gcp:storage:objects.list read item",
    );
    check(
        "gcloud storage buckets add-iam-policy-binding gs://shop-uploads --member=allUsers --role=roles/storage.objectViewer",
        "gcp:storage:buckets.setIamPolicy permission resource",
    );
    check(
        "gcloud firestore databases delete --database='(default)'",
        "gcp:firestore:projects.databases.delete destroy resource",
    );
    check(
        "gcloud firestore bulk-delete --collection-ids=users,orders",
        "gcp:firestore:projects.databases.bulkDeleteDocuments destroy resource",
    );
    check(
        "gcloud firestore export gs://shop-backups/fs-2026-11",
        "gcp:firestore:projects.databases.exportDocuments create resource",
    );
    check(
        "gcloud redis instances delete sessions --region=europe-west1",
        "gcp:redis:projects.locations.instances.delete destroy resource",
    );
    check("gcloud secrets delete db-password --quiet", "gcp:secretmanager:projects.secrets.delete destroy resource");
    check(
        "gcloud secrets versions destroy 3 --secret=db-password",
        "gcp:secretmanager:projects.secrets.versions.destroy destroy item",
    );
    check(
        "gcloud secrets versions access latest --secret=db-password",
        "gcp:secretmanager:projects.secrets.versions.access read resource",
    );
    check(
        "gcloud kms keys versions destroy 1 --key=orders --keyring=shop --location=global",
        "gcp:cloudkms:projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.destroy destroy resource",
    );
    check(
        "gcloud kms keys versions restore 1 --key=orders --keyring=shop --location=global",
        "gcp:cloudkms:projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.restore create resource",
    );
    check(
        "gcloud projects add-iam-policy-binding shop-prod --member=serviceAccount:agent@shop-prod.iam.gserviceaccount.com --role=roles/owner",
        "gcp:cloudresourcemanager:projects.setIamPolicy permission account",
    );
    check(
        "gcloud projects get-iam-policy shop-prod --flatten='bindings[].members'",
        "gcp:cloudresourcemanager:projects.getIamPolicy read account",
    );
    check(
        "gcloud iam service-accounts keys create key.json --iam-account=deploy@shop-prod.iam.gserviceaccount.com",
        "gcp:iam:projects.serviceAccounts.keys.create permission resource",
    );
    check(
        "gcloud iam service-accounts keys list --iam-account=deploy@shop-prod.iam.gserviceaccount.com",
        "gcp:iam:projects.serviceAccounts.keys.list read resource",
    );
    check("gcloud logging sinks delete audit-to-bq", "gcp:logging:projects.sinks.delete destroy account");
    check(
        "gcloud logging read 'protoPayload.methodName:\"delete\"' --project=shop-prod --freshness=1d",
        "gcp:logging:entries.list read item",
    );
    check(
        "gcloud services disable sqladmin.googleapis.com --force",
        "gcp:serviceusage:services.disable disrupt account",
    );
    check("gcloud services list --enabled --filter='name:sqladmin'", "gcp:serviceusage:services.list read account");
    check("gcloud pubsub topics delete orders", "gcp:pubsub:projects.topics.delete destroy resource");
    check(
        "gcloud pubsub subscriptions seek orders-sub --time=2027-01-01T00:00:00Z",
        "gcp:pubsub:projects.subscriptions.seek destroy resource",
    );
    check(
        "gcloud spanner databases delete orders --instance=main",
        "gcp:spanner:projects.instances.databases.dropDatabase destroy resource",
    );
    check(
        "gcloud dns record-sets delete www.shop.example. --type=A --zone=shop",
        "gcp:dns:resourceRecordSets.delete destroy item",
    );
    check("gcloud dns record-sets list --zone=shop", "gcp:dns:resourceRecordSets.list read item");
    check("gcloud billing projects unlink shop-prod", "gcp:cloudbilling:projects.updateBillingInfo destroy account");
    check(
        "gcloud deployment-manager deployments delete shop --delete-policy=DELETE",
        "gcp:deploymentmanager:deployments.delete destroy environment",
    );
    check("gcloud config set project shop-prod", "gcloud:local:config-set update local");
    check("gcloud auth list --filter=status:ACTIVE --format='value(account)'", "gcloud:local:auth-list read local");
    check("gcloud help compute instances delete", "gcloud:local:help read local");
    check("gsutil -m rm -r gs://shop-uploads/tmp", "gcp:storage:objects.delete destroy resource");
    check("gsutil rb gs://shop-uploads", "gcp:storage:buckets.delete destroy resource");
    check("gsutil ls -lh gs://shop-uploads/tmp", "gcp:storage:objects.get read item");
    check("gsutil -m cp -r ./dist gs://www-shop/", "gcp:storage:objects.insert create item");
    check(
        "gsutil -m rsync -d -r ./dist gs://www-shop",
        "gcp:storage:objects.insert create item; gcp:storage:objects.delete destroy resource",
    );
    check("gsutil -m rsync -d -n -r ./dist gs://www-shop", "gcp:storage:objects.list read item");
    check(
        "gsutil rsync -rd ./dist gs://www-shop",
        "gcp:storage:objects.insert create item; gcp:storage:objects.delete destroy resource",
    );
    check("gsutil rsync -r ./dist gs://www-shop", "gcp:storage:objects.insert create item");
    check(
        "gsutil mv gs://shop-uploads/a gs://shop-archive/a",
        "gcp:storage:objects.rewrite create item; gcp:storage:objects.delete destroy item",
    );
    check(
        "gsutil iam ch allUsers:objectViewer gs://shop-uploads",
        "gcp:storage:buckets.setIamPolicy permission resource",
    );
    check("gsutil iam get gs://shop-uploads", "gcp:storage:buckets.getIamPolicy read resource");
    check("bq rm -r -f -d shop:analytics", "gcp:bigquery:datasets.delete destroy environment");
    check("bq rm -f -t analytics.events", "gcp:bigquery:tables.delete destroy resource");
    check("bq help rm", "bq:local:help read local");
    check("bq query --use_legacy_sql=false 'DROP TABLE analytics.events'", "gcp:bigquery:jobs.insert destroy resource");
    check(
        "bq query --nouse_legacy_sql 'DELETE FROM analytics.events WHERE true'",
        "gcp:bigquery:jobs.insert destroy resource",
    );
    check(
        "bq query --use_legacy_sql=false 'SELECT count(*) FROM analytics.events -- DROP TABLE later'",
        "gcp:bigquery:jobs.insert read item",
    );
    check(
        "bq query --dry_run --use_legacy_sql=false 'DROP TABLE analytics.events'",
        "gcp:bigquery:jobs.insert read resource",
    );
    check(
        "bq query --dry_run=false --use_legacy_sql=false 'TRUNCATE TABLE analytics.events'",
        "gcp:bigquery:jobs.insert destroy resource",
    );
    check(
        "bq query --nodry_run --use_legacy_sql=false 'DROP SCHEMA analytics CASCADE'",
        "gcp:bigquery:jobs.insert destroy resource",
    );
    check(
        "bq load --replace --source_format=CSV analytics.events gs://x/events.csv",
        "gcp:bigquery:jobs.insert destroy resource",
    );
    check("bq load --source_format=CSV analytics.events gs://x/events.csv", "gcp:bigquery:jobs.insert create item");
    check("bq cp -f analytics.empty analytics.events", "gcp:bigquery:jobs.insert destroy resource");
    check("bq cp -n analytics.events analytics.events_copy", "gcp:bigquery:jobs.insert create item");
    check("bq mk --table analytics.new_events schema.json", "gcp:bigquery:tables.insert create resource");
    check(
        "gcloud compute instances delete web-1 --zone=europe-west1-b --quiet --verbosity=none --no-user-output-enabled",
        "gcp:compute:instances.delete destroy resource",
    );
    check(
        "gcloud sql instances patch shop-db --activation-policy=NEVER -q",
        "gcp:sql:instances.patch disrupt resource",
    );
    check(
        "gcloud sql instances patch shop-db --activation-policy=ALWAYS -q",
        "gcp:sql:instances.patch update resource",
    );
    check("gcloud sql instances patch shop-db --no-backup", "gcp:sql:instances.patch destroy resource");
    check(
        "gcloud storage cp -r empty/ gs://shop-uploads --predefined-acl=publicRead",
        "gcp:storage:objects.insert permission item",
    );
    check(
        "gsutil -o GSUtil:parallel_process_count=1 -m rm -a 'gs://shop-uploads/**'",
        "gcp:storage:objects.delete destroy resource",
    );
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn what_azures_commands_would_do() {
    check(
        "az storage blob list -c uploads --account-name shopfiles --include d",
        "azure:blob:Container_ListBlobs read resource",
    );
    check(
        "az storage container delete -n uploads --account-name shopfiles",
        "azure:blob:Container_Delete destroy resource",
    );
    check(
        "az storage container set-permission -n uploads --public-access blob --account-name shopfiles",
        "azure:blob:Container_SetAccessPolicy permission resource",
    );
    check(
        "az storage blob undelete -c uploads -n a.txt --account-name shopfiles",
        "azure:blob:Blob_Undelete create item",
    );
    check(
        "az storage blob delete-batch -s uploads --account-name shopfiles --pattern 'tmp/*'",
        "azure:blob:Blob_Delete destroy resource",
    );
    check(
        "az storage blob delete-batch -s uploads --account-name shopfiles --dryrun",
        "azure:blob:Container_ListBlobs read resource",
    );
    check("az storage share delete -n files --account-name shopfiles", "azure:file:Share_Delete destroy resource");
    check("az storage queue delete -n jobs --account-name shopfiles", "azure:queue:Queue_Delete destroy resource");
    check("az storage message clear -q jobs --account-name shopfiles", "azure:queue:Messages_Clear destroy resource");
    check("az storage table delete -n t --account-name shopfiles", "azure:table:Table_Delete destroy resource");
    check("az storage fs delete -n fs --account-name shopfiles", "azure:dfs:FileSystem_Delete destroy resource");
    check(
        "az storage account keys list -n shopfiles -g shop",
        "azure:Microsoft.Storage:storageAccounts.listKeys read resource",
    );
    check(
        "az storage account keys renew -n shopfiles -g shop --key primary",
        "azure:Microsoft.Storage:storageAccounts.regenerateKey permission resource",
    );
    check("az keyvault key delete --vault-name kv -n k", "azure:keyvault:DeleteKey destroy resource");
    check("az keyvault secret purge --vault-name kv -n k", "azure:keyvault:PurgeDeletedSecret destroy resource");
    check("az keyvault secret set --vault-name kv -n k --value x", "azure:keyvault:SetSecret update resource");
    check(
        "az keyvault set-policy -n kv --object-id o --secret-permissions get",
        "azure:Microsoft.KeyVault:vaults.write permission resource",
    );
    check("az vm stop -g g -n a", "azure:Microsoft.Compute:virtualMachines.powerOff disrupt resource");
    check("az vm start -g g -n a", "azure:Microsoft.Compute:virtualMachines.start update resource");
    check("az vm restart -g g -n a", "azure:Microsoft.Compute:virtualMachines.restart disrupt resource");
    check("az vm create -g g -n a --image Ubuntu2204", "azure:Microsoft.Compute:virtualMachines.write update resource");
    check(
        "az vm delete --ids /subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/a /subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/b --yes",
        "azure:Microsoft.Compute:virtualMachines.delete destroy resource; azure:Microsoft.Compute:virtualMachines.delete destroy resource",
    );
    check(
        "az vm dealloc --ids /subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/a",
        "azure:Microsoft.Compute:virtualMachines.dealloc unknown resource",
    );
    check(
        "az vm deallocate --ids /subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/a",
        "azure:Microsoft.Compute:virtualMachines.deallocate disrupt resource",
    );
    check("az vmss delete -g g -n web", "azure:Microsoft.Compute:virtualMachineScaleSets.delete destroy environment");
    check(
        "az vmss delete-instances -g g -n web --instance-ids 1",
        "azure:Microsoft.Compute:virtualMachineScaleSets.delete/action destroy resource",
    );
    check("az disk delete -g g -n d --yes", "azure:Microsoft.Compute:disks.delete destroy resource");
    check("az snapshot delete -g g -n s", "azure:Microsoft.Compute:snapshots.delete destroy resource");
    check("az snapshot create -g g -n s --source d", "azure:Microsoft.Compute:snapshots.write update resource");
    check(
        "az aks nodepool delete -g g --cluster-name prod -n pool",
        "azure:Microsoft.ContainerService:managedClusters/agentPools.delete destroy resource",
    );
    check(
        "az aks nodepool scale -g g --cluster-name prod -n pool --node-count 0",
        "azure:Microsoft.ContainerService:managedClusters/agentPools.write disrupt resource",
    );
    check(
        "az aks scale -g g -n prod --node-count 0",
        "azure:Microsoft.ContainerService:managedClusters.write disrupt environment",
    );
    check(
        "az aks scale -g g -n prod --node-count 3",
        "azure:Microsoft.ContainerService:managedClusters.write update resource",
    );
    check(
        "az aks upgrade -g g -n prod --kubernetes-version 1.31",
        "azure:Microsoft.ContainerService:managedClusters.write update environment",
    );
    check("az aks start -g g -n prod", "azure:Microsoft.ContainerService:managedClusters.start update resource");
    check(
        "az acr delete -n shop -g g --yes",
        "azure:Microsoft.ContainerRegistry:registries.delete destroy environment",
    );
    check(
        "az acr build -r shop -t web:1 .",
        "azure:Microsoft.ContainerRegistry:registries.scheduleRun execute resource",
    );
    check("az acr login -n shop", "az:local:acr-login read local");
    check("az sql server delete -g g -n s --yes", "azure:Microsoft.Sql:servers.delete destroy environment");
    check("az sql db create -g g -s s -n d", "azure:Microsoft.Sql:servers/databases.write update resource");
    check(
        "az sql db restore -g g -s s -n d --dest-name e --time 2026-01-01",
        "azure:Microsoft.Sql:servers/databases.write update resource",
    );
    check(
        "az mysql flexible-server delete -g g -n m --yes",
        "azure:Microsoft.DBforMySQL:flexibleServers.delete destroy environment",
    );
    check(
        "az mysql flexible-server stop -g g -n m",
        "azure:Microsoft.DBforMySQL:flexibleServers.stop disrupt resource",
    );
    check(
        "az postgres flexible-server restart -g g -n m",
        "azure:Microsoft.DBforPostgreSQL:flexibleServers.restart disrupt resource",
    );
    check(
        "az postgres flexible-server db delete -g g -s m -d orders --yes",
        "azure:Microsoft.DBforPostgreSQL:flexibleServers/databases.delete destroy resource",
    );
    check(
        "az postgres flexible-server firewall-rule create -g g -n m --rule-name all --start-ip-address 0.0.0.0 --end-ip-address 255.255.255.255",
        "azure:Microsoft.DBforPostgreSQL:flexibleServers/firewallRules.write permission resource",
    );
    check(
        "az cosmosdb sql database delete -g g -a acc -n d --yes",
        "azure:Microsoft.DocumentDB:databaseAccounts/sqlDatabases.delete destroy resource",
    );
    check(
        "az cosmosdb sql container delete -g g -a acc -d d -n c --yes",
        "azure:Microsoft.DocumentDB:databaseAccounts/sqlDatabases/containers.delete destroy resource",
    );
    check("az cosmosdb keys list -g g -n acc", "azure:Microsoft.DocumentDB:databaseAccounts.listKeys read resource");
    check("az redis delete -g g -n r --yes", "azure:Microsoft.Cache:redis.delete destroy resource");
    check("az redis flush -g g -n r", "azure:Microsoft.Cache:redis.flush destroy resource");
    check(
        "az redis force-reboot -g g -n r --reboot-type AllNodes",
        "azure:Microsoft.Cache:redis.forceReboot disrupt resource",
    );
    check("az webapp stop -g g -n a", "azure:Microsoft.Web:sites.stop disrupt resource");
    check("az webapp start -g g -n a", "azure:Microsoft.Web:sites.start update resource");
    check("az webapp create -g g -n a -p plan", "azure:Microsoft.Web:sites.write update resource");
    check(
        "az webapp config appsettings set -g g -n a --settings A=b",
        "azure:Microsoft.Web:sites/config.write update resource",
    );
    check(
        "az webapp deployment slot swap -g g -n a --slot staging",
        "azure:Microsoft.Web:sites.slotsswap update resource",
    );
    check("az webapp deployment source config-zip -g g -n a --src a.zip", "azure:kudu:ZipDeploy update resource");
    check("az functionapp delete -g g -n a", "azure:Microsoft.Web:sites.delete destroy environment");
    check("az appservice plan delete -g g -n p --yes", "azure:Microsoft.Web:serverFarms.delete destroy resource");
    check("az staticwebapp delete -n s -g g --yes", "azure:Microsoft.Web:staticSites.delete destroy resource");
    check(
        "az container delete -g g -n c --yes",
        "azure:Microsoft.ContainerInstance:containerGroups.delete destroy resource",
    );
    check(
        "az container exec -g g -n c --exec-command sh",
        "azure:Microsoft.ContainerInstance:containerGroups/containers.exec execute resource",
    );
    check("az containerapp delete -g g -n c --yes", "azure:Microsoft.App:containerApps.delete destroy resource");
    check("az containerapp update -g g -n c --image i", "azure:Microsoft.App:containerApps.write update resource");
    check(
        "az containerapp revision deactivate -g g -n c --revision r",
        "azure:Microsoft.App:containerApps/revisions.deactivate disrupt resource",
    );
    check("az network vnet delete -g g -n v", "azure:Microsoft.Network:virtualNetworks.delete destroy environment");
    check("az network vnet create -g g -n v", "azure:Microsoft.Network:virtualNetworks.write update resource");
    check(
        "az network vnet subnet delete -g g --vnet-name v -n s",
        "azure:Microsoft.Network:virtualNetworks/subnets.delete destroy resource",
    );
    check("az network nsg delete -g g -n n", "azure:Microsoft.Network:networkSecurityGroups.delete destroy resource");
    check(
        "az network nsg rule delete -g g --nsg-name n -n r",
        "azure:Microsoft.Network:networkSecurityGroups/securityRules.delete permission resource",
    );
    check(
        "az network nsg rule create -g g --nsg-name n -n r --priority 100 --access Allow --direction Inbound --source-address-prefixes '*' --destination-port-ranges 22",
        "azure:Microsoft.Network:networkSecurityGroups/securityRules.write permission resource",
    );
    check(
        "az network nsg rule create -g g --nsg-name n -n r --priority 100 --access Allow --source-address-prefixes 10.0.0.0/8",
        "azure:Microsoft.Network:networkSecurityGroups/securityRules.write permission resource",
    );
    check("az network public-ip delete -g g -n p", "azure:Microsoft.Network:publicIPAddresses.delete destroy resource");
    check("az network lb delete -g g -n l", "azure:Microsoft.Network:loadBalancers.delete destroy resource");
    check(
        "az network application-gateway stop -g g -n a",
        "azure:Microsoft.Network:applicationGateways.stop disrupt resource",
    );
    check(
        "az network dns zone delete -g g -n shop.example --yes",
        "azure:Microsoft.Network:dnsZones.delete destroy environment",
    );
    check(
        "az network private-endpoint delete -g g -n p",
        "azure:Microsoft.Network:privateEndpoints.delete destroy resource",
    );
    check(
        "az monitor log-analytics workspace delete -g g --workspace-name w --yes --force true",
        "azure:Microsoft.OperationalInsights:workspaces.delete destroy environment",
    );
    check(
        "az role assignment delete --assignee a --role Owner --scope /subscriptions/s1",
        "azure:Microsoft.Authorization:roleAssignments.delete permission account",
    );
    check(
        "az role definition delete --name x",
        "azure:Microsoft.Authorization:roleDefinitions.delete permission account",
    );
    check("az ad app delete --id a", "azure:graph:applications.delete destroy resource");
    check("az ad user delete --id a@b.c", "azure:graph:users.delete destroy resource");
    check(
        "az ad group member add --group g --member-id m",
        "azure:graph:groups/members/$ref.create permission resource",
    );
    check("az ad sp delete --id s", "azure:graph:servicePrincipals.delete destroy resource");
    check("az ad user list", "azure:graph:users.read read resource");
    check("az ad app credential reset --id a", "azure:graph:applications.addPassword permission resource");
    check(
        "az policy assignment delete --name p",
        "azure:Microsoft.Authorization:policyAssignments.delete permission account",
    );
    check("az deployment group delete -g g -n d", "azure:Microsoft.Resources:deployments.delete destroy item");
    check(
        "az deployment sub create -l westeurope -f main.json",
        "azure:Microsoft.Resources:deployments.write update account",
    );
    check(
        "az stack group delete -g g -n s --action-on-unmanage deleteAll --yes",
        "azure:Microsoft.Resources:deploymentStacks.delete destroy environment",
    );
    check(
        "az resource delete -g g -n a --resource-type Microsoft.Web/sites",
        "azure:Microsoft.Web:sites.delete destroy environment",
    );
    check(
        "az resource update --ids /subscriptions/s1/resourceGroups/g/providers/Microsoft.Web/sites/a --set properties.x=1",
        "azure:Microsoft.Web:sites.write update resource",
    );
    check(
        "az backup vault delete -g g -n v --yes",
        "azure:Microsoft.RecoveryServices:vaults.delete destroy environment",
    );
    check(
        "az backup protection disable --item-name web-1 -c web-1 -v vault -g shop -y",
        "azure:Microsoft.RecoveryServices:vaults/backupFabrics/protectionContainers/protectedItems.write disrupt resource",
    );
    check(
        "az servicebus queue delete -g g --namespace-name n -n q",
        "azure:Microsoft.ServiceBus:namespaces/queues.delete destroy resource",
    );
    check(
        "az servicebus namespace delete -g g -n n",
        "azure:Microsoft.ServiceBus:namespaces.delete destroy environment",
    );
    check(
        "az eventhubs eventhub delete -g g --namespace-name n -n q",
        "azure:Microsoft.EventHub:namespaces/eventhubs.delete destroy resource",
    );
    check("az apim delete -g g -n a --yes", "azure:Microsoft.ApiManagement:service.delete destroy environment");
    check(
        "az cdn endpoint purge -g g --profile-name p -n e --content-paths '/*'",
        "azure:Microsoft.Cdn:profiles/endpoints.purge disrupt resource",
    );
    check("az iot hub delete -n h", "azure:Microsoft.Devices:IotHubs.delete destroy environment");
    check("az batch account delete -g g -n b --yes", "azure:Microsoft.Batch:batchAccounts.delete destroy environment");
    check(
        "az ml workspace delete -g g -n w --yes",
        "azure:Microsoft.MachineLearningServices:workspaces.delete destroy environment",
    );
    check(
        "az tag create --resource-id /subscriptions/s1 --tags a=b",
        "azure:Microsoft.Resources:tags.write update item",
    );
    check("az group delet -n a", "azure:Microsoft.Resources:resourceGroups.delet unknown resource");
    check("az group lock delete -n a -g g", "azure:group:unidentified destroy resource");
    check("az frobnicate widget delete -n a", "azure:frobnicate:unidentified destroy resource");
    check("az frobnicate widget list", "azure:frobnicate:unidentified read resource");
    check("az group delete --name x --debug", "azure:Microsoft.Resources:resourceGroups.delete destroy environment");
    check("az group delete --nam x", "azure:Microsoft.Resources:resourceGroups.delete destroy environment");
    check("az account get-access-token", "az:local:get-access-token read local");
    check(
        "az monitor diagnostic-settings create --name a --resource /subscriptions/s1/resourceGroups/g/providers/Microsoft.KeyVault/vaults/k --logs x",
        "azure:Microsoft.Insights:diagnosticSettings.write update resource",
    );
    check("azd down --force --purge", "azd:project:down destroy environment");
    check("azd up", "azd:project:provision update environment");
    check("azd provision --preview", "azd:project:preview read environment");
    check("azd deploy web", "azd:project:deploy update resource");
    check("func azure functionapp publish shop", "func:functionapp:publish update resource");
    check("func start", "func:local:func execute local");
    check(
        "az group delete --name shop-prod --yes --no-wait",
        "azure:Microsoft.Resources:resourceGroups.delete destroy environment",
    );
    check("az group delete -n rg-dev-test -y", "azure:Microsoft.Resources:resourceGroups.delete destroy environment");
    check(
        "az group wait --deleted --resource-group shop-prod",
        "azure:Microsoft.Resources:resourceGroups.read read resource",
    );
    check("az group exists -n shop-prod", "azure:Microsoft.Resources:resourceGroups.read read resource");
    check("az group delete -h", "az:local:help read local");
    check("az vm delete -g shop -n web-1 --yes", "azure:Microsoft.Compute:virtualMachines.delete destroy resource");
    check("az vm deallocate -g shop -n web-1", "azure:Microsoft.Compute:virtualMachines.deallocate disrupt resource");
    check(
        "az vm list -d -o table --query \"[?powerState=='VM deallocated']\"",
        "azure:Microsoft.Compute:virtualMachines.read read resource",
    );
    check(
        "az vm run-command invoke -g shop -n web-1 --command-id RunShellScript --scripts 'systemctl stop nginx'",
        "azure:Microsoft.Compute:virtualMachines.runCommand execute resource",
    );
    check(
        "az vmss scale -g shop -n web --new-capacity 0",
        "azure:Microsoft.Compute:virtualMachineScaleSets.write disrupt resource",
    );
    check(
        "az vmss scale -g shop -n web --new-capacity 3",
        "azure:Microsoft.Compute:virtualMachineScaleSets.write update resource",
    );
    check(
        "az aks delete --resource-group shop --name prod --yes",
        "azure:Microsoft.ContainerService:managedClusters.delete destroy environment",
    );
    check("az aks stop -g shop -n prod", "azure:Microsoft.ContainerService:managedClusters.stop disrupt environment");
    check("az aks get-credentials -g shop -n prod", "az:local:aks-get-credentials read local");
    check(
        "az sql db delete -g shop -s shopsql -n orders --yes",
        "azure:Microsoft.Sql:servers/databases.delete destroy resource",
    );
    check(
        "az sql db list-deleted-backups -g shop -s shopsql",
        "azure:Microsoft.Sql:servers/restorableDroppedDatabases.read read resource",
    );
    check(
        "az sql server firewall-rule create -g shop -s shopsql -n all --start-ip-address 0.0.0.0 --end-ip-address 255.255.255.255",
        "azure:Microsoft.Sql:servers/firewallRules.write permission resource",
    );
    check(
        "az postgres flexible-server delete -g shop -n orders --yes",
        "azure:Microsoft.DBforPostgreSQL:flexibleServers.delete destroy environment",
    );
    check(
        "az cosmosdb delete -g shop -n orders -y",
        "azure:Microsoft.DocumentDB:databaseAccounts.delete destroy environment",
    );
    check(
        "az storage account delete -n shopfiles -g shop --yes",
        "azure:Microsoft.Storage:storageAccounts.delete destroy environment",
    );
    check(
        "az storage blob delete-batch -s uploads --account-name shopfiles --pattern 'tmp/*' --dryrun",
        "azure:blob:Container_ListBlobs read resource",
    );
    check(
        "az storage blob upload -c uploads -f a.txt -n a.txt --account-name shopfiles",
        "azure:blob:Blob_Put update item",
    );
    check("az keyvault delete --name shop-kv", "azure:Microsoft.KeyVault:vaults.delete destroy environment");
    check(
        "az keyvault purge --name shop-kv",
        "azure:Microsoft.KeyVault:locations/deletedVaults.purge destroy environment",
    );
    check("az keyvault recover --name shop-kv", "azure:Microsoft.KeyVault:vaults.write update resource");
    check("az keyvault list-deleted", "azure:Microsoft.KeyVault:deletedVaults.read read resource");
    check("az keyvault secret delete --vault-name shop-kv -n db", "azure:keyvault:DeleteSecret destroy resource");
    check(
        "az keyvault secret show --vault-name shop-kv -n db --query value -o tsv",
        "azure:keyvault:GetSecret read resource",
    );
    check(
        "az role assignment create --assignee agent@shop.example --role Owner --scope /subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590",
        "azure:Microsoft.Authorization:roleAssignments.write permission account",
    );
    check(
        "az role assignment list --assignee agent@shop.example -o table",
        "azure:Microsoft.Authorization:roleAssignments.read read resource",
    );
    check(
        "az ad sp create-for-rbac --name agent --role Contributor --scopes /subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590",
        "azure:graph:applications.create create resource; azure:graph:servicePrincipals.create create resource; azure:Microsoft.Authorization:roleAssignments.write permission account",
    );
    check(
        "az lock delete --name no-delete --resource-group shop",
        "azure:Microsoft.Authorization:locks.delete permission environment",
    );
    check("az lock list --resource-group shop", "azure:Microsoft.Authorization:locks.read read resource");
    check(
        "az monitor diagnostic-settings delete --name audit --resource /subscriptions/s1/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/shop-kv",
        "azure:Microsoft.Insights:diagnosticSettings.delete destroy resource",
    );
    check(
        "az monitor activity-log list --offset 1d --query \"[?contains(operationName.value,'delete')]\"",
        "azure:Microsoft.Insights:eventtypes/values.read read resource",
    );
    check(
        "az backup protection disable --item-name web-1 -c web-1 -v vault -g shop --delete-backup-data true -y",
        "azure:Microsoft.RecoveryServices:vaults/backupFabrics/protectionContainers/protectedItems.delete destroy resource",
    );
    check(
        "az deployment group create -g shop -f main.bicep --mode Complete",
        "azure:Microsoft.Resources:deployments.write destroy environment",
    );
    check(
        "az deployment group what-if -g shop -f main.bicep --mode Complete",
        "azure:Microsoft.Resources:deployments.whatIf read resource",
    );
    check(
        "az deployment group create -g shop -f main.bicep --mode Complete --what-if",
        "azure:Microsoft.Resources:deployments.whatIf read resource",
    );
    check(
        "az deployment group create -g shop -f main.bicep --mode Complete --confirm-with-what-if",
        "azure:Microsoft.Resources:deployments.write destroy environment",
    );
    check(
        "az deployment group validate -g shop -f main.bicep",
        "azure:Microsoft.Resources:deployments.validate read resource",
    );
    check(
        "az resource delete --ids /subscriptions/s1/resourceGroups/shop/providers/Microsoft.Web/sites/shop",
        "azure:Microsoft.Web:sites.delete destroy environment",
    );
    check(
        "az resource list --tag temp=true --query '[].id' -o tsv",
        "azure:Microsoft.Resources:subscriptions/resources.read read resource",
    );
    check(
        "az rest --method delete --url 'https://management.azure.com/subscriptions/s1/resourceGroups/shop?api-version=2024-11-01'",
        "azure:Microsoft.Resources:resourceGroups.delete destroy environment",
    );
    check(
        "az rest --method get --url 'https://management.azure.com/subscriptions/s1/resourceGroups/shop?api-version=2024-11-01'",
        "azure:Microsoft.Resources:resourceGroups.read read resource",
    );
    check("az webapp delete -g shop -n shop", "azure:Microsoft.Web:sites.delete destroy environment");
    check("az webapp restart -g shop -n shop", "azure:Microsoft.Web:sites.restart disrupt resource");
    check("az webapp log tail -g shop -n shop", "azure:Microsoft.Web:sites/config.read read resource");
    check(
        "az webapp deploy -g shop -n shop --src-path app.zip --type zip",
        "azure:Microsoft.Web:sites/extensions.write update resource",
    );
    check("az functionapp stop -g shop -n jobs", "azure:Microsoft.Web:sites.stop disrupt resource");
    check(
        "az acr repository delete -n shop --image web:1.0 --yes",
        "azure:registry:Repository_Delete destroy resource",
    );
    check("az acr repository show-tags -n shop --repository web", "azure:registry:AcrTags_List read resource");
    check(
        "az network dns record-set a delete -g dns -z shop.example -n www -y",
        "azure:Microsoft.Network:dnsZones/A.delete destroy item",
    );
    check("az bicep build -f infra/delete-lock.bicep --stdout", "az:local:bicep read local");
    check(
        "az storage blob sync -c uploads --account-name shopfiles -s ./dist --delete-destination true",
        "azure:blob:Blob_Delete destroy resource",
    );
    check(
        "az storage blob sync -c uploads --account-name shopfiles -s ./dist --delete-destination false",
        "azure:blob:Blob_Put update item",
    );
    check(
        "az webapp config access-restriction remove -g shop -n shop --rule-name office",
        "azure:Microsoft.Web:sites/config.write permission resource",
    );
    check(
        "az rest -m DELETE -u /subscriptions/s1/resourceGroups/shop/providers/Microsoft.Sql/servers/shopsql?api-version=2023-08-01",
        "azure:Microsoft.Sql:servers.delete destroy environment",
    );
    check(
        "az rest -u /subscriptions/s1/resourceGroups/shop/providers/Microsoft.Sql/servers/shopsql?api-version=2023-08-01",
        "azure:Microsoft.Sql:servers.read read resource",
    );
    check(
        "az deployment group create -g shop -f main.json",
        "azure:Microsoft.Resources:deployments.write update environment",
    );
}

/// A command and a request of the door's cases that mean the same.
#[test]
fn commands_say_what_the_doors_cases_say() {
    let google = include_str!("../../../catalog/gcp/cases.yaml");
    let azure = [
        include_str!("../../../catalog/azure/cases.yaml"),
        include_str!("../../../catalog/azure-blob/cases.yaml"),
        include_str!("../../../catalog/azure-keyvault/cases.yaml"),
        include_str!("../../../catalog/azure-queue/cases.yaml"),
        include_str!("../../../catalog/azure-file/cases.yaml"),
        include_str!("../../../catalog/azure-table/cases.yaml"),
        include_str!("../../../catalog/azure-dfs/cases.yaml"),
        include_str!("../../../catalog/azure-kudu/cases.yaml"),
        include_str!("../../../catalog/azure-registry/cases.yaml"),
    ]
    .concat();
    let same = |cases: &str, command: &str| {
        let said = said(command);
        assert!(cases.contains(&format!("is: \"{said}\"")), "{command}: {said}");
    };
    same(google, "gcloud run services update-traffic api --to-latest");
    same(google, "gcloud compute instances create web-9 --zone=z --machine-type=e2-small");
    same(google, "gcloud compute instances delete web-1 --zone=z --keep-disks=all");
    same(google, "gcloud compute instances add-metadata web-1 --zone=z --metadata=ssh-keys=x");
    same(google, "gcloud compute instances add-metadata web-1 --zone=z --metadata=team=a");
    same(google, "gcloud compute networks delete prod");
    same(google, "gcloud compute instance-groups managed delete-instances web --instances=a,b --zone=z");
    same(google, "gcloud sql connect shop-db --user=root");
    same(google, "gcloud sql instances clone a b");
    same(google, "gcloud container node-pools delete p --cluster=c --region=r");
    same(google, "gcloud functions call f");
    same(google, "gcloud builds submit --tag gcr.io/a/b");
    same(google, "gcloud iam service-accounts delete a@b.iam.gserviceaccount.com");
    same(google, "gcloud tasks queues purge q --location=l");
    same(google, "gcloud kms keys versions disable 1 --key=k --keyring=r --location=l");
    same(google, "gcloud resource-manager folders delete 1");
    same(google, "gcloud organizations add-iam-policy-binding 1 --member=user:a --role=r");
    same(google, "gcloud services enable run.googleapis.com");
    same(google, "gcloud storage objects delete gs://b/o");
    same(google, "gcloud storage buckets update gs://b --no-versioning");
    same(google, "gcloud storage buckets update gs://b --clear-lifecycle");
    same(google, "gsutil rm gs://b/o");
    same(google, "gsutil versioning set off gs://b");
    same(google, "gsutil versioning set on gs://b");
    same(google, "gsutil lifecycle set l.json gs://b");
    same(google, "gsutil cat gs://b/o");
    same(google, "gsutil mb gs://b");
    same(google, "gsutil iam ch -d user:a gs://b");
    same(google, "bq query --use_legacy_sql=false --replace --destination_table ds.t 'SELECT 1'");
    same(google, "bq extract ds.t gs://b/x.csv");
    same(
        google,
        "gcloud run services update-traffic checkout --region=europe-west1 --to-revisions=checkout-00041-abc=100",
    );
    same(google, "gcloud projects delete shop-prod --quiet");
    same(google, "gcloud projects undelete shop-prod");
    same(google, "gcloud projects describe shop-prod --format='value(lifecycleState)'");
    same(google, "gcloud beta compute instances stop web-1 --zone europe-west1-b");
    same(google, "gcloud compute instances list --filter='status=TERMINATED'");
    same(google, "gcloud compute disks snapshot pg-data --zone=europe-west1-b --snapshot-names=before-delete");
    same(google, "gcloud compute snapshots delete nightly-2026-11-20 --quiet");
    same(google, "gcloud compute instance-groups managed resize web --size=0 --zone=europe-west1-b");
    same(google, "gcloud compute instance-groups managed resize web --size=3 --zone=europe-west1-b");
    same(google, "gcloud compute firewall-rules create allow-all --allow=tcp:22 --source-ranges=0.0.0.0/0");
    same(google, "gcloud sql instances delete shop-db");
    same(google, "gcloud sql instances restart shop-db");
    same(google, "gcloud sql instances patch shop-db --no-deletion-protection");
    same(google, "gcloud container clusters delete prod --region=europe-west1 --async");
    same(
        google,
        "gcloud container clusters resize prod --node-pool=default-pool --num-nodes=0 --region=europe-west1 -q",
    );
    same(google, "gcloud run deploy checkout --image=europe-docker.pkg.dev/shop/web/checkout:42 --region=europe-west1");
    same(google, "gcloud storage buckets delete gs://shop-backups");
    same(google, "gcloud storage ls --recursive gs://shop-uploads/**");
    same(
        google,
        "gcloud storage rsync ./dist gs://www-shop --recursive --delete-unmatched-destination-objects --dry-run",
    );
    same(
        google,
        "gcloud storage buckets add-iam-policy-binding gs://shop-uploads --member=allUsers --role=roles/storage.objectViewer",
    );
    same(google, "gcloud firestore bulk-delete --collection-ids=users,orders");
    same(google, "gcloud firestore export gs://shop-backups/fs-2026-11");
    same(google, "gcloud secrets versions destroy 3 --secret=db-password");
    same(google, "gcloud secrets versions access latest --secret=db-password");
    same(google, "gcloud kms keys versions destroy 1 --key=orders --keyring=shop --location=global");
    same(google, "gcloud kms keys versions restore 1 --key=orders --keyring=shop --location=global");
    same(
        google,
        "gcloud projects add-iam-policy-binding shop-prod --member=serviceAccount:agent@shop-prod.iam.gserviceaccount.com --role=roles/owner",
    );
    same(google, "gcloud projects get-iam-policy shop-prod --flatten='bindings[].members'");
    same(
        google,
        "gcloud iam service-accounts keys create key.json --iam-account=deploy@shop-prod.iam.gserviceaccount.com",
    );
    same(google, "gcloud logging sinks delete audit-to-bq");
    same(google, "gcloud logging read 'protoPayload.methodName:\"delete\"' --project=shop-prod --freshness=1d");
    same(google, "gcloud services disable sqladmin.googleapis.com --force");
    same(google, "gcloud pubsub subscriptions seek orders-sub --time=2027-01-01T00:00:00Z");
    same(google, "gcloud spanner databases delete orders --instance=main");
    same(google, "gcloud billing projects unlink shop-prod");
    same(google, "gcloud deployment-manager deployments delete shop --delete-policy=DELETE");
    same(google, "gsutil rb gs://shop-uploads");
    same(google, "gsutil ls -lh gs://shop-uploads/tmp");
    same(google, "gsutil -m cp -r ./dist gs://www-shop/");
    same(google, "gsutil -m rsync -d -n -r ./dist gs://www-shop");
    same(google, "gsutil rsync -r ./dist gs://www-shop");
    same(google, "gsutil iam ch allUsers:objectViewer gs://shop-uploads");
    same(google, "bq rm -r -f -d shop:analytics");
    same(google, "bq query --use_legacy_sql=false 'DROP TABLE analytics.events'");
    same(google, "bq query --nouse_legacy_sql 'DELETE FROM analytics.events WHERE true'");
    same(google, "bq query --dry_run=false --use_legacy_sql=false 'TRUNCATE TABLE analytics.events'");
    same(google, "bq query --nodry_run --use_legacy_sql=false 'DROP SCHEMA analytics CASCADE'");
    same(google, "bq load --replace --source_format=CSV analytics.events gs://x/events.csv");
    same(google, "bq load --source_format=CSV analytics.events gs://x/events.csv");
    same(google, "bq cp -f analytics.empty analytics.events");
    same(google, "bq cp -n analytics.events analytics.events_copy");
    same(
        google,
        "gcloud compute instances delete web-1 --zone=europe-west1-b --quiet --verbosity=none --no-user-output-enabled",
    );
    same(google, "gcloud sql instances patch shop-db --activation-policy=NEVER -q");
    same(google, "gcloud sql instances patch shop-db --activation-policy=ALWAYS -q");
    same(google, "gcloud sql instances patch shop-db --no-backup");
    same(google, "gcloud storage cp -r empty/ gs://shop-uploads --predefined-acl=publicRead");
    same(&azure, "az storage blob list -c uploads --account-name shopfiles --include d");
    same(&azure, "az storage container delete -n uploads --account-name shopfiles");
    same(&azure, "az storage container set-permission -n uploads --public-access blob --account-name shopfiles");
    same(&azure, "az storage blob undelete -c uploads -n a.txt --account-name shopfiles");
    same(&azure, "az storage blob delete-batch -s uploads --account-name shopfiles --dryrun");
    same(&azure, "az storage share delete -n files --account-name shopfiles");
    same(&azure, "az storage queue delete -n jobs --account-name shopfiles");
    same(&azure, "az storage message clear -q jobs --account-name shopfiles");
    same(&azure, "az storage table delete -n t --account-name shopfiles");
    same(&azure, "az storage fs delete -n fs --account-name shopfiles");
    same(&azure, "az storage account keys list -n shopfiles -g shop");
    same(&azure, "az storage account keys renew -n shopfiles -g shop --key primary");
    same(&azure, "az keyvault key delete --vault-name kv -n k");
    same(&azure, "az keyvault secret purge --vault-name kv -n k");
    same(&azure, "az keyvault secret set --vault-name kv -n k --value x");
    same(&azure, "az keyvault set-policy -n kv --object-id o --secret-permissions get");
    same(&azure, "az vm stop -g g -n a");
    same(&azure, "az vm start -g g -n a");
    same(&azure, "az vm create -g g -n a --image Ubuntu2204");
    same(
        &azure,
        "az vm deallocate --ids /subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/a",
    );
    same(&azure, "az vmss delete-instances -g g -n web --instance-ids 1");
    same(&azure, "az disk delete -g g -n d --yes");
    same(&azure, "az snapshot delete -g g -n s");
    same(&azure, "az aks nodepool scale -g g --cluster-name prod -n pool --node-count 0");
    same(&azure, "az aks scale -g g -n prod --node-count 3");
    same(&azure, "az aks upgrade -g g -n prod --kubernetes-version 1.31");
    same(&azure, "az sql server delete -g g -n s --yes");
    same(&azure, "az webapp create -g g -n a -p plan");
    same(&azure, "az webapp config appsettings set -g g -n a --settings A=b");
    same(&azure, "az webapp deployment source config-zip -g g -n a --src a.zip");
    same(&azure, "az functionapp delete -g g -n a");
    same(&azure, "az containerapp update -g g -n c --image i");
    same(&azure, "az network vnet create -g g -n v");
    same(
        &azure,
        "az network nsg rule create -g g --nsg-name n -n r --priority 100 --access Allow --direction Inbound --source-address-prefixes '*' --destination-port-ranges 22",
    );
    same(
        &azure,
        "az network nsg rule create -g g --nsg-name n -n r --priority 100 --access Allow --source-address-prefixes 10.0.0.0/8",
    );
    same(&azure, "az network dns zone delete -g g -n shop.example --yes");
    same(&azure, "az ad user delete --id a@b.c");
    same(&azure, "az ad group member add --group g --member-id m");
    same(&azure, "az ad user list");
    same(&azure, "az ad app credential reset --id a");
    same(&azure, "az deployment group delete -g g -n d");
    same(&azure, "az deployment sub create -l westeurope -f main.json");
    same(&azure, "az stack group delete -g g -n s --action-on-unmanage deleteAll --yes");
    same(&azure, "az resource delete -g g -n a --resource-type Microsoft.Web/sites");
    same(
        &azure,
        "az resource update --ids /subscriptions/s1/resourceGroups/g/providers/Microsoft.Web/sites/a --set properties.x=1",
    );
    same(&azure, "az backup vault delete -g g -n v --yes");
    same(&azure, "az backup protection disable --item-name web-1 -c web-1 -v vault -g shop -y");
    same(&azure, "az tag create --resource-id /subscriptions/s1 --tags a=b");
    same(&azure, "az group delete --name x --debug");
    same(&azure, "az group delete --nam x");
    same(&azure, "az group delete --name shop-prod --yes --no-wait");
    same(&azure, "az group delete -n rg-dev-test -y");
    same(&azure, "az group wait --deleted --resource-group shop-prod");
    same(&azure, "az group exists -n shop-prod");
    same(&azure, "az vm delete -g shop -n web-1 --yes");
    same(&azure, "az vm deallocate -g shop -n web-1");
    same(&azure, "az vm list -d -o table --query \"[?powerState=='VM deallocated']\"");
    same(
        &azure,
        "az vm run-command invoke -g shop -n web-1 --command-id RunShellScript --scripts 'systemctl stop nginx'",
    );
    same(&azure, "az vmss scale -g shop -n web --new-capacity 0");
    same(&azure, "az vmss scale -g shop -n web --new-capacity 3");
    same(&azure, "az aks delete --resource-group shop --name prod --yes");
    same(&azure, "az sql db delete -g shop -s shopsql -n orders --yes");
    same(
        &azure,
        "az sql server firewall-rule create -g shop -s shopsql -n all --start-ip-address 0.0.0.0 --end-ip-address 255.255.255.255",
    );
    same(&azure, "az storage account delete -n shopfiles -g shop --yes");
    same(&azure, "az storage blob delete-batch -s uploads --account-name shopfiles --pattern 'tmp/*' --dryrun");
    same(&azure, "az storage blob upload -c uploads -f a.txt -n a.txt --account-name shopfiles");
    same(&azure, "az keyvault delete --name shop-kv");
    same(&azure, "az keyvault purge --name shop-kv");
    same(&azure, "az keyvault recover --name shop-kv");
    same(&azure, "az keyvault secret delete --vault-name shop-kv -n db");
    same(&azure, "az keyvault secret show --vault-name shop-kv -n db --query value -o tsv");
    same(
        &azure,
        "az role assignment create --assignee agent@shop.example --role Owner --scope /subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590",
    );
    same(&azure, "az lock list --resource-group shop");
    same(
        &azure,
        "az monitor diagnostic-settings delete --name audit --resource /subscriptions/s1/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/shop-kv",
    );
    same(&azure, "az deployment group create -g shop -f main.bicep --mode Complete");
    same(&azure, "az deployment group what-if -g shop -f main.bicep --mode Complete");
    same(&azure, "az deployment group create -g shop -f main.bicep --mode Complete --what-if");
    same(&azure, "az deployment group create -g shop -f main.bicep --mode Complete --confirm-with-what-if");
    same(&azure, "az deployment group validate -g shop -f main.bicep");
    same(&azure, "az resource delete --ids /subscriptions/s1/resourceGroups/shop/providers/Microsoft.Web/sites/shop");
    same(&azure, "az resource list --tag temp=true --query '[].id' -o tsv");
    same(
        &azure,
        "az rest --method delete --url 'https://management.azure.com/subscriptions/s1/resourceGroups/shop?api-version=2024-11-01'",
    );
    same(
        &azure,
        "az rest --method get --url 'https://management.azure.com/subscriptions/s1/resourceGroups/shop?api-version=2024-11-01'",
    );
    same(&azure, "az webapp delete -g shop -n shop");
    same(&azure, "az acr repository delete -n shop --image web:1.0 --yes");
    same(&azure, "az network dns record-set a delete -g dns -z shop.example -n www -y");
    same(&azure, "az storage blob sync -c uploads --account-name shopfiles -s ./dist --delete-destination false");
    same(&azure, "az webapp config access-restriction remove -g shop -n shop --rule-name office");
    same(
        &azure,
        "az rest -m DELETE -u /subscriptions/s1/resourceGroups/shop/providers/Microsoft.Sql/servers/shopsql?api-version=2023-08-01",
    );
    same(&azure, "az deployment group create -g shop -f main.json");
}

fn place_in(command: &str, around: &Stated) -> crate::model::Place {
    let actions = actions_in(command, around).expect("a command that can be read");
    actions.first().expect("an action").place().clone()
}

#[test]
fn the_project_is_what_the_command_or_the_configuration_says() {
    let mut around = stated();
    let delete = "gcloud sql instances delete shop-db";
    let project = |command: &str, around: &Stated| place_in(command, around).project;
    assert_eq!(project(delete, &around).as_deref(), Some("unknown"));
    assert_eq!(project(&format!("{delete} --project shop-dev"), &around).as_deref(), Some("shop-dev"));
    let file = "/home/dev/.config/gcloud/configurations/config_default".to_owned();
    around.files.insert(file, "[core]\naccount = a@b\nproject = shop-test\n[compute]\nproject = no\n".to_owned());
    assert_eq!(project(delete, &around).as_deref(), Some("shop-test"));
    around.variables.insert("CLOUDSDK_CORE_PROJECT".to_owned(), "shop-prod".to_owned());
    assert_eq!(project(delete, &around).as_deref(), Some("shop-prod"));
    assert_eq!(project("bq rm -f -t shop:analytics.events", &around).as_deref(), Some("shop"));
}

#[test]
fn the_subscription_is_what_the_command_or_the_profile_says() {
    let mut around = stated();
    let delete = "az group delete -n shop";
    let subscription = |command: &str, around: &Stated| place_in(command, around).subscription;
    assert_eq!(subscription(delete, &around).as_deref(), Some("unknown"));
    let profile = r#"{"subscriptions":[{"id":"s1","name":"shop-prod","isDefault":false},{"id":"s2","name":"dev","isDefault":true}]}"#;
    around.files.insert("/home/dev/.azure/azureProfile.json".to_owned(), profile.to_owned());
    assert_eq!(subscription(delete, &around).as_deref(), Some("s2"));
    assert_eq!(subscription(&format!("{delete} --subscription shop-prod"), &around).as_deref(), Some("s1"));
    around.variables.insert("AZURE_SUBSCRIPTION_ID".to_owned(), "s3".to_owned());
    assert_eq!(subscription(delete, &around).as_deref(), Some("s3"));
}

#[test]
fn words_that_nobody_knows_are_not_harmless() {
    check("gcloud frobnicate", "gcloud:local:help read local");
    check("gcloud compute instances frobnicate web-1", "gcp:compute:unidentified unknown resource");
    check("az vm frobnicate -n web-1", "azure:Microsoft.Compute:virtualMachines.frobnicate unknown resource");
    check("bq frobnicate x", "gcp:bigquery:unidentified unknown resource");
    check("gsutil frobnicate gs://b", "gcp:storage:unidentified unknown resource");
}

#[test]
fn what_runs_inside_has_its_own_effect() {
    let reads = said("az aks command invoke -g shop -n prod --command 'kubectl get ns'");
    assert!(reads.contains(" read "), "{reads}");
    let destroys = said("az aks command invoke -g shop -n prod --command 'kubectl delete ns payments'");
    assert!(destroys.contains(" destroy "), "{destroys}");
    check("gcloud compute ssh web-1 --zone=z --command='sudo rm -rf /var/lib/x'", "shell:fs:delete destroy resource");
}

#[test]
fn a_files_template_is_read() {
    let mut around = stated();
    let template = r#"{"resources":[{"type":"Microsoft.Authorization/roleAssignments"}]}"#;
    around.files.insert("/repo/main.json".to_owned(), template.to_owned());
    around.files.insert(
        "/repo/main.bicep".to_owned(),
        "resource a 'Microsoft.Authorization/roleAssignments@2022-04-01' = {".to_owned(),
    );
    let said = |command: &str| crate::identify::command::tests::said_in(command, &around);
    assert_eq!(
        said("az deployment group create -g shop -f main.json"),
        "azure:Microsoft.Resources:deployments.write permission environment"
    );
    assert_eq!(
        said("az deployment group create -g shop -f main.bicep"),
        "azure:Microsoft.Resources:deployments.write permission environment"
    );
}
