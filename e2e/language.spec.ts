import type { Page } from '@playwright/test'
import * as english from '../src-renderer/words/en'
import { orchard } from './support/dashboard-fixtures'
import { expectNoSeriousIssue, picture, SIZES } from './support/gallery'
import { preparingHost, runningHost } from './support/host-fixtures'
import { expect, headline, SCREENSHOT_DIR, test } from './support/page-test'
import { READ_TOKEN, type ScriptedHost } from './support/scripted-host'
import { fetchingStatus, problemStatus, servingStatus, stoppedStatus } from './support/status-fixtures'
import { firstRunStatus, rejectedStatus, SETTINGS } from './support/view-fixtures'

const PLACES = [
  '#/overview',
  '#/shards',
  '#/peers',
  '#/peers/capabilities',
  '#/peers/map',
  '#/peers/path',
  '#/try',
  '#/host',
  '#/diagnostics',
  '#/settings',
] as const

/** The catalogue's plain English texts of three words or more: shorter ones may well be a name. */
function sentencesOf(value: unknown): string[] {
  if (typeof value === 'string') return value.split(' ').length >= 3 ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(sentencesOf)
}
const SENTENCES = sentencesOf(english).filter((text) => text !== english.PALETTE.keys)

/** What is read and heard on the page. */
async function wordsOn(page: Page): Promise<string> {
  return page.evaluate(() => {
    const spoken = ['aria-label', 'aria-valuetext', 'placeholder', 'title']
    const attributes = [...document.querySelectorAll('*')].flatMap((element) =>
      spoken.flatMap((name) => element.getAttribute(name) ?? []),
    )
    return [document.title, document.body.textContent, ...attributes].join('\n')
  })
}

/** Nothing of the page's own; what the node reports is English, and may say the same. */
async function expectNoEnglish(page: Page, host: ScriptedHost): Promise<void> {
  const reported = JSON.stringify([host.makeChecks(0), host.logLines, host.talk, host.hosted])
  const words = await wordsOn(page)
  expect(SENTENCES.filter((sentence) => words.includes(sentence) && !reported.includes(sentence))).toEqual([])
}

async function openInGerman(page: Page, host: ScriptedHost): Promise<void> {
  host.settings = { ...host.settings, language: 'de' }
  await page.goto(host.url)
  await expect(page.locator('html')).toHaveAttribute('lang', 'de')
}

/** For people to look at, where somebody has asked for it. */
async function photograph(page: Page, name: string): Promise<void> {
  if (!process.env.ESPALIER_SCREENSHOTS) return
  for (const size of ['phone', 'wide'] as const) {
    await page.setViewportSize(SIZES[size])
    const path = `${SCREENSHOT_DIR}/de-${name.replaceAll(/[#/]+/g, '-')}-${size}.png`
    await page.screenshot({ path, fullPage: true })
  }
}

async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    window.location.hash = to
  }, hash)
}

test.describe('in German', () => {
  test('every page fits its window, is German throughout, and axe finds nothing serious', async ({ page, host }) => {
    test.setTimeout(240_000)
    await page.setViewportSize(SIZES.wide)
    host.say(servingStatus)
    await openInGerman(page, host)
    await expect(headline(page)).toHaveText('Stellt die Blöcke 4–7 bereit')
    for (const place of PLACES) {
      await go(page, place)
      await expect(page.locator('main h1')).toBeVisible()
      await expect(page.getByText(/gelesen\s…|aufgeschlagen\s…/)).toHaveCount(0)
      await picture(page, `deutsch-${place.replaceAll(/[#/]+/g, '-').slice(1)}`)
      await expectNoEnglish(page, host)
      await expectNoSeriousIssue(page)
      await photograph(page, place)
    }
    await page.keyboard.press('Control+k')
    await expect(page.getByRole('dialog')).toBeVisible()
    await page.keyboard.type('sprache')
    await expect(page.getByRole('dialog').getByRole('option').first()).toContainText('Einstellungen')
    await expectNoEnglish(page, host)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+/')
    await expect(page.getByRole('dialog')).toContainText('Tastenkürzel')
    await expectNoEnglish(page, host)
  })

  test('so is the hosting of a network, with every question', async ({ page, host }) => {
    test.setTimeout(120_000)
    host.say(servingStatus)
    await openInGerman(page, host)
    await go(page, '#/host')
    await page.getByRole('textbox', { name: 'Modelldatei' }).fill('')
    await page.getByRole('button', { name: 'Dieses Netzwerk hosten' }).click()
    await expectNoEnglish(page, host)
    host.host(preparingHost(Date.now()))
    await expect(headline(page)).toHaveText('Hasht die Modelldatei')
    await expectNoEnglish(page, host)
    const { workers, decisions, ...network } = orchard(Date.now())
    host.host(runningHost(Date.now(), { ...network, workers: [], decisions: [] }))
    await expect(page.getByText('Noch wurde nichts entschieden.', { exact: false })).toBeVisible()
    await expectNoEnglish(page, host)
    host.host(runningHost(Date.now(), { ...network, workers, decisions }))
    await expect(page.getByRole('columnheader', { name: 'Blöcke und Grund' })).toBeVisible()
    await picture(page, 'deutsch-host-running')
    await expectNoEnglish(page, host)
    await expectNoSeriousIssue(page)
    await photograph(page, 'host-running')
    const questions = [
      ['Annehmen late-damson', 'late-damson annehmen?', 'Abbrechen'],
      ['Ablehnen late-damson', 'late-damson ablehnen?', 'Abbrechen'],
      ['Einladung erstellen', 'Eine Einladung', 'Fertig'],
      ['Hosten beenden', 'Hosten beenden?', 'Weiter hosten'],
    ] as const
    for (const [button, title, away] of questions) {
      await page.getByRole('button', { name: button }).click()
      const dialog = page.getByRole('dialog', { name: title })
      await expect(dialog).toBeVisible()
      await expectNoEnglish(page, host)
      await expectNoSeriousIssue(page)
      await dialog.getByRole('button', { name: away }).click()
      await expect(dialog).toHaveCount(0)
    }
    await page.getByRole('searchbox', { name: 'Einen Worker suchen' }).fill('niemand, der so heißt')
    await expect(page.getByText('Kein Worker passt dazu.')).toBeVisible()
    await expectNoEnglish(page, host)
  })

  test('so is the node in its other states, and the first run', async ({ page, host }) => {
    test.setTimeout(120_000)
    await openInGerman(page, host)
    for (const status of [stoppedStatus, fetchingStatus, problemStatus, rejectedStatus]) {
      host.say(status)
      await expect(page.locator('main h1')).toBeVisible()
      await picture(page, `deutsch-${status.name}`)
      await photograph(page, status.name)
      await expectNoEnglish(page, host)
    }
    host.settings = { ...host.settings, network: null }
    host.say(firstRunStatus)
    await page.reload()
    await expect(headline(page)).toHaveText('Verleihen Sie einen Zweig dieses Computers')
    await picture(page, 'deutsch-welcome')
    await photograph(page, 'welcome')
    await expectNoEnglish(page, host)
    await page.getByRole('link', { name: 'Netzwerk wählen' }).click()
    for (const way of [/Einladung/, /in der Nähe/]) {
      await page.getByRole('radio', { name: way }).check()
      await expectNoEnglish(page, host)
    }
    await page.getByRole('radio', { name: /Adresse/ }).check()
    await page.getByRole('textbox', { name: 'Adresse' }).fill('https://orchard.example')
    await page.getByRole('button', { name: 'Dieses Netzwerk ansehen' }).click()
    await page.getByRole('button', { name: 'Weiter' }).click()
    await expect(headline(page)).toHaveText('Was dieser Computer gibt')
    await picture(page, 'deutsch-welcome-computer')
    await photograph(page, 'welcome-computer')
    await expectNoEnglish(page, host)
  })
})

test.describe('the language', () => {
  test('is chosen in the settings, at once, and the keyboard stays where it was', async ({ page, host }) => {
    host.say(servingStatus)
    await page.goto(`${host.url}`)
    await expect(page.locator('html')).toHaveAttribute('lang', 'en')
    await go(page, '#/settings')
    const choice = page.getByRole('combobox', { name: 'Language' })
    await choice.focus()
    await choice.selectOption('de')
    await expect(headline(page)).toHaveText('Einstellungen')
    await expect(page.locator('html')).toHaveAttribute('lang', 'de')
    expect(host.settings.language).toBe('de')
    await expect(page.getByRole('combobox', { name: 'Sprache' })).toBeFocused()
    // The next page begins in it, before the settings have come.
    await page.reload()
    await expect(page.getByRole('combobox', { name: 'Sprache' })).toHaveValue('de')
    await page.getByRole('combobox', { name: 'Sprache' }).selectOption('en')
    await expect(headline(page)).toHaveText('Settings')
  })

  test.describe('of a browser that wishes German', () => {
    test.use({ locale: 'de-AT' })

    test('is German while nobody has chosen, also for a link that only looks', async ({ page, host }) => {
      host.settings = SETTINGS
      host.say(stoppedStatus)
      await page.goto(host.url)
      await expect(headline(page)).toHaveText('Angehalten')
      host.settings = { ...SETTINGS, language: 'en' }
      await page.goto(`${host.carrier.url}/#token=${READ_TOKEN}`)
      await page.reload()
      await expect(page.getByText('Nur-Lese-Link').first()).toBeVisible()
    })
  })
})
