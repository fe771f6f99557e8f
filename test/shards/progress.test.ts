import { expect, it } from 'vitest'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import { fileSource } from '../../src-main/shards/sources/file-source'
import { nodeFileSystem, type ShardFileSystem } from '../../src-main/shards/store/file-system'
import { systemClock } from '../../src-shared/clock'
import { emptyStore, madeModel } from './models'

/** A disk that takes one write after the other, and time for each; what it has taken so far. */
function slowDisk(writeMs: number): { disk: ShardFileSystem; takenBytes(): number } {
  let takenBytes = 0
  let turn = Promise.resolve()
  let lines: Promise<unknown> = Promise.resolve()
  return {
    takenBytes: () => takenBytes,
    disk: {
      ...nodeFileSystem,
      async open(path, mode) {
        const file = await nodeFileSystem.open(path, mode)
        // A line of it is a few bytes, and goes before the megabytes of the next piece.
        if (path.endsWith('.journal')) {
          return {
            ...file,
            write(bytes, position) {
              const line = file.write(bytes, position)
              lines = Promise.all([lines, line])
              return line
            },
          }
        }
        return {
          ...file,
          write(bytes, position) {
            turn = turn.then(async () => {
              await systemClock.sleep(writeMs)
              await lines
              await file.write(bytes, position)
              takenBytes += bytes.byteLength
            })
            return turn
          },
        }
      },
    },
  }
}

it('S-07, X-22: with a slow disk the bar is what the disk has taken, within 2 % and never 100 % before the end', {
  timeout: 60_000,
}, async () => {
  // A piece, the least step of the bar, is 1 % of it.
  const model = await madeModel({
    blockCount: 96,
    embeddingLength: 256,
    headCount: 4,
    headCountKv: 2,
    feedForwardLength: 512,
  })
  const { disk, takenBytes } = slowDisk(10)
  const bars: { state: string; shown: number; taken: number }[] = []
  await fetchShard({
    ...{ manifest: model.manifest, blocks: { start: 0, end: 96 }, clock: systemClock, store: await emptyStore(disk) },
    sources: [fileSource(model.path, nodeFileSystem)],
    onProgress({ state, verifiedBytes, neededBytes }) {
      bars.push({ state, shown: verifiedBytes / neededBytes, taken: takenBytes() / neededBytes })
    },
  })
  const moving = bars.filter(({ state }) => state === 'fetching')
  expect(moving.filter(({ shown }) => shown > 0.1 && shown < 0.9).length).toBeGreaterThan(5)
  for (const { shown, taken } of moving) expect(Math.abs(shown - taken)).toBeLessThanOrEqual(0.02)
  expect(moving.every(({ shown }, index) => shown >= (moving[index - 1]?.shown ?? 0))).toBe(true)
  expect(bars.find(({ shown }) => shown === 1)?.state).not.toBe('fetching')
})
