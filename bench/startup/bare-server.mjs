// The least that a host could be: it listens, says so, and looks at the clock once a second.
import { createServer } from 'node:http'

const server = createServer((_request, response) => response.end())
server.listen(0, '127.0.0.1', () => process.stdout.write('{"type":"ready"}\n'))
setInterval(() => performance.now(), 1_000)
