// Whoever hands on bundled code hands on its licences: one file with those of all packages that a build took in.
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Plugin } from 'vite'

const LICENCE_FILE = /^((un)?licen[cs]e|copying|notice)([.-](?!js|cjs|mjs|ts|json|html).*)?$/i
const README_SECTION = /^#+ *licen[cs]e[^\n]*\n([\s\S]*?)(?=^#|(?![\s\S]))/im
const HEAD = `Espalier and its pages contain code of the packages below. Packages that lie beside the program, under node_modules,
have their licences with them.`

interface PackageLicence {
  /** Name and version. */
  label: string
  /** What package.json declares: an SPDX expression, mostly. */
  licence: string
  /** Of all its licence files, else what its README says of licences; null where the author gave neither. */
  text: string | null
}

/**
 * Notes which packages several builds take in. Each build gets a plugin of its own; each, at its end, writes the
 * licences of all packages so far, so that the last one leaves the whole list.
 */
export function thirdPartyLicences(file: string): () => Plugin {
  const folders = new Set<string>()
  return () => ({
    name: 'espalier-third-party',
    apply: 'build',
    generateBundle(_options, bundle) {
      for (const output of Object.values(bundle)) {
        for (const id of output.type === 'chunk' ? output.moduleIds : []) {
          const folder = packageFolder(id)
          if (folder !== null) folders.add(folder)
        }
      }
    },
    closeBundle: {
      sequential: true,
      async handler() {
        await mkdir(dirname(file), { recursive: true })
        await writeFile(file, licencesText([...folders].map(readLicence)))
      },
    },
  })
}

/** The folder of the package that a module belongs to; null for our own and for those that a builder makes up. */
export function packageFolder(moduleId: string): string | null {
  return /^.*\/node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(moduleId.replaceAll('\\', '/'))?.[0] ?? null
}

export function readLicence(folder: string): PackageLicence {
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const declared = [license ?? licenses ?? []].flat().map((one: string | { type: string }) => {
    return typeof one === 'string' ? one : one.type
  })
  const textsOf = (pattern: RegExp) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && pattern.test(entry.name))
      .map((entry) => entry.name)
      .sort()
      .map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim())
  const own = textsOf(LICENCE_FILE).join('\n\n')
  const told = textsOf(/^readme\.md$/i).map((readme) => README_SECTION.exec(readme)?.[1]?.trim())[0]
  return {
    label: `${name} ${version}`,
    licence: declared.join(' OR ') || 'declares no licence',
    text: own || told || null,
  }
}

/** First a line for each package, then the texts: one that several packages share, letter by letter, stands once. */
export function licencesText(packages: readonly PackageLicence[]): string {
  const sorted = [...new Map(packages.map((one) => [one.label, one])).values()].sort((a, b) =>
    a.label < b.label ? -1 : 1,
  )
  const sharing = new Map<string, string[]>()
  for (const { label, text } of sorted) if (text !== null) sharing.set(text, [...(sharing.get(text) ?? []), label])
  const list = sorted.map(
    ({ label, licence, text }) => `${label}: ${licence}${text === null ? ' (its package has no licence text)' : ''}`,
  )
  const texts = [...sharing].map(([text, labels]) => `${'='.repeat(80)}\n${labels.join('\n')}\n\n${text}`)
  return `${[HEAD, list.join('\n'), ...texts].join('\n\n')}\n`
}
