import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

export interface Asset {
  /** Relative to the folder of the page. */
  path: string
  bytes: number
  gzippedBytes: number
}

/** The scripts and styles that a page loads before it shows anything: those that it names itself. */
export function initialAssets(html: string): string[] {
  const tags = [...html.matchAll(/<(?:script|link)\b[^>]*>/g)].map(([tag]) => tag)
  const paths = tags.flatMap((tag) => /\b(?:src|href)="([^"]+\.(?:js|css))"/.exec(tag)?.[1] ?? [])
  return [...new Set(paths.map((path) => path.replace(/^\.?\//, '')))]
}

/** Sizes of the page's first load, each file compressed on its own as a web server would. */
export async function measureBundle(folder: string): Promise<Asset[]> {
  const html = await readFile(join(folder, 'index.html'), 'utf8')
  return Promise.all(
    initialAssets(html).map(async (path) => {
      const content = await readFile(join(folder, path))
      return { path, bytes: content.length, gzippedBytes: gzipSync(content, { level: 9 }).length }
    }),
  )
}
