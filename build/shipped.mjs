// What of the build and of node_modules an installed app needs: everything that its entry files reach, nothing else.
// The measurements are built beside the app, and some dependencies serve only them.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import ts from 'typescript'

const MEASUREMENTS = /^bench/
/** Packages of llama.cpp's libraries are found by name, not imported: the engine opens the files in them. */
const LIBRARY_SCOPE = '@node-llama-cpp'
/** Given by the runtime, never installed. */
const RUNTIME = new Set(['electron'])

/**
 * Follows the imports of every entry file of the app.
 * @param {string} root the checkout, already built
 * @returns {{ files: string[], packages: string[] }} paths relative to `root`, with `/`; names of imported packages
 */
export function shippedCode(root) {
  const files = new Set()
  const packages = new Set()
  const queue = entriesOf(root)
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (files.has(file)) continue
    files.add(file)
    for (const imported of importsOf(join(root, file))) {
      if (imported.startsWith('.')) queue.push(toPosix(relative(root, join(root, dirname(file), imported))))
      else packages.add(packageName(imported))
    }
  }
  return { files: [...files].sort(), packages: [...packages].sort() }
}

/**
 * Names of the packages that a file imports or requires, with what stands behind the name (`zod/mini`), and relative
 * paths; without Node's own modules and without `electron`.
 * @param {string} path
 * @returns {string[]}
 */
export function importsOf(path) {
  const { importedFiles } = ts.preProcessFile(readFileSync(path, 'utf8'), true, true)
  return importedFiles.map(({ fileName }) => fileName).filter((name) => !isBuiltin(name) && !RUNTIME.has(name))
}

/** @param {string} specifier `@scope/name/file` or `name/file` */
export function packageName(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/**
 * Names of installed production packages that the app never reaches. Names, not folders: electron-builder arranges
 * node_modules anew, so one of two versions may lie elsewhere than here. A name that is needed once is kept throughout.
 * @param {string} root
 * @param {readonly string[]} imported names of packages that the app imports
 * @returns {string[]}
 */
export function unreachedPackages(root, imported) {
  // Without a slash at its end: the walk up through the folders ends where it meets this one.
  const top = resolve(root)
  const libraries = readdirSync(join(top, 'node_modules', LIBRARY_SCOPE)).map((name) => `${LIBRARY_SCOPE}/${name}`)
  const needed = closure(top, [...imported, ...libraries])
  return [...closure(top, Object.keys(readManifest(top).dependencies ?? {}))].filter((name) => !needed.has(name)).sort()
}

function entriesOf(root) {
  const main = readdirSync(join(root, 'out/main')).filter((name) => name.endsWith('.js') && !MEASUREMENTS.test(name))
  const preloads = existsSync(join(root, 'out/preload')) ? readdirSync(join(root, 'out/preload')) : []
  return [
    ...main.map((name) => `out/main/${name}`),
    ...preloads.filter((name) => name.endsWith('.cjs')).map((name) => `out/preload/${name}`),
  ]
}

/** Names of the installed packages that `names` lead to, as Node would find them from `root`. */
function closure(root, names) {
  const reached = new Set()
  const folders = new Set()
  const queue = names.map((name) => [root, name])
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [from, name] = next
    const folder = installedAt(root, from, name)
    if (folder === null || folders.has(folder)) continue
    folders.add(folder)
    reached.add(name)
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = readManifest(folder)
    const peers = Object.keys(peerDependencies ?? {}).filter((peer) => !peerDependenciesMeta?.[peer]?.optional)
    const all = [...Object.keys(dependencies ?? {}), ...Object.keys(optionalDependencies ?? {}), ...peers]
    for (const dependency of all) queue.push([folder, dependency])
  }
  return reached
}

/** Null for an optional package that is not for this computer. */
function installedAt(root, from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return candidate
    if (folder === root || folder === dirname(folder)) return null
  }
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

function toPosix(path) {
  return path.split(sep).join('/')
}
