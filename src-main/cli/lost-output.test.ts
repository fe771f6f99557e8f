import { Writable } from 'node:stream'
import { expect, it, vi } from 'vitest'
import { watchOutput } from './lost-output'

/** Like a process's own: fails at each write, and is not destroyed by it. */
function failing(code: string): Writable {
  return new Writable({
    autoDestroy: false,
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })),
  })
}

async function written(code: string) {
  const stdout = failing(code)
  const stderr = failing('EPIPE')
  const told = { onGone: vi.fn(), onLost: vi.fn() }
  watchOutput({ stdout, stderr }, told)
  for (const stream of [stdout, stdout, stderr]) {
    stream.write('a line\n')
    await new Promise((resolve) => setImmediate(resolve))
  }
  return told
}

it.each(['EPIPE', 'EIO'])('a reader that goes away (%s) ends nothing by itself, and is told once', async (code) => {
  const { onGone, onLost } = await written(code)
  expect(onGone).toHaveBeenCalledTimes(1)
  expect(onLost).not.toHaveBeenCalled()
})

it('a disk that takes no more is told as what it is', async () => {
  const { onGone, onLost } = await written('ENOSPC')
  expect(onGone).not.toHaveBeenCalled()
  expect(onLost).toHaveBeenCalledTimes(1)
})
