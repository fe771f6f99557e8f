import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { appPaths } from '../../../src-main/app-paths'
import { findLibraryDirectory, findLibraryFiles } from '../../../src-main/engine/library'
import { messageOf } from '../../../src-shared/errors'
import type { Say } from '../../report'

const run = promisify(execFile)
const BUILD_LIMIT_MS = 900_000

/** llama.cpp's RPC, beside the libraries that we compute with: both sides use the same kernels. */
export interface RpcBuild {
  /** The worker's program. Its back-ends are found in its working directory: `libraries`. */
  server: string
  /** The client's back-end, to be loaded into llama.cpp. */
  backend: string
  libraries: string
}

/** Why there is nothing to compare with, in words. */
export class RpcMissing extends Error {}

/**
 * Builds what node-llama-cpp's packages leave out, from the source that they bring: two small programs, once for each
 * release, into a folder that stays. CMake would build all of llama.cpp; these need a C++ compiler and git only.
 * Throws RpcMissing.
 */
export async function buildRpc(say: Say): Promise<RpcBuild> {
  if (process.platform !== 'linux') throw new RpcMissing('it is built on Linux only')
  const bundle = join(packageDirectory(), 'llama', 'gitRelease.bundle')
  if (!existsSync(bundle)) throw new RpcMissing(`node-llama-cpp brings no source: there is no ${bundle}`)
  const libraries = findLibraryDirectory({ accelerator: 'cpu', directory: null })
  const { base, ggml, llama } = findLibraryFiles(libraries)
  const release = /v\d+\.\d+\.\d+/.exec(llama)?.[0] ?? 'unknown'
  const place = join(appPaths().root, 'node_modules', '.cache', `llama-rpc-${release}`)
  const build = { server: join(place, 'ggml-rpc-server'), backend: join(place, 'libggml-rpc.so'), libraries }
  if (existsSync(build.server) && existsSync(build.backend)) return build

  const compiler = await firstThatRuns(['c++', 'g++', 'clang++'])
  if (compiler === null) throw new RpcMissing('there is no C++ compiler')
  if ((await firstThatRuns(['git'])) === null) throw new RpcMissing('there is no git to unpack the source with')
  say(`llama.cpp ${release}: building its RPC back-end and server with ${compiler}`)
  const work = `${place}.new`
  const source = join(work, 'source')
  try {
    await rm(work, { recursive: true, force: true })
    await mkdir(work, { recursive: true })
    await run('git', ['clone', '-q', '--no-checkout', bundle, source], { timeout: BUILD_LIMIT_MS })
    await run('git', ['-C', source, 'checkout', '-q', 'HEAD', '--', 'ggml/include', 'ggml/src', 'tools/rpc'])
    const rpc = join(source, 'ggml', 'src', 'ggml-rpc')
    const common = [
      ...['-O2', '-std=c++17', '-DGGML_SHARED', '-DGGML_BACKEND_SHARED', '-DGGML_BACKEND_DL'],
      ...[`-I${join(source, 'ggml', 'include')}`, `-I${join(source, 'ggml', 'src')}`, `-Wl,-rpath,${libraries}`],
    ]
    const compile = (args: readonly string[], output: string) =>
      run(compiler, [...common, ...args, '-lpthread', '-o', join(work, output)], { timeout: BUILD_LIMIT_MS })
    const backend = ['-shared', '-fPIC', '-DGGML_BACKEND_BUILD', join(rpc, 'ggml-rpc.cpp'), join(rpc, 'transport.cpp')]
    await compile([...backend, base], 'libggml-rpc.so')
    await compile([join(source, 'tools', 'rpc', 'rpc-server.cpp'), ggml, base], 'ggml-rpc-server')
    await rm(source, { recursive: true, force: true })
    await rm(place, { recursive: true, force: true })
    await rename(work, place)
  } catch (error) {
    await rm(work, { recursive: true, force: true })
    throw new RpcMissing(`it does not build: ${messageOf(error).slice(0, 500)}`, { cause: error })
  }
  return build
}

function packageDirectory(): string {
  // The package exports no package.json; its entry lies in dist/.
  return dirname(dirname(createRequire(import.meta.url).resolve('node-llama-cpp')))
}

async function firstThatRuns(programs: readonly string[]): Promise<string | null> {
  for (const program of programs) {
    const runs = await run(program, ['--version']).then(
      () => true,
      () => false,
    )
    if (runs) return program
  }
  return null
}
