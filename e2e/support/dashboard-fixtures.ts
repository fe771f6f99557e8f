import type { FeedDocuments } from '../../src-coordinator/dashboard/feed-mask'
import type { FeedWorker } from '../../src-dashboard/feed'
import { seededRandom } from '../../test/models/random'

const MINUTE = 60_000
const BLOCKS = 32

type Row = Partial<FeedWorker> & { nickname: string }

let made = 0
export function worker(now: number, { nickname, ...more }: Row): FeedWorker {
  made += 1
  const id = more.worker_id ?? `${(0x5a000000 + made * 0x1f3d7).toString(16)}-51c2-4d0e-9b0f-0a1b2c3d4e5f`
  return {
    key: `row-${made}`,
    worker_id: id,
    nickname,
    hardware_type: 'cuda',
    device_name: 'GeForce RTX 4070',
    vram_gb: 12,
    status: 'online',
    layers_start: null,
    layers_end: null,
    tokens_served: 0,
    x_serving: false,
    x_registered_at_ms: now - 90 * MINUTE,
    x_last_seen_at_ms: now - 4_000,
    x_assignment_reason: null,
    ...more,
  }
}

/** Blocks 12–19 have no living server; two ask to join; one waits for work, one was turned away. */
export function orchard(now: number): FeedDocuments {
  const decided = (reason: string, minutesAgo: number) => ({ reason, by: 'the host', at: now - minutesAgo * MINUTE })
  const workers = [
    worker(now, {
      nickname: 'first-pear',
      layers_start: 0,
      layers_end: 12,
      x_serving: true,
      tokens_served: 184_220,
      x_requests_served: 1_326,
      x_assignment_reason: 'blocks 0–11: the first that nobody served, and as many as its 12 GB hold',
      x_decision: decided('welcome back', 88),
    }),
    worker(now, {
      nickname: 'second-quince',
      hardware_type: 'metal',
      device_name: 'Apple M3 Max',
      vram_gb: 36,
      layers_start: 20,
      layers_end: 32,
      x_serving: true,
      tokens_served: 97_450,
      x_requests_served: 1_118,
      x_last_seen_at_ms: now - 17_000,
      x_assignment_reason: 'blocks 20–31: served by nobody when it came',
      x_decision: decided('', 80),
    }),
    worker(now, {
      nickname: 'third-fig',
      hardware_type: 'cpu',
      device_name: 'Ryzen 9 7950X',
      vram_gb: 0,
      layers_start: 12,
      layers_end: 20,
      x_last_seen_at_ms: now - 9_000,
      x_assignment_reason: 'blocks 12–19: the weakest part of the chain',
      x_load: {
        state: 'answered',
        attempt: 2,
        attempts: 7,
        at: now - 2 * MINUTE,
        isAsked: false,
        answer: 'downloading',
        done: 112_000_000,
        total: 1_090_000_000,
      },
      x_decision: decided('a friend of second-quince', 3),
    }),
    worker(now, {
      nickname: 'old-medlar',
      device_name: 'GeForce GTX 1060',
      vram_gb: 6,
      layers_start: 12,
      layers_end: 20,
      status: 'offline',
      tokens_served: 12_004,
      x_requests_served: 1,
      x_last_seen_at_ms: now - 26 * MINUTE,
      x_assignment_reason: 'blocks 12–19: kept for it until its blocks are needed elsewhere',
      x_decision: decided('', 300),
    }),
    worker(now, {
      nickname: 'spare-cherry',
      device_name: 'Radeon RX 7600',
      hardware_type: 'vulkan',
      vram_gb: 8,
      status: 'standby',
      x_last_seen_at_ms: now - 21_000,
      x_decision: decided('every block it could hold has a server; it comes in when one goes', 40),
    }),
    worker(now, {
      nickname: 'quiet-mulberry-4127',
      status: 'pending',
      device_name: 'GeForce RTX 3060',
      x_registered_at_ms: now - 4 * MINUTE,
    }),
    worker(now, {
      nickname: 'late-damson',
      status: 'pending',
      hardware_type: 'cpu',
      device_name: 'Core i7-1260P',
      vram_gb: 0,
      x_registered_at_ms: now - 40_000,
    }),
    worker(now, {
      nickname: 'somebody',
      status: 'rejected',
      device_name: 'unknown device',
      hardware_type: 'cpu',
      vram_gb: 0,
      x_last_seen_at_ms: now - 70 * MINUTE,
      x_decision: decided('we do not know each other; write to me first', 69),
    }),
  ]
  const nameOf = (index: number) => workers[index]?.nickname ?? null
  const idOf = (index: number) => workers[index]?.worker_id ?? ''
  return {
    workers,
    network: {
      model_name: 'Llama 3.1 8B Instruct',
      total_layers: BLOCKS,
      online_workers: 3,
      coverage_percent: 75,
      ready_for_inference: false,
      quantization: 'Q4_K_M',
      quantizations: ['Q4_K_M', 'Q8_0'],
      target_workers: 3,
      total_tokens_served: 1_293_674,
      demo: false,
      layers: Array.from({ length: BLOCKS }, (_, block) => ({
        workers: block >= 12 && block < 20 ? 0 : 1,
        assigned: 1,
      })),
    },
    decisions: [
      {
        id: 9,
        worker_id: idOf(2),
        nickname: nameOf(2),
        decision: 'approved',
        reason: 'a friend of second-quince',
        by: 'the host',
        at: now - 3 * MINUTE,
      },
      {
        id: 8,
        worker_id: idOf(3),
        nickname: nameOf(3),
        decision: 'offline',
        reason: 'no heartbeat for 60 s',
        by: 'coordinator',
        at: now - 25 * MINUTE,
      },
      {
        id: 7,
        worker_id: idOf(4),
        nickname: nameOf(4),
        decision: 'standby',
        reason: 'every block it could hold has a server',
        by: 'coordinator',
        at: now - 40 * MINUTE,
      },
      {
        id: 6,
        worker_id: idOf(7),
        nickname: nameOf(7),
        decision: 'rejected',
        reason: 'we do not know each other; write to me first',
        by: 'the host',
        at: now - 69 * MINUTE,
      },
      {
        id: 5,
        worker_id: '',
        nickname: null,
        decision: 'target-workers',
        reason: '3 ranges instead of 2',
        by: 'the host',
        at: now - 79 * MINUTE,
      },
      {
        id: 4,
        worker_id: idOf(1),
        nickname: nameOf(1),
        decision: 'approved',
        reason: '',
        by: 'the host',
        at: now - 80 * MINUTE,
      },
      {
        id: 3,
        worker_id: '7c11aa20',
        nickname: null,
        decision: 'left',
        reason: '',
        by: 'worker',
        at: now - 85 * MINUTE,
      },
    ],
    usage: [
      { user_id: 'reading-group', prompt_tokens: 214, completion_tokens: 512, worker_count: 3, at: now - 27 * MINUTE },
      { user_id: 'ada', prompt_tokens: 38, completion_tokens: 120, worker_count: 3, at: now - 31 * MINUTE },
      {
        user_id: 'reading-group',
        prompt_tokens: 1_804,
        completion_tokens: 640,
        worker_count: 3,
        at: now - 52 * MINUTE,
      },
    ],
  }
}

export function complete(now: number): FeedDocuments {
  const before = orchard(now)
  return {
    ...before,
    workers: before.workers
      .filter(({ status }) => status !== 'pending')
      .map((row) => (row.nickname === 'third-fig' ? { ...row, x_serving: true, tokens_served: 5_120 } : row)),
    network: {
      ...before.network,
      coverage_percent: 100,
      ready_for_inference: true,
      layers: before.network.layers.map(() => ({ workers: 1, assigned: 1 })),
    },
  }
}

export function empty(now: number): FeedDocuments {
  const { network } = orchard(now)
  return {
    workers: [],
    network: {
      ...network,
      online_workers: 0,
      coverage_percent: 0,
      total_tokens_served: 0,
      layers: network.layers.map(() => ({ workers: 0, assigned: 0 })),
    },
    decisions: [],
    usage: [],
  }
}

/** A thousand workers of all kinds on a model of 80 blocks. */
export function crowd(now: number, count = 1_000): FeedDocuments {
  const random = seededRandom(41)
  const states = ['online', 'online', 'online', 'online', 'offline', 'standby'] as const
  const devices = ['GeForce RTX 4090', 'GeForce RTX 3060', 'Radeon RX 7900 XT', 'Apple M2', 'Xeon E-2388G'] as const
  const workers = Array.from({ length: count }, (_, index) => {
    const status = states[Math.floor(random() * states.length)] ?? 'online'
    const start = Math.floor(random() * 9) * 8
    const has = status === 'online' || status === 'offline'
    return worker(now, {
      nickname: `tree-${String(index).padStart(4, '0')}`,
      worker_id: `${(0x10000000 + index * 0x3b9ac9).toString(16)}-2f6a-4c1b-8d3e-77aa10bb20cc`,
      status,
      device_name: devices[Math.floor(random() * devices.length)] ?? 'CPU',
      layers_start: has ? start : null,
      layers_end: has ? start + 8 : null,
      x_serving: status === 'online',
      tokens_served: Math.floor(random() * 90_000),
      x_last_seen_at_ms: now - Math.floor(random() * 28_000),
      x_assignment_reason: has ? `blocks ${start}–${start + 7}: a further copy of the weakest blocks` : null,
    })
  })
  const before = orchard(now)
  return {
    ...before,
    workers,
    network: {
      ...before.network,
      model_name: 'Llama 3.3 70B Instruct',
      total_layers: 80,
      online_workers: workers.filter(({ status }) => status === 'online').length,
      coverage_percent: 100,
      ready_for_inference: true,
      layers: Array.from({ length: 80 }, (_, block) => {
        const holders = workers.filter(
          ({ status, layers_start, layers_end }) =>
            status === 'online' && Number(layers_start) <= block && block < Number(layers_end),
        ).length
        // The last eight blocks have no random holder.
        return { workers: Math.max(1, holders), assigned: Math.max(1, holders) }
      }),
    },
  }
}
