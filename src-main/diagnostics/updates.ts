import { EspalierError } from '../../src-shared/errors'
import { VERSION } from '../../src-shared/version'
import { type CheckDefinition, failedBy, pass, unknown, warn } from './check'

/** Which version runs, and what the last look for a newer one gave. */
export const updates: CheckDefinition = {
  id: 'updates',
  title: 'Updates',
  applies: ({ update }) => update !== undefined && update.way !== 'none',
  async look({ update, clock }) {
    const running = `version ${VERSION} runs`
    if (!update) return unknown(running)
    if (update.state === 'refused') return failedBy(new EspalierError('UPDATE_REFUSED', update.note).report())
    const { state, version, checkedAt, note } = update
    const age = checkedAt === null ? 'never looked for another' : `looked ${ageWords(clock.now() - checkedAt)}`
    if (state === 'failed') return warn('UPDATE_UNKNOWN', `${running}; ${note}`)
    if (state === 'available' || state === 'ready') return warn('UPDATE_AVAILABLE', `${running}; ${version} is there`)
    return state === 'current' ? pass(`${running}, the newest; ${age}`) : unknown(`${running}; ${age}`)
  },
}

function ageWords(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000))
  return minutes < 90 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`
}
