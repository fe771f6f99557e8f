import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { UpdateView } from '../../../src-shared/app-view'
import type { UpdateFeed } from './updates'

const BuiltSchema = z.object({
  espalierUpdates: z.object({ url: z.url({ protocol: /^https$/ }), publicKey: z.string().min(50).max(500) }),
})

/** What the build put into package.json; null where it put nothing, as in a build without a key. */
export async function updateFeedOf(root: string): Promise<UpdateFeed | null> {
  const text = await readFile(join(root, 'package.json'), 'utf8').catch(() => '{}')
  return BuiltSchema.safeParse(JSON.parse(text)).data?.espalierUpdates ?? null
}

/**
 * How this installation is updated. A program that a package manager installed belongs to it: replaced behind its
 * back, the next upgrade fails or puts the old one back.
 */
export function updateWay(
  platform: NodeJS.Platform,
  isPackaged: boolean,
  env: Readonly<Record<string, string | undefined>>,
): UpdateView['way'] {
  if (!isPackaged) return 'none'
  return platform === 'linux' && env.APPIMAGE === undefined ? 'manual' : 'automatic'
}
