import { expect, it } from 'vitest'
import { fuzzCommands } from '../shards/fuzz-commands'

const MESSAGES = 1_000_000
const TIMEOUT_MS = 3_600_000

it('S-38: a million damaged commands: each is refused with a code, none gets through, none hangs', {
  timeout: TIMEOUT_MS,
}, async () => {
  const before = process.memoryUsage().heapUsed
  expect(await fuzzCommands(MESSAGES)).toEqual(['COMMAND_FORGED', 'PROTOCOL_VIOLATION'])
  // D-T01: no more than 50 MB of heap.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50e6)
})
