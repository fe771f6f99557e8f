import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  fetchingStatus,
  problemStatus,
  servingStatus,
  stoppedStatus,
  waitingStatus,
} from '../../e2e/support/status-fixtures'
import { appViewOf, rejectedStatus } from '../../e2e/support/view-fixtures'
import { minuteOfDay } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { DEFAULT_SETTINGS, type Settings } from '../../src-shared/settings'
import { FakeClock } from '../../test/fake-clock'
import { linkIn } from './deep-links'
import { createNotices, type Notice } from './notices'
import { startTestShell, type TestShell, type TestShellOptions } from './testing/test-shell'
import { EN } from './words/en'

let shell: TestShell | null = null
async function ready(options: TestShellOptions = {}): Promise<TestShell> {
  shell = await startTestShell(options)
  await shell.becomeReady()
  return shell
}
afterEach(async () => {
  await shell?.remove()
  shell = null
})

const INVITE = 'espalier://invite?url=https%3A%2F%2Forchard.example&invite=a.b.c'

describe('deep links', () => {
  it('a link in the first start, a second start and macOS’ event waits for a person, in the window', async () => {
    const { scripted, fake, window } = await ready({ argv: ['espalier', '--flag', INVITE] })
    expect(scripted.app.offerInvite).toHaveBeenLastCalledWith(INVITE)
    window.hide()
    fake.app.emit('second-instance', {}, ['espalier', `${INVITE}&again`])
    await expect.poll(() => window.isVisible()).toBe(true)
    expect(scripted.app.offerInvite).toHaveBeenLastCalledWith(`${INVITE}&again`)
    let prevented = false
    fake.app.emit('open-url', { preventDefault: () => (prevented = true) }, `${INVITE}&mac`)
    expect(prevented).toBe(true)
    expect(scripted.app.offerInvite).toHaveBeenCalledTimes(3)
    expect(scripted.app.handlers['network.join']).not.toHaveBeenCalled()
  })

  it('one that is wrong says why, and everything else on the command line is left alone', async () => {
    const test = await startTestShell({ argv: ['espalier', INVITE] })
    shell = test
    test.scripted.app.offerInvite.mockImplementation(() => {
      throw new EspalierError('INVITE_EXPIRED')
    })
    await test.becomeReady()
    await expect.poll(() => test.fake.asked.at(-1)?.detail).toContain('INVITE_EXPIRED')
    expect(linkIn(['espalier', 'https://example.org', '--url=espalier://invite', '/tmp/espalier://x'])).toBeNull()
    expect(linkIn(['espalier', 'ESPALIER://invite?x'])).toBe('ESPALIER://invite?x')
  })

  it('a link of any length reaches the check cut to what the check can refuse', async () => {
    const { scripted } = await ready({ argv: ['espalier', `${INVITE}${'x'.repeat(100_000)}`] })
    expect(vi.mocked(scripted.app.offerInvite).mock.calls[0]?.[0].length).toBeLessThan(1_300)
  })

  it('an installed app says to the system that it opens such links; a developer’s copy does not', async () => {
    const installed = await ready({ fake: { isPackaged: true }, platform: 'win32' })
    expect(installed.fake.app.schemes).toEqual(['espalier'])
    // The installer's name for the app; a notification of another name is not shown.
    const { default: config } = await import('../../build/electron-builder.mjs')
    expect(installed.fake.app.calls).toContain(`setAppUserModelId ${config.appId}`)
    await installed.remove()
    expect((await ready({ platform: 'win32' })).fake.app.schemes).toEqual([])
  })
})

describe('a start by the system', () => {
  it('shows no window where a tray shows the app, and one where nothing else would', async () => {
    expect((await ready({ isHidden: true })).fake.windows.size).toBe(0)
    await shell?.remove()
    expect((await ready({ isHidden: true, tray: () => false })).window.isVisible()).toBe(true)
  })
})

describe('notifications', () => {
  function scene(change: Partial<Settings> = {}) {
    const clock = new FakeClock()
    const shown: Notice[] = []
    let isLookedAt = false
    const settings = { ...DEFAULT_SETTINGS, publicName: 'a', ...change }
    const notices = createNotices({
      clock,
      settings: () => settings,
      words: () => EN,
      isLookedAt: () => isLookedAt,
      show: (notice) => void shown.push(notice),
    })
    return {
      clock,
      shown,
      notices,
      titles: () => shown.map(({ title }) => title),
      lookAway: (isAway: boolean) => {
        isLookedAt = !isAway
      },
    }
  }

  it('approved and rejected, each once', () => {
    const { notices, titles } = scene()
    for (const status of [stoppedStatus(1), waitingStatus(1), waitingStatus(2), fetchingStatus(3), servingStatus(4)]) {
      notices.onStatus(status)
    }
    expect(titles()).toEqual(['Approved'])
    for (const status of [waitingStatus(5), rejectedStatus(6), rejectedStatus(7)]) notices.onStatus(status)
    expect(titles()).toEqual(['Approved', 'Not approved'])
  })

  it('a start, a stop and a node that was approved before are no news', () => {
    const { notices, titles } = scene()
    for (const status of [stoppedStatus(1), fetchingStatus(2), servingStatus(3), stoppedStatus(4)])
      notices.onStatus(status)
    expect(titles()).toEqual([])
  })

  it('a node that is stuck for a minute, once for each cause; what mends itself is not told', async () => {
    const { notices, titles, clock } = scene()
    const stuck = problemStatus(1)
    for (let round = 0; round < 3; round++) {
      notices.onStatus(stuck)
      await clock.advance(20_000)
    }
    expect(titles()).toEqual([])
    notices.onStatus(servingStatus(2))
    notices.onStatus(stuck)
    await clock.advance(61_000)
    notices.onStatus(stuck)
    notices.onStatus(stuck)
    expect(titles()).toEqual([stuck.headline])
  })

  it('a new version, once; and not that there is none', () => {
    const { notices, titles } = scene()
    const view = appViewOf(1)
    notices.onView(view)
    const next = { ...view, update: { ...view.update, state: 'ready' as const, version: '0.2.0' } }
    notices.onView(next)
    notices.onView({ ...next, lights: [] })
    expect(titles()).toEqual(['A new version'])
    notices.onView({ ...view, update: { ...view.update, state: 'refused', version: '0.3.0' } })
    expect(titles()).toHaveLength(1)
  })

  it('none while somebody looks, in quiet hours, or when switched off', () => {
    const now = minuteOfDay(new FakeClock().now())
    const silent = [
      scene({ notifications: false }),
      scene({ quietHours: { fromMinute: now, toMinute: (now + 1) % 1440 } }),
      scene(),
    ]
    silent[2]?.lookAway(false)
    for (const { notices, titles } of silent) {
      notices.onStatus(waitingStatus(1))
      notices.onStatus(rejectedStatus(2))
      expect(titles()).toEqual([])
    }
  })

  it('one that is clicked opens the window', async () => {
    const { scripted, fake, window } = await ready()
    window.hide()
    scripted.say(waitingStatus(1))
    scripted.say(rejectedStatus(2))
    expect(fake.notifications).toHaveLength(1)
    fake.notifications[0]?.emit('click')
    expect(window.isVisible()).toBe(true)
  })
})
