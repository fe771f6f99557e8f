import { createServer } from 'node:net'

/** As many as processes of one test run have ids: each begins to look at a place of its own. */
const PLACES = 1_000
const PORTS_EACH = 10
const FIRST_PORT = 20_000

/**
 * Holds a port on every interface, below those that systems hand out by themselves (Linux from 32768, others from
 * 49152): when it is let go nobody else has it a moment later, as happens to one that the system chose.
 */
export async function holdPort(): Promise<{ port: number; release(): Promise<void> }> {
  const first = FIRST_PORT + (process.pid % PLACES) * PORTS_EACH
  for (let port = first; ; port++) {
    const server = createServer()
    const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      server.once('error', resolve)
      server.listen({ port, host: '0.0.0.0', exclusive: true }, () => resolve(null))
    })
    if (error === null) return { port, release: () => new Promise<void>((resolve) => server.close(() => resolve())) }
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
  }
}
