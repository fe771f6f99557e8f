import type { BlockRange } from '../../src-shared/blocks'

/** What a token allows: entries of the `scope` claim, separated by spaces (RFC 8693). Unknown entries allow nothing. */
export interface TokenScope {
  /** Models whose chain the bearer may ask. */
  readonly asks: readonly string[]
  /** Blocks, half-open, that the bearer was given to serve. */
  readonly serves: readonly { model: string; blocks: BlockRange }[]
}

export type Capability = { action: 'ask'; model: string } | { action: 'serve'; model: string; blocks: BlockRange }

/** `ask:<model>` and `serve:<model>:<start>-<end>`; the model's name is percent-encoded, so that it has no space or colon. */
export function formatScope(scope: TokenScope): string {
  return [
    ...scope.asks.map((model) => `ask:${encodeURIComponent(model)}`),
    ...scope.serves.map(({ model, blocks }) => `serve:${encodeURIComponent(model)}:${blocks.start}-${blocks.end}`),
  ].join(' ')
}

export function parseScope(text: string): TokenScope {
  const asks: string[] = []
  const serves: { model: string; blocks: BlockRange }[] = []
  for (const entry of text.split(' ')) {
    const [, action, name, start, end] = /^(ask|serve):([^:\s]+)(?::(\d{1,5})-(\d{1,5}))?$/.exec(entry) ?? []
    const model = decodeName(name)
    if (model === null) continue
    if (action === 'ask' && start === undefined) asks.push(model)
    const blocks = { start: Number(start), end: Number(end) }
    if (action === 'serve' && blocks.start < blocks.end) serves.push({ model, blocks })
  }
  return { asks, serves }
}

export function allows(scope: TokenScope, needed: Capability): boolean {
  if (needed.action === 'ask') return scope.asks.includes(needed.model)
  return scope.serves.some(
    ({ model, blocks }) =>
      model === needed.model && blocks.start <= needed.blocks.start && needed.blocks.end <= blocks.end,
  )
}

function decodeName(encoded: string | undefined): string | null {
  try {
    return encoded === undefined ? null : decodeURIComponent(encoded)
  } catch {
    return null
  }
}
