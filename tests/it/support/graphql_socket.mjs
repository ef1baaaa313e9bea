// What a program with `graphql-ws` and one with `subscriptions-transport-ws` do: one line of JSON a step. The arguments are
// the folder that holds the packages, and the hosts of development and production.
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, dev, prod] = process.argv.slice(2);
const load = createRequire(join(folder, "here.js"));
const { WebSocket } = load("ws");
const { HttpsProxyAgent } = load("https-proxy-agent");
const { createClient } = load("graphql-ws");
const { SubscriptionClient } = load("subscriptions-transport-ws");

const agent = new HttpsProxyAgent(process.env.HTTPS_PROXY);
class Proxied extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { agent });
  }
}

const say = (what, rest) => console.log(JSON.stringify({ what, ...rest }));
const RENAME = "mutation { rename(name: \"x\") }";
const DELETE = "mutation { volumeDelete(id: \"v\") }";

// One step: everything that comes, and the error that ends it.
async function step(what, subscribe) {
  const results = [];
  try {
    await new Promise((done, fail) => subscribe({ next: (one) => results.push(one.data), error: fail, complete: done }));
    say(what, { results });
  } catch (error) {
    const [first] = Array.isArray(error) ? error : [error];
    say(what, { results, shown: first.message, code: first.extensions?.code ?? null });
  }
}

async function modern(host) {
  const client = createClient({ url: `ws://${host}/graphql`, webSocketImpl: Proxied, lazy: false, retryAttempts: 0 });
  const closed = [];
  client.on("closed", (event) => closed.push(event.code));
  const ask = (what, query) => step(`${host} ${what}`, (sink) => client.subscribe({ query }, sink));
  await ask("query", "{ hello }");
  await ask("subscription", "subscription { count(to: 3) }");
  await ask("rename", RENAME);
  await ask("delete", DELETE);
  await ask("alias", "mutation { rename: volumeDelete(id: \"v\") }");
  await ask("fragment", "mutation { ...F } fragment F on Mutation { volumeDelete(id: \"v\") }");
  await ask("query afterwards", "{ hello }");
  say(`${host} closed early`, { results: closed });
  await client.dispose();
}

async function legacy(host) {
  const client = new SubscriptionClient(`ws://${host}/graphql`, { reconnect: false }, Proxied);
  const ask = (what, query) =>
    step(`${host} legacy ${what}`, (sink) => client.request({ query }).subscribe(sink));
  await ask("query", "{ hello }");
  await ask("subscription", "subscription { count(to: 2) }");
  await ask("delete", DELETE);
  await ask("query afterwards", "{ hello }");
  client.close();
}

// By hand: pieces, and what is no message.
async function raw(host, what, talk) {
  const socket = new Proxied(`ws://${host}/graphql`, "graphql-transport-ws");
  const heard = [];
  socket.on("message", (data) => heard.push(JSON.parse(data)));
  socket.on("error", () => {});
  const closed = new Promise((done) => socket.on("close", (code, reason) => done({ code, reason: String(reason) })));
  await new Promise((done) => socket.on("open", done));
  socket.send(JSON.stringify({ type: "connection_init" }));
  const wait = async (type) => {
    while (!heard.some((one) => one.type === type)) {
      await Promise.race([new Promise((done) => socket.once("message", done)), closed]);
    }
  };
  await wait("connection_ack");
  await talk(socket, wait);
  const end = await closed;
  const error = heard.find((one) => one.type === "error");
  say(`${host} ${what}`, { results: heard.map((one) => one.type), ...end, shown: error?.payload?.[0]?.message ?? null });
}

const message = (query) => JSON.stringify({ id: "1", type: "subscribe", payload: { query } });
for (const host of [dev, prod]) await modern(host);
await legacy(prod);
await raw(prod, "in pieces", async (socket, wait) => {
  const text = message(DELETE);
  socket.send(text.slice(0, 60), { fin: false });
  socket.ping("between");
  socket.send(text.slice(60), { fin: true });
  await wait("error");
  socket.close(1000);
});
await raw(dev, "in pieces", async (socket, wait) => {
  const text = message(RENAME);
  for (const [at, letter] of [...text].entries()) socket.send(letter, { fin: at === text.length - 1 });
  await wait("complete");
  socket.close(1000);
});
await raw(prod, "binary", async (socket) => socket.send(Buffer.from(message(DELETE)), { binary: true }));
await raw(prod, "garbage", async (socket) => socket.send(`{"type":"subscribe","id":"1","type":"ping"}`));
await raw(prod, "too large", async (socket) => socket.send(" ".repeat(1024 * 1024 + 1)));
await raw(prod, "another subprotocol's", async (socket) => socket.send(message(DELETE).replace("subscribe", "start")));
