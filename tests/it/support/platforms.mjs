// What programs do with the platforms' own clients for Node: one line of JSON a step.
// Arguments: the folder of the packages, whose client, the address of its reverse listener, and `all` or `again` (only what is limited, twice).
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";

const [folder, whose, address, how] = process.argv.slice(2);
const packages = createRequire(join(folder, "here.js"));
const load = (path) => import(pathToFileURL(join(folder, "node_modules", path)).href);

async function step(what, call) {
  const begun = performance.now();
  const line = { what, status: 200 };
  try {
    await call();
  } catch (error) {
    // What Node prints of an error that nobody catches.
    // GraphQL's errors come with a 200.
    const status = error.errors ? 0 : (error.statusCode ?? error.status ?? 0);
    Object.assign(line, { status, shown: inspect(error), message: String(error) });
  }
  console.log(JSON.stringify({ ...line, took: (performance.now() - begun) / 1000 }));
}

const clients = {
  heroku() {
    const Heroku = packages("heroku-client");
    // Each its own name: to make anew what one was stopped from deleting is another matter.
    let made = 0;
    const heroku = new Heroku({ token: "a-token", host: `http://${address}` });
    return {
      read: () => heroku.get("/apps"),
      create: () => heroku.post("/apps", { body: { name: `web-${made++}` } }),
      delete: () => heroku.delete("/apps/web"),
    };
  },
  async netlify() {
    const { NetlifyAPI } = await load("@netlify/api/lib/index.js");
    const netlify = new NetlifyAPI("a-token", { scheme: "http", host: address });
    return {
      read: () => netlify.listSites(),
      create: () => netlify.createSite({ body: { name: "web" } }),
      delete: () => netlify.deleteSite({ site_id: "s1" }),
    };
  },
  async vercel() {
    const { Vercel } = await load("@vercel/sdk/esm/index.js");
    // By itself it repeats nothing; this is what its manual shows for programs that want it to.
    const backoff = { initialInterval: 500, maxInterval: 60_000, exponent: 1.5, maxElapsedTime: 60_000 };
    const retryConfig = { strategy: "backoff", backoff, retryConnectionErrors: false };
    const vercel = new Vercel({ bearerToken: "a-token", serverURL: `http://${address}`, retryConfig });
    const variable = { key: "A", value: "b", type: "plain", target: ["production"] };
    return {
      read: () => vercel.projects.filterProjectEnvs({ idOrName: "web" }),
      create: () => vercel.projects.createProjectEnv({ idOrName: "web", upsert: "true", requestBody: variable }),
      delete: () => vercel.projects.deleteProject({ idOrName: "web" }),
    };
  },
  supabase() {
    const { SupabaseManagementAPI } = packages("supabase-management-js");
    const supabase = new SupabaseManagementAPI({ accessToken: "a-token", baseUrl: `http://${address}` });
    return {
      read: () => supabase.listAllProjects(),
      create: () => supabase.bulkCreateSecrets("abcdefghijklmnopqrst", [{ name: "A", value: "b" }]),
      delete: () => supabase.deleteAProject("abcdefghijklmnopqrst"),
    };
  },
  async linear() {
    const { LinearClient } = await load("@linear/sdk/dist/index.mjs");
    const linear = new LinearClient({ apiKey: "a-key", apiUrl: `http://${address}/graphql` });
    return {
      read: () => linear.viewer,
      create: () => linear.createIssue({ teamId: "t1", title: "a" }),
      delete: () => linear.deleteTeam("t1"),
    };
  },
};

const steps = await clients[whose]();
if (how === "all") {
  for (const [what, call] of Object.entries(steps)) await step(what, call);
} else {
  await step("create", steps.create);
}
await step("create again", steps.create);
