import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { PauseReason } from '../../../src-shared/app-view'
import { minuteOfDay } from '../../../src-shared/clock'
import { DEFAULT_SETTINGS, type Settings } from '../../../src-shared/settings'
import { FakeClock } from '../../../test/fake-clock'
import { putOwnerFirst } from './owner-first'
import { isQuiet, type OwnerReadings, reasonsToRest } from './policy'
import { meteredOf, onBatteryBySysfs, senseOwner } from './sensors'

const NOTHING: OwnerReadings = { onBattery: null, isMetered: null, isFullScreen: null, idleSeconds: null }
const EVERYTHING: Partial<Settings> = {
  pauseOnBattery: true,
  pauseOnMetered: true,
  pauseInFullScreen: true,
  pauseWhenActive: true,
}
const settingsOf = (change: Partial<Settings>): Settings => ({ ...DEFAULT_SETTINGS, publicName: 'a', ...change })

describe('D-T34: when the node rests', () => {
  it.each([
    ['battery', { onBattery: true }],
    ['metered', { isMetered: true }],
    ['full-screen', { isFullScreen: true }],
    ['user-active', { idleSeconds: 10 }],
  ] as const)('D-T34: %s, only when its owner chose so', (reason, reading) => {
    const readings = { ...NOTHING, ...reading }
    expect(reasonsToRest(settingsOf(EVERYTHING), readings, 0)).toEqual([reason])
    expect(reasonsToRest(settingsOf({}), readings, 0)).toEqual([])
    expect(reasonsToRest(settingsOf(EVERYTHING), NOTHING, 0)).toEqual([])
  })

  it('D-T34: quiet hours, across midnight too', () => {
    const night = { fromMinute: 22 * 60, toMinute: 6 * 60 }
    for (const quiet of [22 * 60, 0, 5 * 60 + 59]) expect(isQuiet(night, quiet)).toBe(true)
    for (const loud of [6 * 60, 12 * 60, 21 * 60 + 59]) expect(isQuiet(night, loud)).toBe(false)
    expect(isQuiet({ fromMinute: 60, toMinute: 120 }, 90)).toBe(true)
    expect(isQuiet({ fromMinute: 60, toMinute: 60 }, 60)).toBe(false)
    expect(isQuiet(null, 60)).toBe(false)
  })
})

/** A node as the policy sees it. */
function fakeNode() {
  const calls: string[] = []
  return {
    calls,
    isRunning: true,
    isResting: false,
    async rest(reasons: readonly PauseReason[]) {
      if (!this.isRunning && !this.isResting) return
      calls.push(`rest ${reasons.join()}`)
      this.isRunning = false
      this.isResting = true
    },
    async start() {
      calls.push('start')
      this.isRunning = true
      this.isResting = false
    },
    async stop() {
      this.isRunning = false
      this.isResting = false
    },
  }
}

describe('D-T34: its owner comes first', () => {
  function scene(change: Partial<Settings> = EVERYTHING) {
    const clock = new FakeClock()
    const node = fakeNode()
    const told: PauseReason[][] = []
    let readings = NOTHING
    let settings = settingsOf(change)
    const owner = putOwnerFirst({
      clock,
      node,
      log: { write: () => undefined },
      sensors: { can: [], read: async () => readings },
      settings: () => settings,
      onReasons: (reasons) => void told.push(reasons),
    })
    return {
      clock,
      node,
      told,
      owner,
      sense: (next: Partial<OwnerReadings>) => {
        readings = { ...readings, ...next }
      },
      set: (next: Partial<Settings>) => {
        settings = { ...settings, ...next }
      },
    }
  }

  it('D-T34: rests within five seconds, and starts again a minute after the reason has gone', async () => {
    const { clock, node, sense, told } = scene()
    await clock.advance(10_000)
    expect(node.calls).toEqual([])
    sense({ onBattery: true })
    await clock.advance(5_000)
    expect(node.calls).toEqual(['rest battery'])
    expect(told).toEqual([['battery']])
    sense({ onBattery: false })
    await clock.advance(55_000)
    expect(node.isResting).toBe(true)
    await clock.advance(10_000)
    expect(node.calls).toEqual(['rest battery', 'start'])
    expect(told.at(-1)).toEqual([])
  })

  it('a reason that comes and goes does not start and stop the node again and again', async () => {
    const { clock, node, sense } = scene()
    for (let round = 0; round < 10; round++) {
      sense({ isFullScreen: round % 2 === 0 })
      await clock.advance(20_000)
    }
    expect(node.calls.filter((call) => call.startsWith('rest'))).toHaveLength(1)
    expect(node.calls).not.toContain('start')
  })

  it('a node that its owner stopped stays stopped, and one that was started in spite of it runs', async () => {
    const { clock, node, sense, owner } = scene()
    await node.stop()
    sense({ isMetered: true })
    await clock.advance(10_000)
    sense({ isMetered: false })
    await clock.advance(120_000)
    expect(node.calls).toEqual([])

    node.isRunning = true
    sense({ isMetered: true })
    await clock.advance(5_000)
    expect(node.isResting).toBe(true)
    owner.overrule()
    await node.start()
    await clock.advance(60_000)
    expect(node.isRunning).toBe(true)
    // Once the reason has gone it counts anew.
    sense({ isMetered: false })
    await clock.advance(5_000)
    sense({ isMetered: true })
    await clock.advance(5_000)
    expect(node.isResting).toBe(true)
  })

  it('quiet hours begin and end by this computer’s clock', async () => {
    const { clock, node, set } = scene({})
    const now = minuteOfDay(clock.now())
    set({ quietHours: { fromMinute: (now + 1) % 1440, toMinute: (now + 3) % 1440 } })
    await clock.advance(30_000)
    expect(node.calls).toEqual([])
    await clock.advance(60_000)
    expect(node.calls).toEqual(['rest quiet-hours'])
    await clock.advance(4 * 60_000)
    expect(node.calls).toEqual(['rest quiet-hours', 'start'])
  })
})

describe('what this system can tell', () => {
  let root = ''
  afterEach(() => rm(root, { recursive: true, force: true }))

  async function supplies(entries: Record<string, Record<string, string>>): Promise<string> {
    root = await mkdtemp(join(tmpdir(), 'espalier-power-'))
    for (const [name, files] of Object.entries(entries)) {
      await mkdir(join(root, name))
      for (const [file, text] of Object.entries(files)) await writeFile(join(root, name, file), `${text}\n`)
    }
    return root
  }

  it('a laptop’s battery, and not a mouse’s', async () => {
    const mouse = { hid: { type: 'Battery', scope: 'Device', status: 'Discharging' } }
    expect(await onBatteryBySysfs(await supplies(mouse))).toBeNull()
    expect(await onBatteryBySysfs(await supplies({ ...mouse, BAT0: { type: 'Battery', status: 'Discharging' } }))).toBe(
      true,
    )
    expect(await onBatteryBySysfs(await supplies({ BAT0: { type: 'Battery', status: 'Charging' } }))).toBe(false)
    expect(await onBatteryBySysfs('/nowhere')).toBeNull()
  })

  it('NetworkManager’s words', () => {
    expect(meteredOf('GENERAL.METERED:no (guessed)\n\nGENERAL.METERED:yes\n')).toBe(true)
    expect(meteredOf('GENERAL.METERED:no\nGENERAL.METERED:unknown\n')).toBe(false)
    expect(meteredOf('GENERAL.METERED:unknown\n')).toBeNull()
    expect(meteredOf(null)).toBeNull()
  })

  it('offers what can be told, and asks for nothing that nobody chose', async () => {
    const asked: string[] = []
    const ask = async (name: string) => {
      asked.push(name)
      return name === 'nmcli' ? 'GENERAL.METERED:yes\n' : null
    }
    const places = { platform: 'linux' as const, powerSupply: '/nowhere', ask }
    const headless = await senseOwner(null, places)
    expect(headless.can).toEqual(['metered', 'quiet-hours'])
    asked.length = 0
    expect(await headless.read(settingsOf({ pauseOnBattery: true }))).toEqual(NOTHING)
    expect(asked).toEqual([])
    expect((await headless.read(settingsOf({ pauseOnMetered: true }))).isMetered).toBe(true)
    const desktop = await senseOwner(
      { isOnBattery: () => true, idleSeconds: () => 7 },
      { ...places, platform: 'win32' },
    )
    expect(desktop.can).toEqual(['battery', 'user-active', 'quiet-hours'])
    expect(await desktop.read(settingsOf(EVERYTHING))).toEqual({ ...NOTHING, onBattery: true, idleSeconds: 7 })
  })
})
