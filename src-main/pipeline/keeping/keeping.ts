import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EspalierError, messageOf } from '../../../src-shared/errors'
import type { EventLog } from '../../storage/event-log'
import { decodeFrame, encodeFrame, type StepFrame } from '../frames'
import { createKeptFile, type KeptFile, type OpenFile } from './kept-file'

export interface KeepingLimits {
  /** What a session has in memory before it goes to disk. */
  readonly sessionMemoryBytes: number
  /** All sessions together: at half of it the largest goes to disk, and nothing goes beyond it. */
  readonly memoryBytes: number
  /** All sessions together. */
  readonly diskBytes: number
}

const MIB = 1024 ** 2
export const KEEPING_LIMITS: KeepingLimits = {
  ...{ sessionMemoryBytes: 4 * MIB, memoryBytes: 64 * MIB, diskBytes: 1024 * MIB },
}

/** What a frame takes beside its hidden states, about. */
const FRAME_BYTES = 256
const LENGTH_BYTES = 4

/** The hidden states that one stage of one session sent on, in the batches in which it sent them. */
export interface KeptStates {
  add(frame: StepFrame): void
  /** False once something had to be left out, for good. */
  readonly isWhole: boolean
  /** Whether a batch begins at this row, or the last one ends there. */
  hasEdge(row: number): boolean
  /** In order. Throws when they are not whole, also in the middle. */
  read(): AsyncGenerator<StepFrame>
  /** Forgets them; there is no file any more when `Keeping.settled` resolves. */
  drop(): void
}

interface Kept {
  readonly session: string
  memory: StepFrame[]
  memoryBytes: number
  fileBytes: number
  file: KeptFile | null
  writing: Promise<void> | null
  readonly starts: number[]
  rows: number
  isWhole: boolean
}

/**
 * The hidden states of a node's sessions, so that a lost neighbour's replacement can be filled with them: in memory,
 * beyond that in a file a session. What there is no room for is not kept, and such a session is replayed as a whole.
 * @param options.directory where files may be written; everything in it belongs to this. Null: memory alone.
 */
export function createKeeping(options: {
  directory: string | null
  log: EventLog
  limits?: KeepingLimits
  openFile?: OpenFile
}) {
  const { directory, log, limits = KEEPING_LIMITS, openFile } = options
  const all = new Set<Kept>()
  const removals = new Set<Promise<void>>()
  let memoryBytes = 0
  let diskBytes = 0

  function forget(kept: Kept): void {
    if (!all.delete(kept)) return
    kept.isWhole = false
    memoryBytes -= kept.memoryBytes
    kept.memoryBytes = 0
    kept.memory = []
    diskBytes -= kept.fileBytes
    const { file } = kept
    if (!file) return
    const removal: Promise<void> = (kept.writing ?? Promise.resolve())
      .then(() => file.remove())
      .finally(() => void removals.delete(removal))
    removals.add(removal)
  }

  function giveUp(kept: Kept, why: string): void {
    if (!all.has(kept)) return
    log.write('warn', 'pipeline.kept.given-up', why, { session: kept.session })
    forget(kept)
  }

  function spill(kept: Kept | undefined): void {
    if (!kept || kept.writing !== null) return
    if (directory === null) {
      giveUp(kept, 'more than the memory for it')
      return
    }
    kept.writing = write(kept, directory)
      .catch((error: unknown) => giveUp(kept, messageOf(error)))
      .finally(() => {
        kept.writing = null
      })
  }

  async function write(kept: Kept, folder: string): Promise<void> {
    const frames = kept.memory
    const taken = frames.length
    const takenBytes = kept.memoryBytes
    const bytes = joined(frames)
    if (diskBytes + bytes.length > limits.diskBytes) throw new EspalierError('DISK_FULL', 'the room for hidden states')
    diskBytes += bytes.length
    kept.fileBytes += bytes.length
    kept.file ??= createKeptFile(join(folder, `${kept.session}.kept`), openFile)
    await kept.file.append(bytes)
    if (!all.has(kept)) return
    kept.memory = kept.memory.slice(taken)
    kept.memoryBytes -= takenBytes
    memoryBytes -= takenBytes
  }

  function add(kept: Kept, frame: StepFrame): void {
    if (!kept.isWhole || !('hidden' in frame.input)) return
    const hidden = ownCopy(frame.input.hidden)
    const bytes = hidden.byteLength + FRAME_BYTES
    if (memoryBytes + bytes > limits.memoryBytes) {
      giveUp(kept, 'the disk takes it too slowly')
      return
    }
    kept.memory.push({ ...frame, input: { hidden } })
    kept.starts.push(frame.position)
    kept.rows = frame.position + frame.rows
    kept.memoryBytes += bytes
    memoryBytes += bytes
    if (kept.memoryBytes > limits.sessionMemoryBytes) spill(kept)
    else if (memoryBytes > limits.memoryBytes / 2) spill(largestOf(all))
  }

  async function* read(kept: Kept): AsyncGenerator<StepFrame> {
    while (kept.writing !== null) await kept.writing
    // As it is now: what is written meanwhile for want of room stays in this list too.
    const { file, memory } = kept
    const pieces = file?.pieces ?? 0
    const check = () => {
      if (!kept.isWhole) throw new EspalierError('SESSION_UNKNOWN', 'its hidden states are not kept')
    }
    check()
    for (let index = 0; index < pieces; index++) {
      for (const frame of framesIn((await file?.read(index)) ?? Buffer.alloc(0))) {
        check()
        yield frame
      }
    }
    for (const frame of memory) {
      check()
      yield frame
    }
  }

  return {
    open(session: string): KeptStates {
      const kept: Kept = {
        ...{ session, memory: [], memoryBytes: 0, fileBytes: 0, file: null, writing: null },
        ...{ starts: [], rows: 0, isWhole: true },
      }
      all.add(kept)
      return {
        add: (frame) => add(kept, frame),
        get isWhole() {
          return kept.isWhole
        },
        hasEdge: (row) => row === kept.rows || kept.starts.includes(row),
        read: () => read(kept),
        drop: () => forget(kept),
      }
    },
    get use() {
      return { sessions: all.size, memoryBytes, diskBytes }
    },
    /** Removes what a run left that was killed. */
    async start(): Promise<void> {
      if (directory === null) return
      await rm(directory, { recursive: true, force: true }).catch((error: unknown) =>
        log.write('warn', 'pipeline.kept.left', messageOf(error)),
      )
    },
    /** Resolves when the files of all that was dropped are removed. */
    async settled(): Promise<void> {
      while (removals.size > 0) await Promise.all(removals)
    },
  }
}

export type Keeping = ReturnType<typeof createKeeping>

function largestOf(all: ReadonlySet<Kept>): Kept | undefined {
  let largest: Kept | undefined
  for (const kept of all) if (!largest || kept.memoryBytes > largest.memoryBytes) largest = kept
  return largest
}

/** A result may be a small part of what came through a pipe, all of which would stay. */
function ownCopy(hidden: Float32Array): Float32Array {
  return hidden.buffer.byteLength > 2 * hidden.byteLength ? hidden.slice() : hidden
}

/** As they go over the wire, each with its length in front. */
function joined(frames: readonly StepFrame[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const parts = encodeFrame(frame)
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeUInt32LE(parts.reduce((sum, part) => sum + part.byteLength, 0))
      return [length, ...parts]
    }),
  )
}

function* framesIn(bytes: Buffer): Generator<StepFrame> {
  for (let at = 0; at < bytes.length; ) {
    const start = at + LENGTH_BYTES
    at = start + bytes.readUInt32LE(at)
    const frame = decodeFrame(bytes.subarray(start, at))
    if (frame.type === 'step') yield frame
  }
}
