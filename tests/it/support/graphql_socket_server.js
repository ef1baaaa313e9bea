// A GraphQL server over WebSockets, in both subprotocols, with the libraries that most servers have. Says the port that it
// listens on, then a line of JSON for everything that it is asked.
const { createServer } = require('http')
const { WebSocketServer } = require('ws')
const { buildSchema, execute, subscribe, parse } = require('graphql')
const { useServer } = require('graphql-ws/use/ws')
const { SubscriptionServer } = require('subscriptions-transport-ws')

const say = what => console.log(JSON.stringify(what))
const schema = buildSchema(`
  type Query { hello: String }
  type Mutation { rename(name: String): String volumeDelete(id: ID!): String }
  type Subscription { count(to: Int!): Int }
`)
schema.getQueryType().getFields().hello.resolve = () => 'world'
const mutations = schema.getMutationType().getFields()
mutations.rename.resolve = (_, { name }) => { say({ did: 'rename' }); return name }
mutations.volumeDelete.resolve = () => { say({ did: 'volumeDelete' }); return 'gone' }
schema.getSubscriptionType().getFields().count.subscribe = async function * (_, { to }) {
  for (let count = 1; count <= to; count++) yield { count }
}

const settings = { noServer: true, perMessageDeflate: { threshold: 0 } }
const modern = new WebSocketServer({ ...settings, handleProtocols: () => 'graphql-transport-ws' })
const legacy = new WebSocketServer({ ...settings, handleProtocols: () => 'graphql-ws' })
useServer({ schema }, modern)
SubscriptionServer.create({ schema, execute, subscribe }, legacy)

const server = createServer()
server.on('upgrade', (request, socket, head) => {
  const offered = request.headers['sec-websocket-protocol'] || ''
  const one = offered.includes('graphql-transport-ws') ? modern : legacy
  one.handleUpgrade(request, socket, head, upgraded => {
    say({ opened: upgraded.protocol, offered: request.headers['sec-websocket-extensions'] || '', extensions: upgraded.extensions })
    upgraded.on('message', data => {
      const { type, payload } = JSON.parse(data)
      say({ type, asked: payload && payload.query })
    })
    upgraded.on('close', code => say({ closed: code }))
    one.emit('connection', upgraded, request)
  })
})
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }))
process.stdin.on('end', () => process.exit(0)).resume()
