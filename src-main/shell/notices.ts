import type { AppView } from '../../src-shared/app-view'
import { type Clock, minuteOfDay } from '../../src-shared/clock'
import { headlineIn, reportIn, sentenceIn } from '../../src-shared/node-says'
import type { Settings } from '../../src-shared/settings'
import type { NodeStatus, Step } from '../../src-shared/status'
import { isQuiet } from '../app/owner/policy'
import type { ShellWords } from './words'

export interface Notice {
  title: string
  body: string
}

export interface Notices {
  onStatus(status: NodeStatus): void
  onView(view: AppView): void
}

/** What mends itself within a minute is nobody's business. */
const STUCK_MS = 60_000

/**
 * Four things are worth a notification: the host approved, the host rejected, the node is stuck, a new version is
 * there. Each is told once, and none while somebody looks at the window, in quiet hours, or when switched off.
 */
export function createNotices(options: {
  clock: Clock
  settings: () => Settings
  words: () => ShellWords
  isLookedAt: () => boolean
  show(notice: Notice): void
}): Notices {
  const { clock, settings, words } = options
  let approve: Step | undefined
  let stuck: { code: string; sinceMs: number; isTold: boolean } | null = null
  let toldVersion: string | null = null

  function tell(title: string, body: string): void {
    const { notifications, quietHours } = settings()
    if (!notifications || isQuiet(quietHours, minuteOfDay(clock.now())) || options.isLookedAt()) return
    options.show({ title, body: body.slice(0, 250) })
  }

  function told({ headline, sentence, steps }: NodeStatus): { headline: string; sentence: string } {
    const { says } = words()
    const reports = steps.flatMap(({ blocker }) => blocker ?? [])
    return { headline: headlineIn(says, headline), sentence: sentenceIn(says, sentence, reports) }
  }

  function onDecision(status: NodeStatus): void {
    const before = approve
    approve = status.steps.find(({ name }) => name === 'approve')
    // A start that is approved at once, as every one after the first is, is no news.
    if (before?.state === 'waiting' && approve?.state === 'done')
      tell(words().notices.approved, `${told(status).headline}. ${told(status).sentence}`)
    const isRejected = approve?.blocker?.code === 'REGISTRATION_REJECTED'
    if (isRejected && before?.blocker?.code !== 'REGISTRATION_REJECTED')
      tell(words().notices.notApproved, approve?.blocker ? reportIn(words().says, approve.blocker).cause : '')
  }

  function onTrouble(status: NodeStatus): void {
    const { shape, steps } = status
    const blocker =
      shape === 'problem' ? steps.find((step) => step.state === 'failed' && step.blocker)?.blocker : undefined
    if (!blocker || blocker.code === 'REGISTRATION_REJECTED') {
      stuck = null
      return
    }
    const nowMs = clock.monotonicMs()
    if (stuck?.code !== blocker.code) stuck = { code: blocker.code, sinceMs: nowMs, isTold: false }
    if (stuck.isTold || nowMs - stuck.sinceMs < STUCK_MS) return
    stuck.isTold = true
    tell(told(status).headline, told(status).sentence)
  }

  return {
    onStatus(status) {
      onDecision(status)
      onTrouble(status)
    },
    onView({ update }) {
      const isNews = update.state === 'available' || update.state === 'ready'
      if (!isNews || update.version === null || update.version === toldVersion) return
      toldVersion = update.version
      const { newVersion, versionIsThere } = words().notices
      tell(newVersion, `${versionIsThere(update.version)} ${update.note}`.trim())
    },
  }
}
