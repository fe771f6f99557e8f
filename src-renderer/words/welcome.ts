import type { NetworkPreview } from '../../src-shared/app-views'
import { formatExact, formatWhole } from '../format'
import { say } from '.'

/** The same in every language. */
export const URL_EXAMPLE = 'https://coordinator.example'
export const INVITE_EXAMPLE = 'espalier://invite?…'

export function isInvite(text: string): boolean {
  return /^espalier:/i.test(text.trim())
}

/** Hosts say names without https://, and the node adds what is missing; whatever else has a scheme is no web address. */
function isWebAddress(typed: string): boolean {
  const hasScheme = /^https?:\/\//i.test(typed)
  if (!hasScheme && (typed.includes('//') || /^https?:/i.test(typed))) return false
  const whole = hasScheme ? typed : `http://${typed}`
  return !/\s/.test(typed) && URL.canParse(whole) && new URL(whole).username === ''
}

/** Null when `text` can be asked; the coordinator rules beyond the form are the node's. */
export function urlProblem(text: string): string | null {
  const { URL_PROBLEMS } = say
  if (text.trim() === '') return URL_PROBLEMS.empty
  if (isInvite(text)) return null
  if (/^hntoken:/i.test(text.trim())) return URL_PROBLEMS.token
  return isWebAddress(text.trim()) ? null : URL_PROBLEMS.bad
}

export function previewFigures({
  modelName,
  blockCount,
  onlineWorkers,
  coveragePercent,
}: NetworkPreview): [string, string][] {
  const { PREVIEW } = say
  return [
    [PREVIEW.model, modelName ?? PREVIEW.noModel],
    [PREVIEW.blocks, blockCount > 0 ? formatWhole(blockCount) : PREVIEW.unknown],
    [PREVIEW.online, onlineWorkers === null ? PREVIEW.unsaid : formatWhole(onlineWorkers)],
    [PREVIEW.covered, coveragePercent === null ? PREVIEW.unsaid : `${Math.floor(coveragePercent)}\u00a0%`],
  ]
}

export function inviteSentence(coordinatorUrl: string, expiresAt: number): string {
  return say.PREVIEW.invite(coordinatorUrl, formatExact(expiresAt))
}
