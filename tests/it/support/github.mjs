// What a program with octokit does: one line of JSON a step. The argument is the folder that holds its packages.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const packages = createRequire(join(folder, "here.js"));
const load = (name) => import(pathToFileURL(packages.resolve(name)).href);
// Node 20's own fetch asks no proxy.
const { EnvHttpProxyAgent, setGlobalDispatcher } = await load("undici");
setGlobalDispatcher(new EnvHttpProxyAgent());
const { Octokit } = await load("@octokit/rest");
const { graphql } = await load("@octokit/graphql");

const hub = new Octokit({ auth: "a-token", log: { debug() {}, info() {}, warn() {}, error() {} } });
const ask = graphql.defaults({ headers: { authorization: "token a-token" } });
const web = { owner: "shop", repo: "web" };

async function step(what, call) {
  try {
    await call();
    console.log(JSON.stringify({ what, status: 200 }));
  } catch (error) {
    console.log(JSON.stringify({ what, status: error.status ?? 0, shown: String(error), message: error.message }));
  }
}

const comment = `mutation($id: ID!) { addComment(input: { subjectId: $id, body: "b" }) { clientMutationId } }`;
await step("branch", () => hub.rest.repos.getBranch({ ...web, branch: "feature/x" }));
await step("issues", () => hub.paginate(hub.rest.issues.listForRepo, web));
await step("markdown", () => hub.rest.markdown.render({ text: "# delete" }));
await step("create", () => hub.rest.issues.create({ ...web, title: "first" }));
await step("create again", () => hub.rest.issues.create({ ...web, title: "second" }));
await step("webhook", () => hub.rest.repos.createWebhook({ ...web, config: { url: "https://x.example" } }));
await step("delete", () => hub.rest.repos.delete(web));
await step("delete in dev", () => hub.rest.git.deleteRef({ owner: "shop", repo: "dev-web", ref: "heads/feature/x" }));
await step("query", () => ask(`query($o: String!) { repository(owner: $o, name: "web") { id } }`, { o: "shop" }));
await step("comment", () => ask(comment, { id: "I_7" }));
await step("comment again", () => ask(comment, { id: "I_7" }));
await step("delete issue", () => ask(`mutation { deleteIssue(input: { issueId: "I_7" }) { clientMutationId } }`));
await step("delete board", () => ask(`mutation { deleteProjectV2(input: { projectId: "PVT_7" }) { clientMutationId } }`));
