import { EngineClient } from '../engine/engine'
import type { StartReport } from '../engine/protocol'
import { type CheckDefinition, pass } from './check'

export const engine: CheckDefinition = {
  id: 'engine',
  title: 'llama.cpp and devices',
  async look({ running, spawnEngine }, signal) {
    if (running?.engineReport) return pass(wordsOf(running.engineReport))
    const client = new EngineClient(spawnEngine())
    signal.addEventListener('abort', () => void client.stop(0), { once: true })
    try {
      return pass(wordsOf(await client.start({ accelerator: 'cpu', directory: null })))
    } finally {
      await client.stop()
    }
  },
}

function wordsOf({ release, devices }: StartReport): string {
  return [`llama.cpp ${release}`, ...devices.map(({ name, description }) => `${name}: ${description}`)].join('; ')
}
