import type { NetworkPreview } from '../../src-shared/app-views'
import { type Settings, SettingsSchema } from '../../src-shared/settings'
import type { Failure } from '../bridge-client'
import type { Preview } from '../stores/settings-store'
import type { Answers } from '../stores/welcome-store'
import { say } from '../words'
import { urlProblem } from '../words/welcome'

/** What the answers come to. */
export interface Choice {
  /** The coordinator's address, or an invite, that would be looked at; empty where there is none to look at. */
  asked: string
  /** The way leads to a network of others, which is looked at before it is joined. */
  isAsked: boolean
  /** Why it cannot be asked; null when it can. */
  problem: string | null
  publicName: string
  nameProblem: string | null
  /** As its coordinator told; null until that is so, for this very address. */
  network: NetworkPreview | null
  isLooking: boolean
  failure: Failure | null
  /** Unencrypted, and nobody has said yet that this is all right, or somebody has. */
  needsWord: boolean
  /** Somebody has said it, for this address. */
  insecure: true | undefined
  /** Nothing is left to choose. */
  isMade: boolean
}

export function choiceOf(answers: Answers, preview: Preview, settings: Settings | null): Choice {
  const { way, insecureWord } = answers
  const asked = { invite: answers.invite, lan: answers.lanUrl, address: answers.address, host: '', demo: '' }[
    way
  ].trim()
  const publicName = (answers.publicName ?? settings?.publicName ?? '').trim()
  const mine = preview.state !== 'none' && preview.url === asked ? preview : null
  const network = mine?.state === 'seen' ? mine.network : null
  const failure = mine?.state === 'failed' ? mine.failure : null
  const isAsked = way !== 'host' && way !== 'demo'
  return {
    asked,
    isAsked,
    problem: way === 'lan' && asked === '' ? say.LAN.none : isAsked ? urlProblem(asked) : null,
    publicName,
    nameProblem: SettingsSchema.shape.publicName.safeParse(publicName).success ? null : say.FIELDS.publicName.problem,
    network,
    isLooking: mine?.state === 'looking',
    failure,
    needsWord: isAsked && (failure?.code === 'COORDINATOR_INSECURE' || insecureWord !== ''),
    insecure: insecureWord.trim().toLowerCase() === say.WELCOME.insecureWord ? true : undefined,
    isMade: way === 'demo' || network !== null,
  }
}
