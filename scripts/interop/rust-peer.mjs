import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CACHE, isThere, run } from './programs.mjs'

const MANIFEST = fileURLToPath(new URL('../../test/interop/rust/Cargo.toml', import.meta.url))

/** The rust-libp2p peer of test/interop/rust: `{ path }`, or `{ skipped }` with the reason. */
export function rustPeer() {
  if (!isThere('cargo')) return { skipped: 'Cargo is not installed' }
  const target = join(CACHE, 'rust')
  console.log('Building the rust-libp2p peer: some minutes the first time.')
  const { failure } = run('cargo', ['build', '--quiet', '--locked', '--manifest-path', MANIFEST], {
    env: { CARGO_TARGET_DIR: target },
  })
  if (failure) return { skipped: `Cargo cannot get or build it (${failure})` }
  const name = process.platform === 'win32' ? 'espalier-interop-peer.exe' : 'espalier-interop-peer'
  return { path: join(target, 'debug', name) }
}
