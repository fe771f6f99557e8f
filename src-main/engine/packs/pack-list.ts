import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { platformPackage } from '../library'

const PackSchema = z.strictObject({
  /** As in node-llama-cpp's package and in the archive's folders. */
  name: z.string().regex(/^[a-z0-9-]{1,60}$/),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  url: z.url({ protocol: /^https?$/ }),
  sizeBytes: z.int().min(1).max(2_000_000_000),
  /** As npm writes it: SHA-512 of the archive in base64. */
  integrity: z.string().regex(/^sha512-[A-Za-z0-9+/]{86}==$/),
})
const PackListSchema = z.strictObject({ packs: z.array(PackSchema).max(20) })

/** Libraries that are not in the box: what they are, where they lie, and the hash of every byte. */
export type Pack = z.infer<typeof PackSchema>

/** The packs that this version of the app may fetch. `path`: `resources/cuda-packs.json`. */
export async function readPackList(path: string): Promise<readonly Pack[]> {
  return PackListSchema.parse(JSON.parse(await readFile(path, 'utf8'))).packs
}

/** The CUDA pack for this kind of computer; null where there is none. */
export function cudaPack(
  packs: readonly Pack[],
  platform: NodeJS.Platform = process.platform,
  arch: string = process.arch,
): Pack | null {
  const name = platformPackage(platform, arch, 'cuda')
  return packs.find((pack) => pack.name === name) ?? null
}

/** Offered only where an NVIDIA card was found and the pack is not there yet: elsewhere it is 140 MB of nothing. */
export function offeredPack(
  packs: readonly Pack[],
  found: { nvidiaCards: readonly string[]; isInstalled: boolean },
  platform?: NodeJS.Platform,
  arch?: string,
): Pack | null {
  return found.nvidiaCards.length > 0 && !found.isInstalled ? cudaPack(packs, platform, arch) : null
}

/** Where a pack's libraries lie once it is there. */
export function packDirectory(dataRoot: string, { name, version }: Pack): string {
  return join(dataRoot, 'packs', `${name}-${version}`)
}
