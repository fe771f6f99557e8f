import type { Clock } from '../../src-shared/clock'
import { headlineIn } from '../../src-shared/node-says'
import type { NodeStatus } from '../../src-shared/status'
import type { ShellWords } from './words'

export interface QuitOptions {
  app: Pick<Electron.App, 'on' | 'quit'>
  dialog: Pick<Electron.Dialog, 'showMessageBox'>
  clock: Clock
  words: () => ShellWords
  /** Null while nothing runs yet. */
  status(): NodeStatus | null
  /** Whether the page holds settings that are not saved. */
  hasDraft(): boolean
  window(): Electron.BrowserWindow | null
  /** Takes leave of the network and releases everything. */
  leave(): Promise<void>
  onLeaving(): void
  onTrouble(error: unknown): void
}

export interface Quit {
  /** Ends the app without a question: the computer shuts down, or a signal says so. */
  now(): void
  /** Takes leave without a question and lets the windows go; whoever asked ends the app. */
  letGo(): Promise<void>
  /** The windows may go: everything is released, or the time for it is over. */
  readonly isOver: boolean
}

/** A node that nobody answers must not keep the app from ending. */
const LONGEST_LEAVE_MS = 10_000

/** Others send work to a node in these states, so ending it is worth a question. */
export function isServing(status: NodeStatus): boolean {
  return status.shape === 'visible' || status.shape === 'degraded'
}

/**
 * Holds Electron's quit back until the operator agrees (asked while serving, and while settings are not saved) and the node
 * has taken leave.
 */
export function createQuit(options: QuitOptions): Quit {
  const { app, dialog, clock } = options
  let phase: 'none' | 'asking' | 'leaving' | 'over' = 'none'

  app.on('before-quit', (event) => {
    if (phase === 'over') return
    event.preventDefault()
    if (phase === 'none') void request()
  })

  async function request(): Promise<void> {
    const status = options.status()
    const serving = status && isServing(status) ? status : null
    if (serving || options.hasDraft()) {
      phase = 'asking'
      const agreed = await ask(serving).catch((error: unknown) => {
        options.onTrouble(error)
        return true
      })
      // A signal may have settled it meanwhile.
      if (phase !== 'asking') return
      phase = 'none'
      if (!agreed) return
    }
    await leave(() => app.quit())
  }

  async function ask(serving: NodeStatus | null): Promise<boolean> {
    const { quit: words, says } = options.words()
    const question = {
      type: 'question' as const,
      buttons: serving ? [words.stopAndQuit, words.keepRunning] : [words.quitWithoutSaving, words.goBack],
      defaultId: 1,
      cancelId: 1,
      title: 'Espalier',
      message: serving ? words.isServing : words.isUnsaved,
      detail: [
        ...(serving ? [`${headlineIn(says, serving.headline)}. ${words.endsAnswers}`] : []),
        ...(options.hasDraft() ? [words.losesDraft] : []),
      ].join(' '),
    }
    const window = options.window()
    const { response } = await (window?.isVisible()
      ? dialog.showMessageBox(window, question)
      : dialog.showMessageBox(question))
    return response === 0
  }

  async function leave(end: () => void): Promise<void> {
    if (phase === 'leaving' || phase === 'over') return
    phase = 'leaving'
    options.onLeaving()
    const patience = new AbortController()
    const timeUp = clock.sleep(LONGEST_LEAVE_MS, patience.signal).catch(() => undefined)
    try {
      await Promise.race([options.leave(), timeUp])
    } catch (error) {
      options.onTrouble(error)
    } finally {
      patience.abort()
      phase = 'over'
      end()
    }
  }

  return {
    now: () => void leave(() => app.quit()),
    letGo: () => leave(() => undefined),
    get isOver() {
      return phase === 'over'
    },
  }
}
