// Electron's V8 lives in a memory cage: array buffers over memory of native code cannot be made there, and Node-API
// answers `napi_no_external_buffers_allowed`. Plain Node makes them happily, so this refuses in its place.
import { readFileSync } from 'node:fs'
import { sep } from 'node:path'

const SYMBOLS = ['napi_create_external_arraybuffer', 'napi_create_external_buffer']

/** Addons that can make such buffers, and what is done about each. Others that can are not loaded at all. */
const KNOWN = [
  {
    name: 'koffi.node',
    guard(exports) {
      // The only one of koffi's functions that makes them (src/koffi/src/ffi.cc).
      Object.defineProperty(exports, 'view', {
        value() {
          throw new Error('This runtime does not support external buffers')
        },
      })
    },
  },
  {
    // Looks every Node-API function up by name, these included, and uses them for BLOB columns only; we have none.
    name: `libsql${sep}`,
    guard: () => undefined,
  },
]

/** Process-wide: call it before anything loads an addon. */
export function refuseExternalBuffers() {
  const load = process.dlopen
  process.dlopen = function dlopen(module, filename, ...rest) {
    const canMake = mentions(filename)
    const known = KNOWN.find(({ name }) => filename.includes(name))
    if (canMake && !known) {
      throw new Error(`${filename} can make external buffers, which Electron forbids; see how it is used, then list it`)
    }
    load.call(this, module, filename, ...rest)
    if (canMake) known.guard(module.exports)
  }
}

function mentions(filename) {
  const bytes = readFileSync(filename)
  return SYMBOLS.some((symbol) => bytes.includes(symbol))
}
