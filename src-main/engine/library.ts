import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import koffi, { type LibraryHandle } from 'koffi'
import * as z from 'zod'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { checkRelease } from './abi'

export const ACCELERATORS = ['cpu', 'vulkan', 'cuda'] as const
export type Accelerator = (typeof ACCELERATORS)[number]

/** The three files that we call into. The processor and GPU back-ends beside them are loaded by ggml itself. */
export interface LibraryFiles {
  directory: string
  base: string
  ggml: string
  llama: string
}

export interface Libraries {
  files: LibraryFiles
  base: LibraryHandle
  ggml: LibraryHandle
  llama: LibraryHandle
  /** Where memcpy (by another name on Windows) lives. */
  system: LibraryHandle
}

export interface LibraryOptions {
  accelerator: Accelerator
  /** A directory with the libraries, instead of the installed package. */
  directory: string | null
}

const BuildMetadataSchema = z.object({
  buildOptions: z.object({ llamaCpp: z.object({ release: z.string().max(40) }) }),
})

// Windows names have no "lib"; GPU builds put the GPU's name before the version.
const FILE_PATTERNS = {
  base: /^(lib)?ggml-base\.(so|dylib|dll)$/,
  ggml: /^(lib)?ggml(\.[a-z]+)?\.v\d+\.\d+\.\d+\.(so|dylib|dll)$/,
  llama: /^(lib)?llama(\.[a-z]+)?\.v\d+\.\d+\.\d+\.(so|dylib|dll)$/,
}

/** The name, without scope, of node-llama-cpp's package of prebuilt libraries for one kind of computer. */
export function platformPackage(platform: NodeJS.Platform, arch: string, accelerator: Accelerator): string {
  // Apple silicon has one package with Metal in it; without offloaded layers it computes on the processor.
  if (platform === 'darwin') return arch === 'arm64' ? 'mac-arm64-metal' : 'mac-x64'
  const system = platform === 'win32' ? 'win' : platform
  const cpu = arch === 'arm' ? 'armv7l' : arch
  return accelerator === 'cpu' ? `${system}-${cpu}` : `${system}-${cpu}-${accelerator}`
}

/** The directory with the libraries for this computer. Throws ENGINE_LIBRARY_MISSING. */
export function findLibraryDirectory(options: LibraryOptions): string {
  if (options.directory) return options.directory
  const name = platformPackage(process.platform, process.arch, options.accelerator)
  const entry = resolvePackage(`@node-llama-cpp/${name}`)
  // Inside a packed app the system's loader cannot read from the archive; the files lie unpacked beside it.
  const unpacked = entry.replace(`app.asar${sep}`, `app.asar.unpacked${sep}`)
  return join(dirname(dirname(unpacked)), 'bins', name)
}

/**
 * Names the three library files of a directory after checking that they are of the one release we know.
 * Throws ENGINE_LIBRARY_MISSING, ENGINE_ABI_MISMATCH.
 */
export function findLibraryFiles(directory: string): LibraryFiles {
  if (!existsSync(directory)) throw new EspalierError('ENGINE_LIBRARY_MISSING', directory)
  checkRelease(readRelease(directory))
  const names = readdirSync(directory)
  const find = (pattern: RegExp) => {
    const name = names.find((candidate) => pattern.test(candidate))
    if (!name) throw new EspalierError('ENGINE_LIBRARY_MISSING', `no file ${pattern} in ${directory}`)
    return join(directory, name)
  }
  return {
    directory,
    base: find(FILE_PATTERNS.base),
    ggml: find(FILE_PATTERNS.ggml),
    llama: find(FILE_PATTERNS.llama),
  }
}

/** Maps the libraries into this process, in the order of their dependencies. Throws ENGINE_LIBRARY_MISSING. */
export function openLibraries(files: LibraryFiles): Libraries {
  try {
    return {
      files,
      base: koffi.load(files.base),
      ggml: koffi.load(files.ggml),
      llama: koffi.load(files.llama),
      system: koffi.load(process.platform === 'win32' ? 'kernel32.dll' : null),
    }
  } catch (error) {
    throw new EspalierError('ENGINE_LIBRARY_MISSING', messageOf(error), { cause: error })
  }
}

function resolvePackage(name: string): string {
  const require = createRequire(import.meta.url)
  try {
    return require.resolve(name)
  } catch (error) {
    // Installers that do not hoist keep the platform packages below node-llama-cpp only.
    try {
      return createRequire(require.resolve('node-llama-cpp')).resolve(name)
    } catch {
      throw new EspalierError('ENGINE_LIBRARY_MISSING', `package ${name} is not installed`, { cause: error })
    }
  }
}

function readRelease(directory: string): string {
  const path = join(directory, '_nlcBuildMetadata.json')
  try {
    return BuildMetadataSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).buildOptions.llamaCpp.release
  } catch (error) {
    throw new EspalierError('ENGINE_LIBRARY_MISSING', `unreadable ${path}`, { cause: error })
  }
}
