import { LIGHT_IDS, type Light } from '../../../src-shared/app-view'
import type { Clock, Disposer } from '../../../src-shared/clock'
import { type ConnectivityFacts, readingsOf } from './readings'
import { createSteadyLight } from './steady-light'

const INTERVAL_MS = 5_000

/** Reads the lights every five seconds, and tells of them when one shows or says something else. */
export function watchConnectivity(options: {
  clock: Clock
  facts(): ConnectivityFacts
  onLights(lights: Light[]): void
}): { look(): void; dispose: Disposer } {
  const { clock, facts, onLights } = options
  const lights = LIGHT_IDS.map((id) => ({ id, light: createSteadyLight(id, clock) }))
  let told = ''

  function look(): void {
    const readings = readingsOf(facts())
    const views = lights.map(({ id, light }) => light.read(readings[id]))
    const news = JSON.stringify(views.map(({ at: _, ...rest }) => rest))
    if (news === told) return
    told = news
    onLights(views)
  }
  look()
  return { look, dispose: clock.every(INTERVAL_MS, look) }
}
