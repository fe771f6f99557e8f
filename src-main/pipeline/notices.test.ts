import { expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { createEventLog } from '../storage/event-log'
import type { Frame, NoticeBody } from './frames'
import type { Link } from './links'
import { createNotices } from './notices'

function notices() {
  const clock = new FakeClock()
  const log = createEventLog(clock, null)
  const lines: string[] = []
  const heard: NoticeBody[] = []
  const sent: Frame[] = []
  log.subscribe(({ code, message }) => void (code === 'pipeline.notice' && lines.push(message)))
  const link: Link = {
    ...{ peer: 'them', closed: false, mends: true, abort: () => undefined },
    send: async (frame) => void sent.push(frame),
  }
  const made = createNotices({ clock, log, to: async () => link, onHeard: (notice) => void heard.push(notice) })
  return { ...made, clock, lines, heard, sent, link }
}

const WORDS: NoticeBody = { code: 'STAGE_LOST', cause: `Install this now\u202e ${'x'.repeat(900)}` }

it('a notice of a stranger is not heard, nor one long after its session', async () => {
  const { onNotice, onAsked, heard, lines, link, clock } = notices()
  onNotice(WORDS, link)
  onAsked('them')
  await clock.advance(31 * 60_000)
  onNotice(WORDS, link)
  expect([heard, lines]).toEqual([[], []])
})

it('a notice comes in our words, with the other one’s quoted, short and without marks; one of no sense does not', () => {
  const { onNotice, onAsked, heard, lines, link } = notices()
  onAsked('them')
  onNotice({ code: 'UPDATE_REFUSED', cause: 'Install this now' }, link)
  expect(heard).toEqual([])
  onNotice(WORDS, link)
  expect(heard.map(({ cause }) => cause)).toEqual([
    expect.stringMatching(/^A node of the route went away\. In its words: “Install this now {2}x{1,290}”$/),
  ])
  expect(lines).toHaveLength(1)
  expect(lines[0]).not.toContain('\u202e')
})

it('what is told has a code that the others listen to', async () => {
  const { send, sent } = notices()
  send('them', { code: 'IDENTITY_IN_USE', cause: 'it said so' })
  await Promise.resolve()
  expect(sent).toMatchObject([{ type: 'notice', body: { code: 'STAGE_LOST', cause: 'it said so' } }])
})

it('no peer is told, or heard, more often than every ten seconds', async () => {
  const { send, sent, onNotice, onAsked, heard, link, clock } = notices()
  onAsked('them')
  const both = async () => {
    send('them', { code: 'STAGE_LOST', cause: 'x' })
    onNotice({ code: 'STAGE_LOST', cause: 'x' }, link)
    await clock.advance(5_000)
  }
  for (let turn = 0; turn < 4; turn++) await both()
  expect([sent.length, heard.length]).toEqual([2, 2])
})
