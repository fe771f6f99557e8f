import { expect, it } from 'vitest'
import type { Standing, WorkerRow } from './database/tables'
import { namedPeer, workerDocument } from './worker-documents'

const PEER = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'

it('C-40: in a network on one computer only addresses of that computer are named', () => {
  const multiaddrs = ['/ip4/127.0.0.1/tcp/1', '/ip4/192.0.2.1/tcp/2', '/ip6/::1/tcp/3', '/ip4/0.0.0.0/tcp/4']
  const named = (loopbackOnly: boolean) =>
    namedPeer({ workerId: 'w1', peerId: PEER, multiaddrs, lastSeenAt: 0 }, loopbackOnly).addresses
  const local = [`/ip4/127.0.0.1/tcp/1/p2p/${PEER}`, `/ip6/::1/tcp/3/p2p/${PEER}`]
  expect(named(true)).toEqual(local)
  expect([...named(false)].sort()).toEqual([...local, `/ip4/192.0.2.1/tcp/2/p2p/${PEER}`].sort())
})

it('C-19: who asks again is not told the old no as the answer to it', () => {
  const worker = (standing: Standing): WorkerRow => ({
    ...{ worker_id: 'w1', nickname: '', hardware_type: 'cpu', device_name: '', vram_gb: 0, requested_layers: null },
    ...{ peer_id: null, multiaddrs: '[]', standing, is_live: 1, reported_status: '', last_seq: null },
    ...{ tokens_served: 0, tokens_rolled: 0, requests_served: 0, requests_rolled: 0, registered_at: 0 },
    ...{ last_seen_at: 0, memory_bytes: null, block_steps_per_s: null, last_decision_id: 1, assignment_note: '' },
  })
  const decision = {
    ...{ decision_id: 1, worker_id: 'w1', decision: 'rejected' as const, reason: 'too loud' },
    ...{ decided_by: 'the host', decided_at: 5 },
  }
  const documentOf = (standing: Standing) => workerDocument({ worker: worker(standing), assignment: null, decision })
  expect(documentOf('rejected')).toMatchObject({ x_decision: { reason: 'too loud', by: 'the host', at: 5 } })
  expect(documentOf('pending')).not.toHaveProperty('x_decision')
})
