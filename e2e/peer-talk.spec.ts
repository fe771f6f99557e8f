import type { Page } from '@playwright/test'
import type { PeerTalk } from '../src-shared/readiness'
import { cutTalkOf, readinessOf, talkOf } from './support/file-fixtures'
import { expect, test } from './support/page-test'
import type { ScriptedHost } from './support/scripted-host'
import { servingStatus } from './support/status-fixtures'

const PEERS = [...'ABCDEFG'].map((letter) => `12D3KooW${letter.repeat(44)}`)

/** What the node says of the seven others of its eight. */
function say(host: ScriptedHost, talkWith: (peer: string, index: number, at: number) => PeerTalk): void {
  host.say((at) => {
    const talks = PEERS.map((peer, index) => talkWith(peer, index, at))
    return { ...servingStatus(at), readiness: { ...readinessOf(at), talks } }
  })
}

async function openShards(page: Page, host: ScriptedHost): Promise<void> {
  await page.goto(host.url)
  await page.getByRole('link', { name: 'Shards', exact: true }).click()
}

const rows = (page: Page) =>
  page.getByRole('region', { name: 'Commands between nodes' }).first().locator('tbody').getByRole('row')

/** The cells that are red, as the indexes of their rows and columns. */
const red = (page: Page) =>
  rows(page).evaluateAll((lines) =>
    lines.flatMap((line, row) =>
      [...line.children].flatMap((cell, column) => (cell.classList.contains('is-bad') ? [[row, column]] : [])),
    ),
  )

test('S-44: a link is cut: exactly its cell is red, with the reason; when it is back, none is', async ({
  page,
  host,
}) => {
  say(host, (peer, _, at) => talkOf(peer, at))
  await openShards(page, host)
  await expect(rows(page)).toHaveCount(7)
  await expect(rows(page).nth(3)).toContainText(/after 12\smstakes them for loadedASK_VIEW, \d+\ss agoconnected/)
  expect(await red(page)).toEqual([])

  say(host, (peer, index, at) => (index === 3 ? cutTalkOf(peer, at) : talkOf(peer, at)))
  await expect(rows(page).nth(3)).toContainText('The peer cannot be reached. PEER_UNREACHABLE')
  await expect(rows(page).nth(3)).toContainText('none now')
  expect(await red(page)).toEqual([[3, 1]])

  say(host, (peer, _, at) => talkOf(peer, at))
  await expect.poll(() => red(page)).toEqual([])
})

test('S-17: a node with an old view of this one is marked, until it has the new one', async ({ page, host }) => {
  say(host, (peer, index, at) => talkOf(peer, at, { seesUs: index !== 5 }))
  await openShards(page, host)
  await expect(rows(page).nth(5)).toContainText('does not, is told again')
  expect(await red(page)).toEqual([[5, 2]])
  say(host, (peer, _, at) => talkOf(peer, at))
  await expect.poll(() => red(page)).toEqual([])
})

test('S-44: without other nodes it says so, and with nothing sent yet it claims nothing', async ({ page, host }) => {
  host.say((at) => ({ ...servingStatus(at), readiness: { ...readinessOf(at), talks: [] } }))
  await openShards(page, host)
  await expect(page.getByText('No other node serves this model.')).toBeVisible()
  say(host, (peer, _, at) => talkOf(peer, at, { command: null, seesUs: null }))
  await expect(rows(page).first()).toContainText('–not knownnone yetconnected')
  expect(await red(page)).toEqual([])
})
