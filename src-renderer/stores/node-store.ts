import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { NodeStatus } from '../../src-shared/status'
import type { Connection } from '../bridge/transport'
import type { BridgeClient, Failure } from '../bridge-client'
import { createAsker } from './asker'
import { failureOf } from './failure'
import type { Frames } from './frames'

export interface NodeState {
  connection: Connection
  /** The newest snapshot, and when it came; kept while the connection is away, so that the page can say what it knew. */
  status: NodeStatus | null
  receivedAt: number | null
  /** The snapshot belongs to this connection. False while reconnecting: then nothing on the page is news. */
  isLive: boolean
  isMisfit: boolean
  /** Whether this page may do more than look, as the last connection said. */
  mayOperate: boolean
  pending: NodeCommand | null
  failure: Failure | null
}

const COMMANDS = {
  start: 'node.start',
  stop: 'node.stop',
  reapply: 'node.reapply',
  load: 'node.load',
  pause: 'fetch.pause',
  resume: 'fetch.resume',
  cancel: 'fetch.cancel',
  await: 'fetch.await',
} as const
export type NodeCommand = keyof typeof COMMANDS

export interface NodeStore {
  readonly state: StoreApi<NodeState>
  command(command: NodeCommand): Promise<void>
  dismissFailure(): void
  retryNow(): void
  dispose: Disposer
}

export const RETRY_MS = 2_000

/** The node as its own snapshots tell it; nothing here guesses ahead of them. */
export function createNodeStore(client: BridgeClient, clock: Clock, frames: Frames): NodeStore {
  const { transport } = client
  const state = createStore<NodeState>()(() => ({
    connection: transport.connection,
    status: null,
    receivedAt: null,
    isLive: false,
    isMisfit: false,
    mayOperate: mayOperate(transport.connection) ?? false,
    pending: null,
    failure: null,
  }))

  const takeSnapshot = (status: NodeStatus) => {
    const { status: known, isLive } = state.getState()
    // A restarted host counts from the start again, so revisions are compared within one connection only.
    if (isLive && known && status.revision < known.revision) return
    state.setState({ status, isLive: true, receivedAt: clock.now() })
  }

  const disposers = [
    transport.onConnection((connection) =>
      state.setState((before) => ({
        connection,
        isLive: false,
        mayOperate: mayOperate(connection) ?? before.mayOperate,
      })),
    ),
    client.on('status', (status) => frames.run(() => takeSnapshot(status))),
    client.onMisfit(() => state.setState({ isMisfit: true })),
  ]
  const asker = createAsker({
    client,
    clock,
    method: 'status.get',
    input: {},
    retryMs: RETRY_MS,
    onValue: takeSnapshot,
  })
  asker.ask()

  return {
    state,
    async command(pending) {
      if (state.getState().pending) return
      state.setState({ pending, failure: null })
      try {
        await client.call(COMMANDS[pending], {})
      } catch (error) {
        state.setState({ failure: failureOf(error) })
      } finally {
        state.setState({ pending: null })
      }
    },
    dismissFailure: () => state.setState({ failure: null }),
    retryNow: () => transport.retryNow(),
    dispose() {
      asker.dispose()
      for (const dispose of disposers) dispose()
    },
  }
}

function mayOperate(connection: Connection): boolean | undefined {
  return connection.state === 'open' ? connection.scopes.includes('operate') : undefined
}
