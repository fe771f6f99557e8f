import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, posix, relative, sep } from 'node:path'
import { EspalierError } from '../../src-shared/errors'

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
}

interface StaticFile {
  body: Buffer
  contentType: string
  cacheControl: string
}

export type StaticFiles = ReadonlyMap<string, StaticFile>

/**
 * Reads the built page once. Requests are answered from this map alone, so that no path in a request ever reaches
 * the file system: there is nothing to traverse.
 * @throws BRIDGE_PAGE_MISSING when `rootDir` has no index.html.
 */
export async function loadStaticFiles(rootDir: string): Promise<StaticFiles> {
  const files = new Map<string, StaticFile>()
  const entries = await readdir(rootDir, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new EspalierError('BRIDGE_PAGE_MISSING', rootDir, { cause })
  })
  for (const entry of entries) {
    const contentType = CONTENT_TYPES[extname(entry.name)]
    // Links are left out (they may lead anywhere), and so are source maps and other things that a page never asks for.
    if (!entry.isFile() || !contentType) continue
    const file = join(entry.parentPath, entry.name)
    const path = `/${relative(rootDir, file).split(sep).join('/')}`
    // The bundler puts a hash of the content into the names under assets/.
    const cacheControl = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    files.set(path, { body: await readFile(file), contentType, cacheControl })
  }
  const index = files.get('/index.html')
  if (!index) throw new EspalierError('BRIDGE_PAGE_MISSING', rootDir)
  return files.set('/', index)
}

export function respondWithFile(
  files: StaticFiles,
  request: IncomingMessage,
  response: ServerResponse,
  headers: Record<string, string>,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { ...headers, Allow: 'GET, HEAD' }).end()
    return
  }
  const file = files.get(pathOf(request.url))
  if (!file) {
    response.writeHead(404, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }).end('Not found\n')
    return
  }
  response.writeHead(200, {
    ...headers,
    'Content-Type': file.contentType,
    'Content-Length': String(file.body.length),
    'Cache-Control': file.cacheControl,
  })
  response.end(request.method === 'HEAD' ? undefined : file.body)
}

/** The path of a request target without its query; what cannot be decoded is no path of ours. */
export function pathOf(url: string | undefined): string {
  const raw = (url ?? '/').split(/[?#]/, 1)[0] ?? '/'
  try {
    return posix.normalize(decodeURIComponent(raw))
  } catch {
    return ''
  }
}
