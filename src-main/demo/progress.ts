import { blocksInWords, formatBlocks } from '../../src-shared/blocks'
import type { Clock } from '../../src-shared/clock'
import type { NodeStatus, Step } from '../../src-shared/status'
import type { ObserverReport } from './demo-network'
import type { DemoReport } from './report'

/** Tells a person at a terminal what happens; says nothing when there is nobody (`print` null). */
export function createProgress(clock: Clock, print: ((line: string) => void) | null) {
  const startedAtMs = clock.monotonicMs()
  const told = new Set<string>()
  /** Why a step of a node is not well now, by node and step. */
  const troubled = new Map<string, string>()
  let line = ''
  const say = (text: string) =>
    print?.(`${((clock.monotonicMs() - startedAtMs) / 1000).toFixed(1).padStart(6)} s  ${text}`)

  function step(node: string, status: NodeStatus, { name, state, evidence, blocker, next }: Step): void {
    const [latest] = evidence.slice(-1)
    const place = status.blocks ? `${node} (blocks ${formatBlocks(status.blocks)})` : node
    if (state === 'done' && latest) {
      const isRecovery = troubled.delete(`${node} ${name}`)
      if (isRecovery) say(`● ${place}: ${name}, well again — ${latest.by}: ${latest.value}`)
      else once(`${node} ${name}`, `● ${place}: ${name} — ${latest.by}: ${latest.value}`)
    }
    if (state === 'waiting') once(`${node} ${name} waiting`, `◌ ${place}: ${name}, waiting. ${next?.what ?? ''}`)
    if ((state === 'failed' || state === 'degraded') && blocker && troubled.get(`${node} ${name}`) !== blocker.code) {
      troubled.set(`${node} ${name}`, blocker.code)
      say(`◣ ${place}: ${name} — ${blocker.cause} (${blocker.code})`)
    }
  }
  function once(key: string, text: string): void {
    if (told.has(key)) return
    told.add(key)
    say(text)
  }

  return {
    title: (text: string) => say(text),
    steps(node: string, status: NodeStatus) {
      for (const one of status.steps) step(node, status, one)
    },
    rows({ rows, readBack }: ObserverReport) {
      for (const { peer_id, state, span } of rows)
        say(`● observer: ${blocksInWords(span)} ${state}, rpc_info answered — ${peer_id}`)
      say(`  ${readBack} records read through the bootstrap`)
    },
    prompt(prompt: string) {
      line = ''
      say(`> ${prompt}`)
    },
    text(text: string) {
      line += text
    },
    compared(tokens: number, difference: number) {
      for (const part of line.split('\n')) print?.(`          ${part}`)
      say(`● ${tokens} tokens, identical to one process (exact mode); largest logit difference ${difference}`)
    },
    report({ generation, elapsedMs }: DemoReport) {
      say(
        `Done in ${(elapsedMs / 1000).toFixed(1)} s: ${generation.tokens} tokens through ${generation.stages} nodes at ${generation.tokensPerSecond.toFixed(0)} tokens/s, identical: ${generation.identicalToSingleProcess}`,
      )
    },
  }
}

export type Progress = ReturnType<typeof createProgress>
