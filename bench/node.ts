import '../src-shared/polyfill'
import { serveCalls } from './child-calls'

// The processes of a measurement other than the first: which one this is, its parent says. Loaded on demand, so that
// a process holds only what it is measured with.
const roles: Record<string, () => Promise<Parameters<typeof serveCalls>[0]>> = {
  stage: async () => (await import('./pipeline/stage-node')).stageNode(),
  whole: async () => (await import('./pipeline/whole-model')).wholeModel(),
  'node-llama-cpp': async () => (await import('./pipeline/node-llama-cpp')).nodeLlamaCpp(),
  coordinator: async () => (await import('./coordinator/servers')).ourServer(),
  'bare-fastify': async () => (await import('./coordinator/servers')).bareServer(),
  'dht-network': async () => (await import('./network/dht-network')).dhtNetwork(),
  'simulated-peers': async () => (await import('./crawl/simulated-peers')).simulatedPeers(),
  looker: async () => (await import('./crawl/looker')).looker(),
  'flood-server': async () => (await import('./flood/flood-server')).floodServer(),
  flooders: async () => (await import('./flood/flooders')).flooders(),
  'fetch-server': async () => (await import('./fetch/server-node')).serverNode(),
  'fetch-client': async () => (await import('./fetch/client-node')).clientNode(),
}
const role = roles[process.argv[2] ?? '']
if (!role) throw new Error(`no such role: ${process.argv[2]}`)
serveCalls(await role())
