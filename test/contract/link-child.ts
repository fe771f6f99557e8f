import { createCoordinatorApi } from '../../src-main/coordinator/coordinator-api'
import { createCoordinatorLink } from '../../src-main/coordinator/coordinator-link'
import { LinkMemorySchema } from '../../src-main/coordinator/link-memory'
import { jsonFile } from '../../src-main/storage/atomic-file'
import { systemClock } from '../../src-shared/clock'

// A worker's side of the control plane and nothing else, to be killed: `link-child URL MEMORY-FILE`. Each request is
// one token, so that both counts must come out alike.

const [, , baseUrl = '', memoryFile = ''] = process.argv
let total = 0
let beats = 0
const say = () => process.stdout.write(`${JSON.stringify({ total, beats })}\n`)
const link = createCoordinatorLink({
  api: createCoordinatorApi({ baseUrl, fetch, clock: systemClock }),
  clock: systemClock,
  store: jsonFile(memoryFile, LinkMemorySchema),
  registration: () => ({ worker_id: 'w1', nickname: 'n', hardware_type: 'cpu', device_name: 'd', vram_gb: 0 }),
  heartbeatIntervalMs: 100,
  onEvent(event) {
    if (event.type !== 'heartbeat-ok') return
    beats += 1
    say()
  },
})
await link.start()
systemClock.every(5, () => {
  link.reportTokens(1)
  link.reportRequest()
  total += 1
  say()
})
