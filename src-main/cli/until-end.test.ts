import { afterEach, expect, it, vi } from 'vitest'
import { onEndSignal } from './until-end'

const settled = () => new Promise((resolve) => setImmediate(resolve))
const before = process.listeners('SIGHUP')
afterEach(() => {
  for (const listener of process.listeners('SIGHUP')) if (!before.includes(listener)) process.off('SIGHUP', listener)
})

it('a closed terminal asks to end, once, and its second SIGHUP does not cut the leave short', async () => {
  const end = vi.fn()
  const interrupts = process.listenerCount('SIGINT')
  onEndSignal(end)
  process.emit('SIGHUP', 'SIGHUP')
  await settled()
  process.emit('SIGHUP', 'SIGHUP')
  expect(end).toHaveBeenCalledTimes(1)
  // Somebody listens, so the system does not end the process; the second Ctrl-C still does.
  expect(process.listenerCount('SIGHUP')).toBe(before.length + 1)
  expect(process.listenerCount('SIGINT')).toBe(interrupts)
})

it('leaves no listener behind when it is no longer needed', async () => {
  const stop = onEndSignal(vi.fn())
  stop()
  await settled()
  expect(process.listeners('SIGHUP')).toEqual(before)
})
