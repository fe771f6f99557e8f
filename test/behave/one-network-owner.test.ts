import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const IMPORT = /^\s*(import|export)\s+(type\s)?[^'"]*?from\s+['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]/gm
/** Ids, keys and framing: nothing of it opens a connection by itself. */
const WITHOUT_NETWORK = /^@libp2p\/(crypto|peer-id|utils)(\/|$)/

interface Import {
  file: string
  from: string
}

/** What a source imports as values; types are gone when it runs. */
function importsOf(file: string, code: string): Import[] {
  return [...code.matchAll(IMPORT)].flatMap(([, , type, from, dynamic]) =>
    type ? [] : [{ file, from: from ?? dynamic ?? '' }],
  )
}

function importsIn(...folders: string[]): Import[] {
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
      .map((name) => join(folder, name)),
  )
  return files.flatMap((file) => importsOf(file, readFileSync(join(ROOT, file), 'utf8')))
}

describe('M-16: one owner of the network', () => {
  it('M-16: only src-main/network makes a libp2p host, or knows what one is made of', () => {
    const found = importsIn('src-main', 'src-coordinator', 'src-preload', 'src-shared', 'src-renderer', 'src-dashboard')
    const makers = found.filter(({ from }) => /^(@libp2p\/|libp2p$)/.test(from) && !WITHOUT_NETWORK.test(from))
    expect(makers.length).toBeGreaterThan(5)
    const owner = join('src-main', 'network') + sep
    expect(makers.filter(({ file }) => !file.startsWith(owner))).toEqual([])
    expect(makers.filter(({ from }) => from === 'libp2p')).toEqual([{ file: `${owner}host.ts`, from: 'libp2p' }])
  })

  it('M-16: a page knows no libp2p, no Node.js and nothing of the main process', () => {
    const found = importsIn('src-renderer', 'src-preload', 'src-shared')
    expect(found.length).toBeGreaterThan(200)
    const forbidden = /libp2p|multiformats|^node:|(^|\/)src-(main|coordinator)\//
    expect(found.filter(({ from }) => forbidden.test(from))).toEqual([])
  })

  it('M-16: the two tests above see what they look for', () => {
    const code = [
      "import { createLibp2p, type Libp2p } from 'libp2p'",
      "import type { Host } from '../network/host'",
      "import {\n  tcp,\n} from '@libp2p/tcp'",
      "export { yamux } from '@libp2p/yamux'",
      "const net = await import('node:net')",
    ].join('\n')
    expect(importsOf('x.ts', code).map(({ from }) => from)).toEqual([
      ...['libp2p', '@libp2p/tcp', '@libp2p/yamux', 'node:net'],
    ])
  })
})
