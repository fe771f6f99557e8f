import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog, type LogEvent } from '../storage/event-log'
import { watchCalls } from './call-watch'

it('O-05: refused calls are shown by protocol, and a flood of them is one event a look', () => {
  const log = createEventLog(new FakeClock(), null)
  const events: LogEvent[] = []
  log.subscribe((event) => void events.push(event))
  const info = { protocol: 'rpc_info', admitted: 10, refused: 0 }
  const ping = { protocol: 'ping', admitted: 90, refused: 0 }
  const figures = {
    protocols: [info, ping, { protocol: 'never asked', admitted: 0, refused: 0 }],
    refusedEarly: 0,
    cut: 0,
  }
  const look = watchCalls(() => figures, log)
  expect(look()).toMatchObject({ answered: 100, refused: 0, protocols: [ping, info] })
  expect(events).toEqual([])
  info.refused = 7
  figures.refusedEarly = 993
  figures.cut = 1
  expect(look()).toMatchObject({
    answered: 100,
    refused: 1_000,
    refusedEarly: 993,
    peersCut: 1,
    protocols: [info, ping],
  })
  look()
  expect(events.map(({ code, fields }) => [code, fields])).toEqual([['calls.refused', { calls: 1_000, peersCut: 1 }]])
})
