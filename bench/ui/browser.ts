import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Playwright from '@playwright/test'
import type * as React from '@vitejs/plugin-react'
import type * as Vite from 'vite'
import { appPaths } from '../../src-main/app-paths'

/** A browser with the page of this measurement in it. */
export async function openBenchPage(): Promise<{ page: Playwright.Page; close(): Promise<void> }> {
  const { script, styles } = await buildPage()
  // Not imported: what only develops the app would be bundled into the measurements.
  const { chromium } = required<typeof Playwright>('@playwright/test')
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    // Chromium's sandbox refuses to start for root, as in most containers.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })
  try {
    const page = await browser.newPage({ viewport: { width: 1_400, height: 900 } })
    await page.setContent(`<!doctype html><style>${styles}</style><main><div id="root"></div></main>`)
    await page.addScriptTag({ content: script })
    return { page, close: () => browser.close() }
  } catch (error) {
    await browser.close()
    throw error
  }
}

async function buildPage(): Promise<{ script: string; styles: string }> {
  const outDir = await mkdtemp(join(tmpdir(), 'espalier-bench-page-'))
  try {
    const vite = await imported<typeof Vite>('vite')
    const react = await imported<typeof React>('@vitejs/plugin-react')
    await vite.build({
      configFile: false,
      root: join(appPaths().root, 'bench/ui'),
      logLevel: 'error',
      plugins: [react.default()],
      define: { 'process.env.NODE_ENV': '"production"' },
      build: {
        outDir,
        emptyOutDir: true,
        minify: true,
        lib: { entry: 'page.tsx', formats: ['iife'], name: 'page', fileName: () => 'page.js' },
      },
    })
    const names = await readdir(outDir)
    const textOf = async (ending: string) => {
      const name = names.find((candidate) => candidate.endsWith(ending))
      return name === undefined ? '' : readFile(join(outDir, name), 'utf8')
    }
    return { script: await textOf('.js'), styles: await textOf('.css') }
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
}

function required<T>(name: string): T {
  return createRequire(join(appPaths().root, 'package.json'))(name) as T
}

async function imported<T>(name: string): Promise<T> {
  const path = createRequire(join(appPaths().root, 'package.json')).resolve(name)
  return (await import(pathToFileURL(path).href)) as T
}
