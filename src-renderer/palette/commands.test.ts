import { describe, expect, it } from 'vitest'
import { pausedStatus } from '../../e2e/support/file-fixtures'
import { servingStatus, stoppedStatus } from '../../e2e/support/status-fixtures'
import { appViewOf, rejectedStatus, SETTINGS } from '../../e2e/support/view-fixtures'
import type { NodeStatus } from '../../src-shared/status'
import { beginGeneration } from '../stores/generation'
import { say } from '../words'
import { type CommandFacts, type CommandHands, commandsOf } from './commands'

function factsOf(status: NodeStatus, change: Partial<CommandFacts> = {}): CommandFacts {
  return {
    node: { status, isLive: true, mayOperate: true, pending: null, connection: { state: 'open', scopes: [] } },
    settings: SETTINGS,
    host: null,
    app: appViewOf(1),
    metering: { state: 'none' },
    generation: null,
    talkLength: 0,
    isChecking: false,
    isDiagnosing: false,
    theme: 'system',
    ...change,
  }
}

/** Hands that note what they were asked to do. */
function notingHands() {
  const done: string[] = []
  const note =
    (name: string) =>
    (...input: unknown[]) =>
      void done.push([name, ...input.map((one) => JSON.stringify(one))].join(' '))
  const hands: CommandHands = {
    go: note('go'),
    command: note('command'),
    retryNow: note('retryNow'),
    chooseTheme: note('chooseTheme'),
    leaveNetwork: note('leaveNetwork'),
    measure: note('measure'),
    makeInvite: note('makeInvite'),
    stopHosting: note('stopHosting'),
    diagnose: note('diagnose'),
    check: note('check'),
    update: note('update'),
    openBundle: note('openBundle'),
    openShortcuts: note('openShortcuts'),
    stopWriting: note('stopWriting'),
    newChat: note('newChat'),
    summary: async () => 'a summary',
    copy: async (text) => `copied ${text}`,
  }
  return { done, hands }
}

function lookAt(facts: CommandFacts) {
  const { done, hands } = notingHands()
  const commands = commandsOf(facts, hands)
  const find = (id: string) => {
    const command = commands.find((one) => one.id === id)
    if (!command) throw new Error(`there is no command ${id}`)
    return command
  }
  const open = () => commands.filter(({ blocked, group }) => blocked === null && group !== 'page').map(({ id }) => id)
  return { commands, done, find, open }
}

describe('H-30: the commands', () => {
  it('have names and ids of their own', () => {
    const { commands } = lookAt(factsOf(servingStatus(1)))
    expect(new Set(commands.map(({ id }) => id)).size).toBe(commands.length)
    expect(new Set(commands.map(({ title }) => title)).size).toBe(commands.length)
  })

  it('of a node that serves: it can be stopped and not started, and says why', () => {
    const { find } = lookAt(factsOf(servingStatus(1)))
    expect(find('stop').blocked).toBeNull()
    expect(find('start').blocked).toBe(say.BLOCKED.running)
    expect(find('load').blocked).toBe(say.BLOCKED.loaded)
    expect(find('pause').blocked).toBe(say.BLOCKED.nothingFetched)
  })

  it('of a stopped node, of one that fetches, and of one that was turned down', () => {
    expect(lookAt(factsOf(stoppedStatus(1))).find('start').blocked).toBeNull()
    expect(lookAt(factsOf(stoppedStatus(1))).find('stop').blocked).toBe(say.BLOCKED.stopped)
    const paused = lookAt(factsOf(pausedStatus(1)))
    expect(paused.find('resume').blocked).toBeNull()
    expect(paused.find('pause').blocked).toBe(say.BLOCKED.isPaused)
    expect(lookAt(factsOf(rejectedStatus(1))).find('reapply').blocked).toBeNull()
  })

  it('ask before they end something, and only then', () => {
    const { commands } = lookAt(factsOf(servingStatus(1)))
    const asking = commands.filter(({ question }) => question).map(({ id }) => id)
    expect(asking).toEqual(['stop', 'cancel', 'leave', 'stop-hosting'])
    const app = appViewOf(1)
    const ready = { ...app, host: 'desktop', update: { ...app.update, way: 'automatic', state: 'ready' } } as const
    expect(lookAt(factsOf(servingStatus(1), { app: ready })).find('update').question).toBeDefined()
  })

  it('change nothing for a link that only looks, or without contact', () => {
    const facts = factsOf(servingStatus(1))
    const looking = lookAt({ ...facts, node: { ...facts.node, mayOperate: false } })
    expect(looking.find('stop').blocked).toBe(say.BLOCKED.readOnly)
    expect(looking.open()).toEqual(['peer-id', 'diagnose', 'check', 'shortcuts', 'theme-light', 'theme-dark'])
    const connection = { state: 'retrying', retryAt: 1, attempts: 1 } as const
    const away = lookAt({ ...facts, node: { ...facts.node, isLive: false, connection } })
    expect(away.find('stop').blocked).toBe(say.BLOCKED.noContact)
    expect(away.open()).toEqual(['retry', 'peer-id', 'shortcuts', 'theme-light', 'theme-dark'])
  })

  it('lead to the page that shows what came of them', async () => {
    const { find, done } = lookAt(factsOf(servingStatus(1)))
    await find('stop').run()
    await find('diagnose').run()
    await find('measure').run()
    expect(done).toEqual([
      'command "stop"',
      'go {"page":"overview"}',
      'diagnose',
      'go {"page":"shards"}',
      expect.stringMatching(/^measure "http/),
      'go {"page":"settings"}',
    ])
  })

  it('say what was copied, or where it stands why nothing was', async () => {
    expect(
      await lookAt(factsOf(servingStatus(1)))
        .find('copy-support')
        .run(),
    ).toBe('copied a summary')
    const { done, hands } = notingHands()
    const failing = commandsOf(factsOf(servingStatus(1)), { ...hands, summary: async () => null })
    const said = await failing.find(({ id }) => id === 'copy-support')?.run()
    expect(said).toContain('Diagnostics')
    expect(done).toEqual(['go {"page":"diagnostics"}'])
  })

  it('stop an answer only while one is written', () => {
    const writing = { ...beginGeneration('a', 'chat'), state: 'streaming' } as const
    expect(lookAt(factsOf(servingStatus(1), { generation: writing })).find('stop-writing').blocked).toBeNull()
    expect(lookAt(factsOf(servingStatus(1))).find('stop-writing').blocked).toBe(say.BLOCKED.nothingWritten)
  })
})
