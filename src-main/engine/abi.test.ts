import { expect, test } from 'vitest'
import { checkDefaults, checkRelease, checkStructSizes, LLAMA_RELEASE } from './abi'
import { openLlama } from './api'
import { findLibraryDirectory, findLibraryFiles, platformPackage } from './library'

const options = { accelerator: 'cpu', directory: null } as const
const mismatch = expect.objectContaining({ code: 'ENGINE_ABI_MISMATCH' })

test('the release of the installed libraries is the pinned one, and only that is accepted', () => {
  findLibraryFiles(findLibraryDirectory(options))
  checkRelease(LLAMA_RELEASE)
  for (const release of ['v0.5.0', 'v0.4.1', '', 'b4242']) expect(() => checkRelease(release)).toThrow(mismatch)
})

test('structs of any other size are refused', () => {
  const sizes = { modelParams: 80, contextParams: 160, batch: 56 }
  checkStructSizes(sizes)
  for (const name of Object.keys(sizes) as (keyof typeof sizes)[]) {
    expect(() => checkStructSizes({ ...sizes, [name]: sizes[name] + 8 })).toThrow(mismatch)
  }
})

test('the library opens, and a default that is not as expected is refused', () => {
  const api = openLlama(options)
  const [model, context] = [api.modelDefaultParams(), api.contextDefaultParams()]
  checkDefaults(model, context)
  expect(() => checkDefaults({ ...model, n_gpu_layers: 0 }, context)).toThrow(mismatch)
  expect(() => checkDefaults({ ...model, use_extra_bufts: false }, context)).toThrow(mismatch)
  expect(() => checkDefaults(model, { ...context, kv_unified: true })).toThrow(mismatch)
  expect(() => checkDefaults(model, { ...context, type_v: 0 })).toThrow(mismatch)
})

test('every system has its package name', () => {
  expect(platformPackage('linux', 'x64', 'cpu')).toBe('linux-x64')
  expect(platformPackage('linux', 'arm', 'cpu')).toBe('linux-armv7l')
  expect(platformPackage('linux', 'x64', 'vulkan')).toBe('linux-x64-vulkan')
  expect(platformPackage('win32', 'x64', 'cuda')).toBe('win-x64-cuda')
  expect(platformPackage('win32', 'arm64', 'cpu')).toBe('win-arm64')
  expect(platformPackage('darwin', 'arm64', 'cpu')).toBe('mac-arm64-metal')
  expect(platformPackage('darwin', 'x64', 'cpu')).toBe('mac-x64')
})

test('a directory without the libraries is ENGINE_LIBRARY_MISSING', () => {
  for (const directory of ['/nowhere/at/all', import.meta.dirname]) {
    expect(() => findLibraryFiles(directory)).toThrow(expect.objectContaining({ code: 'ENGINE_LIBRARY_MISSING' }))
  }
})
