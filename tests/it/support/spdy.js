// The server's side of SPDY/3.1 as the Kubernetes API speaks it, over connections that begin with one line of JSON:
// what runs in the pod, and in which folder. Says the port that it listens on.
const net = require('net')
const { spawn } = require('child_process')
const transport = require('spdy-transport')

// Kubernetes' streams are not requests: they have no method and no path.
const { parser } = transport.protocol.spdy
const create = parser.create
parser.create = options => {
  const one = create(options)
  one.parseKVs = function (body, callback) {
    Object.getPrototypeOf(one).parseKVs.call(one, body, (error, headers) => {
      if (headers && headers.streamtype) Object.assign(headers, { ':method': 'POST', ':path': '/' })
      callback(error, headers)
    })
  }
  return one
}

function run (asked, streams) {
  const [program, ...rest] = asked.command
  const child = spawn(program, rest, { cwd: asked.root })
  child.stdin.on('error', () => {})
  if (streams.stdin) streams.stdin.pipe(child.stdin)
  else child.stdin.end()
  child.stdout.pipe(streams.stdout)
  if (streams.stderr) child.stderr.pipe(streams.stderr)
  child.on('close', code => {
    const failed = {
      status: 'Failure',
      reason: 'NonZeroExitCode',
      message: `command terminated with non-zero exit code: exit status ${code}`,
      details: { causes: [{ reason: 'ExitCode', message: `${code}` }] }
    }
    streams.error.end(JSON.stringify({ metadata: {}, ...(code ? failed : { status: 'Success' }) }))
  })
}

function serve (socket, asked) {
  const connection = transport.connection.create(socket, { protocol: 'spdy', isServer: true })
  connection.start(3.1)
  // Kubernetes' clients (spdystream) know no flow control: they never say that there is room again.
  for (const window of [connection._spdyState.window, connection._spdyState.streamWindow]) window.send.updateMax(2 ** 30)
  connection.on('error', () => {})
  const streams = {}
  connection.on('stream', stream => {
    stream.respond(200, {})
    stream.on('error', () => {})
    const type = stream.headers.streamtype
    if (!asked.command) {
      // A port of the pod: says back what it is told.
      if (type === 'error') stream.end()
      else stream.pipe(stream)
      return
    }
    streams[type] = stream
    if (['error', ...asked.streams].every(name => streams[name])) run(asked, streams)
  })
}

net.createServer(socket => {
  let read = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', function first (chunk) {
    read = Buffer.concat([read, chunk])
    const at = read.indexOf(10)
    if (at < 0) return
    socket.removeListener('data', first)
    socket.pause()
    if (read.length > at + 1) socket.unshift(read.subarray(at + 1))
    serve(socket, JSON.parse(read.subarray(0, at)))
  })
}).listen(0, '127.0.0.1', function () { console.log(this.address().port) })
// It ends with whoever started it.
process.stdin.on('end', () => process.exit()).resume()
