import type { Page } from '@playwright/test'
import { expectNoIssueInAnyColour } from './gallery'
import { expect, headline } from './page-test'

/** What a place says about the node: the state, and the one thing to do about it. */
export interface SaidWords {
  state: string
  action: string
}

export interface JourneyOptions {
  /** Runs where the page begins with the node's state; a carrier with a tray compares here. */
  compare?(inWindow: () => Promise<SaidWords>): Promise<void>
}

/**
 * What an operator does with a new Espalier, once, on whatever carries the page: first run, the demonstration,
 * waiting for the host, serving, an answer, the end. Ends with everything that the window has said meanwhile.
 */
export async function operatorJourney(page: Page, { compare }: JourneyOptions = {}): Promise<SaidWords[]> {
  const inWindow = () => windowWords(page)
  const station = async (hasState = true) => {
    if (hasState) await compare?.(inWindow)
    await expectNoIssueInAnyColour(page)
  }

  await expect(headline(page)).toHaveText(/^Lend a branch/)
  await writeDownWords(page)
  await station()

  await page.getByRole('link', { name: 'Choose a network' }).click()
  await page.getByRole('radio', { name: /demo/ }).check()
  await page.getByRole('button', { name: 'Go on' }).click()
  await expect(headline(page)).toHaveText('What this computer gives')
  // Really timed: the sample model, by the engine of this app.
  await expect(page.getByText(/tokens\/s with \d+ threads?, through the sample model/)).toBeVisible({ timeout: 60_000 })
  await station()
  await page.getByRole('button', { name: 'Start the demo' }).click()
  // The demonstration's host decides after two seconds, which a busy machine may need for a single look.
  for (const state of ['Starting the demonstration', 'Waiting for approval'])
    await expect
      .poll(async () => (await saidWords(page)).map((said) => said.state), { timeout: 60_000 })
      .toContain(state)
  await station()

  await expect(headline(page)).toHaveText(/^Serving block/, { timeout: 90_000 })
  for (const name of ['Approved by the host', 'Fetched and verified', 'Loaded', 'Visible', 'Serving'])
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible()
  await expect(page.getByText(/^The coordinator at 127\.0\.0\.1:\d+ says: approved, blocks? /)).toBeVisible()
  await expect(page.getByText(/Seen by .* ago, and dialled back at 127\.0\.0\.1/).first()).toBeVisible()
  await expect(page.getByText('DEMO').first()).toBeVisible()
  await station()

  await page.getByRole('link', { name: 'Try it' }).click()
  await page.getByRole('textbox', { name: 'Prompt' }).fill('A hacker is')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('log', { name: 'Answer' })).toContainText('often used of people', { timeout: 30_000 })
  await expect(page.getByText('Complete')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText(/tokens\/s/)).toBeVisible()
  await expect(page.getByRole('list', { name: 'Route of the answer' }).getByRole('listitem')).not.toHaveCount(0)
  await station(false)

  await page.getByRole('link', { name: 'Overview' }).click()
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(headline(page)).toHaveText('Stopped', { timeout: 30_000 })
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeEnabled()
  await station()
  return saidWords(page)
}

function saidWords(page: Page): Promise<SaidWords[]> {
  return page.evaluate(() => (window as unknown as { saidWords: SaidWords[] }).saidWords)
}

/** Everything that the page complains about from now on. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  return complaints
}

/** As a person reads them. Before a network is chosen the page has a button of its own, and the node has none. */
async function windowWords(page: Page): Promise<SaidWords> {
  const isWelcome = (await page.locator('.welcome').count()) > 0
  if (isWelcome) return { state: await page.locator('.welcome-state').innerText(), action: 'Start' }
  return { state: await headline(page).innerText(), action: await page.locator('.hero-actions').innerText() }
}

/** States pass faster than a test can look, so the page writes down each that it has shown. */
async function writeDownWords(page: Page): Promise<void> {
  await page.evaluate(() => {
    const said: SaidWords[] = []
    Object.assign(window, { saidWords: said })
    const look = () => {
      const state = document.querySelector('.hero h1')?.textContent
      const action = document.querySelector('.hero-actions')?.textContent
      const last = said.at(-1)
      if (state && action && (last?.state !== state || last.action !== action)) said.push({ state, action })
    }
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
    look()
  })
}
