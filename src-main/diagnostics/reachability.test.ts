import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { servingStatus } from '../../e2e/support/status-fixtures'
import type { NodeStatus, Step } from '../../src-shared/status'
import { FakeClock } from '../../test/fake-clock'
import type { HivemindDht } from '../hivemind/dht'
import type { Host } from '../network/host'
import { PROFILES } from '../network/profiles'
import type { BootstrapBook } from '../node/join-network'
import type { RunningNode } from '../node/node'
import { createReach } from '../node/reach'
import { judgeVisibility } from '../observe/visibility'
import type { WitnessAnswer } from '../observe/witness-client'
import type { Verdict } from '../observe/witness-wire'
import { createEventLog } from '../storage/event-log'
import type { DiagnosticsContext } from './check'
import { port } from './port'
import { reachability } from './reachability'

const RANGE = { start: 0, end: 3 }
const RELAYED = '/ip4/93.184.216.34/tcp/31338/p2p/12D3KooWrelay/p2p-circuit/p2p/me'

/** What a stranger says who found the records, and came through to the node or did not. */
function witness(name: string, dialBack: Verdict['dialBack']): WitnessAnswer {
  const verdict: Verdict = {
    v: 1,
    witness: name,
    subject: 'me',
    nonce: new Uint8Array(16),
    at: 1,
    forms: [
      {
        form: 'hivemind',
        records: { ok: true, readFrom: 'third', found: 3, asked: 3, expiresAt: 2 },
        call: { ok: true, version: '1' },
      },
    ],
    dialBack,
    pipeline: { ok: true, ...RANGE, root: 'root' },
  }
  return { witness: name, verdict, error: null }
}

const BLOCKED: Verdict['dialBack'] = { ok: false, cause: 'no answer at 203.0.113.5:31338' }
const judge = (dialBack: Verdict['dialBack']) =>
  judgeVisibility([witness('a', dialBack), witness('b', dialBack)], RANGE, 'root', 1_000)

/** What the check finds on a running node whose visible step says what strangers said. */
function look(verdict: ReturnType<typeof judge>, listenAddresses: string[], clock = new FakeClock()) {
  const { visible, evidence, blocker } = verdict
  const step = (one: Step): Step =>
    one.name === 'visible'
      ? { ...one, state: visible ? 'done' : 'failed', evidence, ...(blocker ? { blocker } : {}) }
      : one
  const before = servingStatus(clock.now())
  const status: NodeStatus = { ...before, listenAddresses, steps: before.steps.map(step) }
  const context = { clock, status, running: {} as RunningNode } as Partial<DiagnosticsContext> as DiagnosticsContext
  return reachability.look(context, new AbortController().signal)
}

describe('C-48: a firewall or router that lets nobody in', () => {
  it('C-48: blocked inbound fails the check, with the port to open and relays as the way until then', async () => {
    const finding = await look(judge(BLOCKED), ['/ip4/192.168.1.4/tcp/31338'])
    expect(finding).toMatchObject({
      verdict: 'fail',
      code: 'NOT_DIALLED_BACK',
      evidence: expect.stringMatching(/no answer at 203\.0\.113\.5:31338.*1 private address/),
      action: expect.stringMatching(/Open the port.*relays/),
    })
  })

  it('C-48: and the advice is followed: the node asks relays, and a dial-back through one passes', async () => {
    const clock = new FakeClock()
    const log = createEventLog(clock, null)
    const said: string[] = []
    log.subscribe(({ message }) => void said.push(message))
    let relaysAsked = 0
    const book = {
      peers: () => {
        relaysAsked++
        return []
      },
    } as unknown as BootstrapBook
    const setMode = async () => undefined
    const reach = createReach({
      host: { getMultiaddrs: () => [], services: { dht: { setMode } } } as unknown as Host,
      dht: { setMode } as unknown as HivemindDht,
      ...{ book, profile: PROFILES.espalier, listens: true, clock, log },
    })
    for (let minute = 0; minute < 4; minute++) {
      reach.dialled(judge(BLOCKED).isDialable)
      await clock.advance(60_000)
    }
    expect(reach.isDialable).toBe(false)
    expect(said).toContain('others cannot dial this node: relays are asked')
    expect(relaysAsked).toBeGreaterThan(0)

    const through = judge({ ok: true, address: RELAYED, roundTripMs: 20, addressFrom: 'third' })
    // A relay is a way in, and no proof that the port is open.
    reach.dialled(through.isDialable)
    expect(reach.isDialable).toBe(false)
    reach.stop()
    expect(await look(through, [RELAYED], clock)).toMatchObject({
      verdict: 'pass',
      evidence: expect.stringContaining('through a relay'),
    })
  })

  it('C-48: only the port for other peers has to be free here; the coordinator’s is its own', async () => {
    const coordinator = createServer()
    await new Promise<void>((resolve) => coordinator.listen(0, '0.0.0.0', resolve))
    try {
      const { port: taken } = coordinator.address() as { port: number }
      const context = { listenPort: 0, running: null, status: null } as unknown as DiagnosticsContext
      const coordinatorUrl = `http://127.0.0.1:${taken}`
      const signal = new AbortController().signal
      expect(await port.look({ ...context, coordinatorUrl }, signal)).toMatchObject({ verdict: 'pass' })
      const clash = await port.look({ ...context, coordinatorUrl, listenPort: taken }, signal)
      expect(clash).toMatchObject({ verdict: 'warn', code: 'PORT_TAKEN' })
    } finally {
      coordinator.close()
    }
  })
})
