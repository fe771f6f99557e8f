// Bundled, a program starts in half the time: the packages of a node have some 900 files. What cannot be bundled is
// named here, and whatever else would look for its own files fails the build.
import type { Plugin } from 'vite'
import { packageFolder } from './third-party'

/**
 * Not bundled, and thus the only `dependencies` of package.json: those with binaries beside their code, and
 * electron-updater, whose version electron-builder looks for there.
 */
const OUTSIDE = ['koffi', 'libsql', 'node-llama-cpp', 'electron-updater']
export const outside = OUTSIDE.map((name) => new RegExp(`^${name}($|/)`))

/** They name their own folder, but not on a path that we take: threads that write logs, and a title that we give. */
const HARMLESS = /\/(pino|thread-stream|@fastify\/swagger)$/
const OWN_FOLDER = /\b(__dirname|__filename|import\.meta)\b/
const COMMENTS = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm

/** @achingbrain/ssdp asks for its own name and version as it loads. */
const OWN_NAME = /const req = createRequire\(import\.meta\.url\);\s*(const \{[^}]*\}) = req\('(\.[^']*)'\);/

/** Gives bundled packages what they read from their own folder, and fails the build for one that is not known to. */
export function bundledPackages(): Plugin {
  return {
    name: 'espalier-bundled-packages',
    apply: 'build',
    transform: (code, id) =>
      // Lines stay where they were, so the map of the sources holds.
      packageFolder(id) === null || !OWN_NAME.test(code) ? null : { code: withOwnName(code), map: null },
    generateBundle(_options, bundle) {
      for (const output of Object.values(bundle)) {
        for (const [id, { code }] of output.type === 'chunk' ? Object.entries(output.modules) : []) {
          const folder = packageFolder(id)
          if (folder === null || HARMLESS.test(folder)) continue
          if (OWN_FOLDER.test(code?.replaceAll(COMMENTS, '') ?? '')) {
            this.error(
              `${id} looks for files beside itself, which are not there once it is bundled (build/bundled-packages.ts)`,
            )
          }
        }
      }
    },
  }
}

/** With its package.json bundled. */
export function withOwnName(code: string): string {
  return code.replace(OWN_NAME, "import ownManifest from '$2';\n$1 = ownManifest;")
}
