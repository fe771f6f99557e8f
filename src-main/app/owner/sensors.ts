import { readdir, readFile } from 'node:fs/promises'
import type { PauseReason } from '../../../src-shared/app-view'
import { askProgram } from '../../process/run-program'
import type { OwnerReadings, PausePolicy } from './policy'

export interface OwnerSensors {
  /** Reasons that this system can tell, quiet hours among them. */
  readonly can: readonly PauseReason[]
  /** Asks the system for what `policy` needs, and for nothing else. */
  read(policy: PausePolicy): Promise<OwnerReadings>
}

/** What a desktop shell knows better than the system's files. */
export interface DesktopSenses {
  isOnBattery(): boolean
  idleSeconds(): number
}

interface SystemPlaces {
  platform: NodeJS.Platform
  powerSupply: string
  ask: typeof askProgram
}

const HERE: SystemPlaces = { platform: process.platform, powerSupply: '/sys/class/power_supply', ask: askProgram }

/**
 * What can be told on this system: batteries wherever a desktop shell runs, and on Linux without one; whether somebody
 * is at work only with a shell; paid connections where NetworkManager answers, and full screens on X11. What cannot be
 * told is left out of `can`, so that no setting promises it.
 */
export async function senseOwner(
  desktop: DesktopSenses | null,
  { platform, powerSupply, ask }: SystemPlaces = HERE,
): Promise<OwnerSensors> {
  const isLinux = platform === 'linux'
  const readBattery = async () => (desktop ? desktop.isOnBattery() : isLinux ? onBatteryBySysfs(powerSupply) : null)
  const readMetered = async () =>
    isLinux ? meteredOf(await ask('nmcli', ['-t', '-f', 'GENERAL.METERED', 'device', 'show'])) : null
  const readFullScreen = async () => (isLinux ? fullScreenBy(ask) : null)
  const can: PauseReason[] = [
    ...(((await readBattery()) === null ? [] : ['battery']) satisfies PauseReason[]),
    ...(((await readMetered()) === null ? [] : ['metered']) satisfies PauseReason[]),
    ...(((await readFullScreen()) === null ? [] : ['full-screen']) satisfies PauseReason[]),
    ...((desktop === null ? [] : ['user-active']) satisfies PauseReason[]),
    'quiet-hours',
  ]
  return {
    can,
    async read(policy) {
      const [onBattery, isMetered, isFullScreen] = await Promise.all([
        policy.pauseOnBattery && can.includes('battery') ? readBattery() : null,
        policy.pauseOnMetered && can.includes('metered') ? readMetered() : null,
        policy.pauseInFullScreen && can.includes('full-screen') ? readFullScreen() : null,
      ])
      return {
        onBattery,
        isMetered,
        isFullScreen,
        idleSeconds: policy.pauseWhenActive ? (desktop?.idleSeconds() ?? null) : null,
      }
    },
  }
}

/** Null where there is no battery: then nothing can run from one. */
export async function onBatteryBySysfs(folder: string): Promise<boolean | null> {
  const names = await readdir(folder).catch(() => [])
  const read = (name: string, file: string) =>
    readFile(`${folder}/${name}/${file}`, 'utf8').then(
      (text) => text.trim(),
      () => '',
    )
  const supplies = await Promise.all(
    names.map(async (name) => ({
      type: await read(name, 'type'),
      status: await read(name, 'status'),
      scope: await read(name, 'scope'),
    })),
  )
  // A mouse has a battery as well.
  const batteries = supplies.filter(({ type, scope }) => type === 'Battery' && scope !== 'Device')
  return batteries.length === 0 ? null : batteries.some(({ status }) => status === 'Discharging')
}

/** NetworkManager's words, one line a device: `yes`, `no`, `yes (guessed)`, `no (guessed)`, `unknown`. */
export function meteredOf(text: string | null): boolean | null {
  const words = (text ?? '').split('\n').flatMap((line) => /^GENERAL\.METERED:(\w+)/.exec(line)?.[1] ?? [])
  if (words.every((word) => word === 'unknown')) return null
  return words.includes('yes')
}

async function fullScreenBy(ask: typeof askProgram): Promise<boolean | null> {
  const active = await ask('xprop', ['-root', '_NET_ACTIVE_WINDOW'])
  if (active === null) return null
  const window = /(0x[\da-f]+)/.exec(active)?.[1]
  if (window === undefined || window === '0x0') return false
  return (await ask('xprop', ['-id', window, '_NET_WM_STATE']))?.includes('_NET_WM_STATE_FULLSCREEN') ?? null
}
