import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Locator, Page } from '@playwright/test'
import { toBuffer } from 'qrcode'
import { EspalierError } from '../src-shared/errors'
import { RENDERER_DIR } from './support/build-renderer'
import { CPU_FIT } from './support/file-fixtures'
import { expectNoIssueInAnyColour } from './support/gallery'
import { expect, headline, SCREENSHOT_DIR, test } from './support/page-test'
import { LOST, READ_TOKEN, type ScriptedHost } from './support/scripted-host'
import {
  demoStatus,
  fetchingStatus,
  largeModelStatus,
  PEERS,
  placedStatus,
  servingStatus,
  stoppedStatus,
} from './support/status-fixtures'
import { failingChecksOf, firstRunStatus, linesOf, manyPeers, SETTINGS, SHARDS } from './support/view-fixtures'

const prompt = (page: Page) => page.getByRole('textbox', { name: 'Prompt' })
const answer = (page: Page) => page.getByRole('log', { name: 'Answer' })

async function open(page: Page, host: ScriptedHost, name: string): Promise<void> {
  await page.goto(host.url)
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click()
  await expect(headline(page)).toHaveText(name)
}

test.describe('every page', () => {
  const NAMES = ['Shards', 'Peers', 'Try it', 'Host', 'Diagnostics', 'Settings']

  test('C-40: has an address, a title, the demo’s watermark, and nothing serious for axe', async ({ page, host }) => {
    test.setTimeout(180_000)
    host.say(demoStatus)
    await page.goto(host.url)
    for (const name of ['Overview', ...NAMES]) {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click()
      await expect(page.getByText('This node can’t leave this computer')).toBeVisible()
      const title = name === 'Host' ? 'Host a network' : name
      if (name !== 'Overview') await expect(page).toHaveTitle(`${title} · Espalier`)
      await expectNoIssueInAnyColour(page)
    }
    await page.reload()
    await expect(headline(page)).toHaveText('Settings')
    await page.goBack()
    await expect(headline(page)).toHaveText('Diagnostics')
  })

  test('H-30: is reached by keyboard, and begins at its heading', async ({ page, host }) => {
    host.say(stoppedStatus)
    await page.goto(host.url)
    await expect(headline(page)).toHaveText('Stopped')
    const reached: string[] = []
    for (let tab = 0; tab < NAMES.length + 6; tab += 1) {
      await page.keyboard.press('Tab')
      const name = await page.evaluate(() => {
        const at = document.activeElement
        if (at instanceof HTMLInputElement && at.type === 'radio') return at.value
        return at?.getAttribute('aria-label') ?? at?.textContent?.trim() ?? ''
      })
      reached.push(name.replace(PEERS.self, '…'))
    }
    const before = ['Skip to the page', 'CommandsCtrl K']
    expect(reached).toEqual([...before, 'Overview', ...NAMES, 'Copy the peer id …', 'system', 'Start'])

    await page.getByRole('link', { name: 'Peers' }).focus()
    await page.keyboard.press('Enter')
    await expect(headline(page)).toHaveText('Peers')
    await expect(headline(page)).toBeFocused()
  })

  test('tells while there is no contact', async ({ page, host, complaints }) => {
    complaints.expectOnly(/ERR_CONNECTION_(REFUSED|RESET)/)
    host.say(servingStatus)
    await page.goto(host.url)
    await expect(headline(page)).toHaveText('Serving blocks 4–7')
    await host.carrier.close()
    for (const name of NAMES) {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click()
      await expect(page.getByRole('status').filter({ hasText: 'No contact with the node.' })).toBeVisible()
      await expect(page.getByText(/Last news/)).toBeVisible()
      await expect(page.getByRole('img', { name: 'visible:' })).toHaveCount(0)
    }
  })

  test('loads at most 250 kB at first, compressed, in the language that weighs more; the map and the reader of pictures come when they are needed', async () => {
    const names = (await readdir(join(RENDERER_DIR, 'assets'))).filter((name) => /\.(js|css)$/.test(name))
    const weigh = async (some: readonly string[]) => {
      const files = await Promise.all(some.map((name) => readFile(join(RENDERER_DIR, 'assets', name))))
      return files.reduce((sum, file) => sum + gzipSync(file).length, 0)
    }
    const map = names.filter((name) => name.startsWith('peer-map'))
    const reader = names.filter((name) => name.startsWith('decode'))
    const isLater = (name: string) => map.includes(name) || reader.includes(name)
    expect([map.length, reader.length]).toEqual([1, 1])
    // English is in the first file, and whoever reads German loads it beside that.
    expect(names.some((name) => name.startsWith('de-'))).toBe(true)
    expect(await weigh(names.filter((name) => !isLater(name)))).toBeLessThan(250_000)
    expect(await weigh(map)).toBeLessThan(50_000)
    expect(await weigh(reader)).toBeLessThan(20_000)
  })

  test('renders at most ten times a second in a burst', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, 'Peers')
    await page.evaluate(() => {
      const counted = window as unknown as { changes: Set<number> }
      counted.changes = new Set()
      new MutationObserver(() => counted.changes.add(performance.now())).observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
      })
    })
    const startedAt = Date.now()
    for (let index = 0; index < 200; index += 1) {
      host.say((at) => ({ ...servingStatus(at), peers: manyPeers(at, 10 + (index % 20), 8) }))
      host.write('debug', 'burst', `line ${index}`)
      await page.waitForTimeout(5)
    }
    const seconds = (Date.now() - startedAt) / 1_000
    const changes = await page.evaluate(() => (window as unknown as { changes: Set<number> }).changes.size)
    // One more for the first, which is shown at once.
    expect(changes).toBeLessThanOrEqual(10 * seconds + 1)
    expect(changes).toBeGreaterThan(3)
  })
})

test.describe('welcome', () => {
  test.beforeEach(({ host }) => {
    host.settings = { ...SETTINGS, network: null }
    host.say(firstRunStatus)
  })

  const main = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
  async function chooseWay(page: Page, host: ScriptedHost, name: RegExp): Promise<void> {
    await page.goto(host.url)
    await page.getByRole('link', { name: 'Choose a network' }).click()
    await page.getByRole('radio', { name }).check()
  }
  const asked = (host: ScriptedHost, method: string) => host.calls.filter((call) => call.method === method)

  test('a demo is three presses away', async ({ page, host }) => {
    host.onStart = () => host.say(demoStatus)
    await page.goto(host.url)
    await expect(headline(page)).toHaveText('Lend a branch of this computer')
    await expect(page.getByText('every node on a route can read what passes through it')).toBeVisible()
    await expectNoIssueInAnyColour(page)
    await page.getByRole('link', { name: 'Choose a network' }).click()
    await page.getByRole('radio', { name: /demo/ }).check()
    await main(page, 'Go on').click()
    await expect(page.getByText('nothing is fetched, and nothing leaves this computer')).toBeVisible()
    await main(page, 'Start the demo').click()
    await expect(headline(page)).toHaveText('Serving blocks 4–7')
    await expect(page.getByText('This node can’t leave this computer')).toBeVisible()
    expect(host.settings.network).toEqual({ kind: 'demo' })
  })

  test('a network is looked at before anything is sent, and the sent fields are shown', async ({ page, host }) => {
    await chooseWay(page, host, /^The address/)
    await main(page, 'Look at this network').click()
    await expect(page.getByText('Enter the address that the host')).toBeVisible()
    await page.getByRole('textbox', { name: 'Address' }).fill('my orchard')
    await expect(page.getByText('This is not a web address')).toBeVisible()
    expect(host.calls.filter(({ method }) => method.startsWith('network.'))).toEqual([])

    await page.getByRole('textbox', { name: 'Address' }).fill('https://elsewhere.example')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('alert')).toContainText('COORDINATOR_NOT_ONE')

    await page.getByRole('textbox', { name: 'Name that others see' }).fill('cellar-pc')
    await page.getByRole('textbox', { name: 'Address' }).fill('https://orchard.example')
    await expect(page.getByRole('alert')).toHaveCount(0)
    await main(page, 'Look at this network').click()
    await expect(page.getByText('Llama 3.1 8B Instruct')).toBeVisible()
    await expect(page.getByText('93 %')).toBeVisible()
    await main(page, 'Go on').click()
    await expect(page.getByRole('definition').filter({ hasText: 'cellar-pc' })).toBeVisible()
    await expect(page.getByText(PEERS.self)).toBeVisible()

    await main(page, 'Ask to join').click()
    await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible()
    expect(host.settings).toMatchObject({
      publicName: 'cellar-pc',
      network: { kind: 'coordinator', url: 'https://orchard.example' },
    })
  })

  test('S-42: it says what will be fetched, by what is given, before anybody is asked', async ({ page, host }) => {
    await chooseWay(page, host, /^The address/)
    await page.getByRole('textbox', { name: 'Address' }).fill('https://orchard.example')
    await main(page, 'Look at this network').click()
    await main(page, 'Go on').click()
    const comes = page.getByRole('region', { name: 'What happens then' })
    await expect(comes).toContainText('Only when the answer is right does it say that it is online.')
    // The card computes, so its memory counts: 11.2 GB free, and 142 MB a block.
    await expect(comes).toContainText(/at most 32 of 32 blocks, and 4\.54.GB to fetch of a model of 4\.92.GB/)
    const graphics = page.getByRole('slider', { name: 'Graphics memory' })
    await graphics.focus()
    await page.keyboard.press('Home')
    await expect(comes).toContainText(/at most 7 of 32 blocks, and 994.MB to fetch/)
    expect(host.settings.gpuMemoryGb).toBe(1)
    expect(asked(host, 'network.join')).toEqual([])
  })

  test('sliders stay within what there is, are kept where they are let go, and what was measured follows', async ({
    page,
    host,
  }) => {
    await chooseWay(page, host, /^The address/)
    await page.getByRole('textbox', { name: 'Address' }).fill('https://orchard.example')
    await main(page, 'Look at this network').click()
    await main(page, 'Go on').click()
    await expect(page.getByText('tokens/s with 15 threads')).toBeVisible()
    const meter = page.getByRole('region', { name: 'What joining would change' })
    await meter.getByRole('button', { name: 'Measure' }).click()
    await expect(meter).toContainText('slower than one is now')

    const threads = page.getByRole('slider', { name: 'Threads' })
    await threads.focus()
    await page.keyboard.press('End')
    await expect(threads).toHaveAttribute('aria-valuetext', /^all 16/)
    await expect(page.getByText('tokens/s with 16 threads')).toBeVisible()
    await expect
      .poll(() => asked(host, 'meter.run').map(({ input }) => input))
      .toEqual([{ url: 'https://orchard.example' }, { url: 'https://orchard.example', again: true }])
    expect(asked(host, 'computer.time')).toHaveLength(2)

    const memory = page.getByRole('slider', { name: 'Memory', exact: true })
    await memory.focus()
    await page.keyboard.press('End')
    await expect(memory).toHaveAttribute('aria-valuetext', /33.GB of 33\.6.GB/)
    const disk = page.getByRole('slider', { name: 'Disk' })
    await disk.focus()
    await page.keyboard.press('ArrowLeft')
    await expect(disk).toHaveAttribute('aria-valuetext', /at most 300.GB/)
    await page.getByRole('switch', { name: /Hand/ }).click()
    await expect
      .poll(() => host.settings)
      .toMatchObject({ threads: 16, offeredMemoryGb: 33, diskCapGb: 300, seeds: false })
    // What would be sent was asked for again: it is shown as it would be.
    await expect.poll(() => asked(host, 'network.preview').length).toBeGreaterThan(2)
  })

  test('nothing typed is lost by Back, by the browser’s own, or by loading the page anew', async ({ page, host }) => {
    await chooseWay(page, host, /^The address/)
    await page.getByRole('textbox', { name: 'Address' }).fill('https://orchard.example')
    await page.getByRole('textbox', { name: 'Name that others see' }).fill('cellar-pc')
    await page.getByRole('link', { name: 'Back' }).click()
    await expect(headline(page)).toHaveText(/Lend a branch/)
    await page.goBack()
    const stands = async () => {
      await expect(headline(page)).toHaveText('Choose a network')
      await expect(page.getByRole('radio', { name: /^The address/ })).toBeChecked()
      await expect(page.getByRole('textbox', { name: 'Address' })).toHaveValue('https://orchard.example')
      await expect(page.getByRole('textbox', { name: 'Name that others see' })).toHaveValue('cellar-pc')
    }
    await stands()
    await page.reload()
    await stands()
    await main(page, 'Look at this network').click()
    await main(page, 'Go on').click()
    await expect(headline(page)).toHaveText('What this computer gives')
    await page.goBack()
    await stands()
    await page.goForward()
    // Loaded anew, the network has to be looked at again: what was seen may be old.
    await page.reload()
    await stands()
    await main(page, 'Look at this network').click()
    await main(page, 'Go on').click()
    await main(page, 'Ask to join').click()
    await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible()
    expect(await page.evaluate(() => window.sessionStorage.getItem('espalier.welcome'))).toBeNull()
  })

  test('H-13: a network that was found is offered by name, and nobody vouches for it', async ({ page, host }) => {
    await page.goto(host.url)
    await page.getByRole('link', { name: 'Choose a network' }).click()
    expect(asked(host, 'lan.find')).toEqual([])
    await page.getByRole('radio', { name: /near me/ }).check()
    const found = page.getByRole('radio', { name: /Llama 3.1 8B/ })
    await expect(page.getByText('was found on your local network. Nobody vouches for it.').first()).toBeVisible()
    await main(page, 'Look at this network').click()
    await expect(page.getByText('Choose one of the networks that were found.')).toBeVisible()
    await found.check()
    await main(page, 'Look at this network').click()
    await expect(page.getByRole('alert')).toContainText('COORDINATOR_INSECURE')
    await page.getByRole('textbox', { name: /To send it unencrypted/ }).fill('unencrypted')
    await main(page, 'Look at this network').click()
    await expect(main(page, 'Go on')).toBeVisible()
    expect(asked(host, 'network.preview').at(-1)?.input).toEqual({ url: 'http://192.168.1.17:8000', insecure: true })
  })

  test('an invite is read from a picture of its QR code, chosen, dropped or pasted', async ({ page, host }) => {
    const link = `espalier://invite?url=https%3A%2F%2Forchard.example&invite=${'eyJhbGciOiJFZERTQSJ9.'.repeat(12)}`
    const pictureOf = async (text: string, dark = '#000', light = '#fff') =>
      (await toBuffer(text, { scale: 5, color: { dark, light } })).toString('base64')
    /** As a browser hands a picture over that somebody drags or pastes. */
    const hand = (type: 'drop' | 'paste', base64: string) =>
      page.evaluate(
        ([kind, data]) => {
          const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0))
          const transfer = new DataTransfer()
          transfer.items.add(new File([bytes], 'code.png', { type: 'image/png' }))
          const place = kind === 'drop' ? document.querySelector('.scan') : document.body
          place?.dispatchEvent(
            kind === 'drop'
              ? new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true })
              : new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }),
          )
        },
        [type, base64] as const,
      )
    await chooseWay(page, host, /invite/)
    const field = page.getByRole('textbox', { name: 'Invite link' })
    const name = 'code.png'
    const mimeType = 'image/png'
    const choose = (buffer: Buffer) => page.getByLabel('Choose a picture').setInputFiles({ name, mimeType, buffer })

    await choose(Buffer.from('no picture'))
    await expect(page.getByText('This is no picture that can be read here')).toBeVisible()
    await choose(Buffer.from(await pictureOf('https://elsewhere.example'), 'base64'))
    await expect(page.getByText('holds no invite, but “https://elsewhere.example”')).toBeVisible()
    await expect(field).toHaveValue('')

    await choose(Buffer.from(await pictureOf(link), 'base64'))
    await expect(page.getByText('The invite was read from the picture.')).toBeVisible()
    await expect(field).toHaveValue(link)
    // A screenshot of a dark window.
    await field.fill('')
    await hand('drop', await pictureOf(link, '#ecebe4', '#141713'))
    await expect(field).toHaveValue(link)
    await field.fill('')
    await hand('paste', await pictureOf(link))
    await expect(field).toHaveValue(link)
    await main(page, 'Look at this invite').click()
    await expect(page.getByText(/A good invite/)).toBeVisible()
  })

  test('a look that takes too long is given up, and whatever it still brings is ignored', async ({ page, host }) => {
    host.silent.add('network.preview')
    await chooseWay(page, host, /^The address/)
    await page.getByRole('textbox', { name: 'Address' }).fill('https://orchard.example')
    await main(page, 'Look at this network').click()
    await expect(main(page, 'Looking…')).toBeDisabled()
    await main(page, 'Cancel').click()
    await expect(main(page, 'Look at this network')).toBeEnabled()
  })

  test('H-30: by keyboard alone, at 360 pixels, and never wider than the window', async ({ page, host }) => {
    await page.setViewportSize({ width: 360, height: 740 })
    const fits = () =>
      expect
        .poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth))
        .toBe(0)
    const tabTo = async (target: Locator) => {
      for (let presses = 0; presses < 40; presses += 1) {
        if (await target.evaluate((element) => element === document.activeElement)) return
        await page.keyboard.press('Tab')
      }
      await expect(target).toBeFocused()
    }
    await page.goto(host.url)
    await fits()
    await tabTo(page.getByRole('link', { name: 'Choose a network' }))
    await page.keyboard.press('Enter')
    await expect(headline(page)).toBeFocused()
    await tabTo(page.getByRole('radio', { name: /invite/ }))
    for (const way of [/near me/, /^The address/]) {
      await page.keyboard.press('ArrowDown')
      await expect(page.getByRole('radio', { name: way })).toBeChecked()
      await fits()
    }
    await tabTo(page.getByRole('textbox', { name: 'Address' }))
    await page.keyboard.type('https://orchard.example')
    await page.keyboard.press('Enter')
    await expect(page.getByText('Llama 3.1 8B Instruct')).toBeVisible()
    await fits()
    await tabTo(main(page, 'Go on'))
    await page.keyboard.press('Enter')
    await expect(headline(page)).toHaveText('What this computer gives')
    await expect(headline(page)).toBeFocused()
    await expect(page.getByText('tokens/s with 15 threads')).toBeVisible()
    await fits()
    await tabTo(main(page, 'Ask to join'))
    await page.keyboard.press('Enter')
    await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible()
  })

  test('a refusal to join stands beside the button', async ({ page, host }) => {
    host.failing.set('network.join', new EspalierError('PORT_TAKEN', '31338'))
    await chooseWay(page, host, /demo/)
    await main(page, 'Go on').click()
    await main(page, 'Start the demo').click()
    await expect(page.getByRole('alert')).toContainText('PORT_TAKEN')
    await expect(main(page, 'Start the demo')).toBeEnabled()
  })
})

test.describe('shards', () => {
  test('the ladder stands on evidence, and follows the node', async ({ page, host }) => {
    host.say(fetchingStatus)
    host.shards = null
    await open(page, host, 'Shards')
    await expect(page.getByRole('heading', { name: 'Nothing on disk yet' })).toBeVisible()
    const rung = (name: string) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) })
    await expect(rung('Every piece matches its hash')).toContainText(/640\sMB of 1\.03\sGB/)
    await expect(rung('Partly here')).toHaveAttribute('aria-current', 'step')

    host.shards = SHARDS
    host.say(servingStatus)
    await expect(rung('Served another node')).toContainText('by 12D3…aa4K')
    await expect(rung('Test pass as expected')).toContainText('allowed 0.01')
    await expect(page.getByText('24 of 46 pieces')).toBeVisible()
    await expect(page.getByText(/52\s% of the model’s/)).toBeVisible()
  })

  test('a piece’s hash is short, and copied whole', async ({ page, host, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    host.say(servingStatus)
    await open(page, host, 'Shards')
    const block = page.getByRole('radio', { name: /^Block 6, yours: 5 pieces/ })
    await page.getByRole('radio', { name: /^Block 5/ }).check()
    await page.keyboard.press('ArrowRight')
    await expect(block).toBeChecked()
    const piece = SHARDS.pieces.find((known) => known.block === 6)
    await page.getByRole('button', { name: `Copy the hash of piece ${piece?.index},` }).click()
    await expect(page.getByText('Copied')).toBeVisible()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(piece?.sha256)
  })

  test('what cannot be read is told, and read again when asked', async ({ page, host }) => {
    host.say(servingStatus)
    host.failing.set('shards.get', new EspalierError('SHARD_READ_FAILED'))
    await open(page, host, 'Shards')
    await expect(page.getByRole('alert')).toContainText('SHARD_READ_FAILED')
    host.failing.clear()
    await page.getByRole('button', { name: 'Read again' }).click()
    await expect(page.getByText('24 of 46 pieces')).toBeVisible()
    await expect(page.getByRole('alert')).toHaveCount(0)
  })
})

test.describe('peers', () => {
  const names = (page: Page) => page.getByRole('rowheader').locator('.peer-name').allTextContents()

  test('are sorted by keyboard, and their ids copied whole', async ({ page, host, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    host.say(servingStatus)
    await open(page, host, 'Peers')
    await expect(page.getByRole('row', { name: /walnut/ })).toContainText(/Online.*0–3.*2\.4\sms/)
    expect(await names(page)).toEqual(['attic-pc', 'walnut', 'pear-shed', 'Unnamed'])
    await page.getByRole('button', { name: 'Round trip' }).focus()
    await page.keyboard.press('Enter')
    await expect(page.getByRole('columnheader', { name: 'Round trip' })).toHaveAttribute('aria-sort', 'ascending')
    expect(await names(page)).toEqual(['attic-pc', 'walnut', 'Unnamed', 'pear-shed'])
    await page.keyboard.press('Enter')
    expect(await names(page)).toEqual(['attic-pc', 'pear-shed', 'Unnamed', 'walnut'])

    await page
      .getByRole('row', { name: /walnut/ })
      .getByRole('button')
      .click()
    await expect(page.getByText('Copied')).toBeVisible()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(PEERS.walnut)
  })

  test('C-16: a thousand are drawn a screen at a time', async ({ page, host }) => {
    host.say((at) => ({ ...servingStatus(at), peers: manyPeers(at, 900, 32) }))
    await open(page, host, 'Peers')
    await expect(page.getByText('899 other nodes')).toBeVisible()
    expect(await page.getByRole('rowheader').count()).toBeLessThan(80)
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight))
    await expect(page.getByRole('row').last()).toHaveAttribute('aria-rowindex', '901')
  })

  test('without a place nobody is on the map, and all are listed beside it', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, 'Peers')
    await page.getByRole('link', { name: 'Map' }).click()
    const list = page.getByRole('region', { name: 'Location unknown' })
    await expect(list.getByRole('listitem')).toHaveCount(4)
    await expect(list).toContainText('Nobody is drawn on a guess')
    await expect(page.getByRole('region', { name: 'Where they are' }).getByRole('img')).toHaveCount(0)
    await expectNoIssueInAnyColour(page)
    await page.reload()
    await expect(list).toBeVisible()
  })

  test('are drawn by the country of their address, apart from each other, and nowhere when that is switched off', async ({
    page,
    host,
  }) => {
    host.say(placedStatus)
    await open(page, host, 'Peers')
    await page.getByRole('link', { name: 'Map' }).click()
    const map = page.getByRole('region', { name: 'Where they are' })
    await expect(map).toContainText('Country, from the address')
    await expect(map.getByRole('img')).toHaveCount(6)
    await expect(map.getByRole('img', { name: 'walnut: Online. Germany, from the address' })).toBeVisible()
    const countries = page.getByRole('region', { name: 'Countries' }).getByRole('listitem')
    await expect(countries).toHaveText(['Germany3', 'Brazil1', 'Japan1', 'United States1'])
    await expect(page.getByRole('region', { name: 'Location unknown' }).getByRole('listitem')).toHaveCount(1)
    const boxes = await Promise.all((await map.getByRole('img').all()).map((mark) => mark.boundingBox()))
    for (const [index, a] of boxes.entries())
      for (const b of boxes.slice(index + 1))
        expect(Math.hypot((a?.x ?? 0) - (b?.x ?? 0), (a?.y ?? 0) - (b?.y ?? 0))).toBeGreaterThan(12)
    await expectNoIssueInAnyColour(page)

    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('switch', { name: 'Place peers on the map' }).click()
    await page.getByRole('link', { name: 'Peers' }).click()
    await page.getByRole('link', { name: 'Map' }).click()
    await expect(map).toContainText('Switched off')
    await expect(map.getByRole('img')).toHaveCount(0)
    await expect(page.getByRole('region', { name: 'Location unknown' }).getByRole('listitem')).toHaveCount(7)
    await expectNoIssueInAnyColour(page)
  })

  test('a map that cannot be loaded takes nothing else with it', async ({ page, host, complaints }) => {
    complaints.expectOnly(/ERR_CONNECTION_(REFUSED|RESET)/)
    host.say(servingStatus)
    await open(page, host, 'Peers')
    await host.carrier.close()
    await page.getByRole('link', { name: 'Map' }).click()
    await expect(page.getByRole('heading', { name: 'The map could not be opened' })).toBeVisible()
    await page.getByRole('link', { name: 'Table' }).click()
    await expect(page.getByRole('row', { name: /walnut/ })).toBeVisible()
  })

  test('form the path of an answer, with the time of every hop', async ({ page, host }) => {
    host.say(demoStatus)
    host.tokenIntervalMs = 2
    await open(page, host, 'Try it')
    await prompt(page).fill('A hacker is')
    await prompt(page).press('Enter')
    await expect(page.getByText('Complete')).toBeVisible()
    await page.getByRole('link', { name: 'Peers' }).click()
    await page.getByRole('link', { name: 'Path' }).click()
    const rows = page.getByRole('list', { name: 'The way of an answer' }).getByRole('listitem')
    await expect(rows).toHaveText([/walnut0–3.*2\.1\sms.*2\.4\sms/, /demo-24–7 · this computer.*3\.4\sms/, /pear-shed/])
    await expect(page.getByText(/A token took 54\sms: 5\.5\sms of computing in 2 stages/)).toBeVisible()
    await expectNoIssueInAnyColour(page)
  })
})

test.describe('the meter', () => {
  test('says before joining what it would change, also that it would be slower; unknown is said', async ({
    page,
    host,
  }) => {
    host.settings = { ...SETTINGS, network: null }
    host.say(firstRunStatus)
    await page.goto(host.url)
    await page.getByRole('link', { name: 'Choose a network' }).click()
    await page.getByRole('radio', { name: /^The address/ }).check()
    await page.getByRole('textbox', { name: 'Address' }).fill('https://orchard.example')
    await page.getByRole('button', { name: 'Look at this network' }).click()
    await page.getByRole('button', { name: 'Go on' }).click()
    const meter = page.getByRole('region', { name: 'What joining would change' })
    await expect(meter.getByText('Nothing is registered.')).toBeVisible()
    await meter.getByRole('button', { name: 'Measure' }).click()
    await expect(meter.getByText('is slower than one is now')).toBeVisible()
    await expect(meter.locator('dl > div')).toHaveText([
      /This computer alone–Does not fit: 12 of 32 blocks do/,
      /The network now6\.42 tokens\/smeasured, over 5 nodes/,
      /Through this computer too4\.31 tokens\/sreckoned from its parts, with blocks 8–15/,
    ])
    await expectNoIssueInAnyColour(page)

    host.meter = null
    await meter.getByRole('button', { name: 'Measure again' }).click()
    await expect(meter.getByText('Timing an answer of the network…')).toBeVisible()
    await meter.getByRole('button', { name: 'Stop' }).click()
    await expect(meter.getByRole('button', { name: 'Measure' })).toBeVisible()
    expect(host.calls.filter(({ method }) => method === 'meter.cancel')).toHaveLength(1)

    host.meter = { kind: 'failed', error: new EspalierError('BOOTSTRAP_UNREACHABLE', 'nobody answered').report() }
    await meter.getByRole('button', { name: 'Measure' }).click()
    await expect(meter.getByText('BOOTSTRAP_UNREACHABLE')).toBeVisible()
  })
})

test.describe('try it', () => {
  test('an answer is streamed, with its rate and its route', async ({ page, host }) => {
    host.say(demoStatus)
    await open(page, host, 'Try it')
    await expect(page.getByText('Every node on the route can read the prompt and the answer.')).toBeVisible()
    await prompt(page).fill('hacker')
    await page.getByRole('textbox', { name: 'Most tokens to write' }).fill('24')
    await page.getByRole('button', { name: 'Send' }).click()
    await expect(page.getByText('Writing…')).toBeVisible()
    await expect(answer(page)).toContainText('trains a tree')
    await expect(page.getByText('Complete')).toBeVisible()
    await expect(page.getByText('24 tokens')).toBeVisible()
    await expect(page.getByText('18.6 tokens/s')).toBeVisible()
    const route = page.getByRole('list', { name: 'Route of the answer' })
    await expect(route.getByRole('listitem')).toHaveText([/walnut.*0–3.*2\.1/, /demo-2.*4–7.*3\.4/])
    await expect(page.getByText('Read on the way by walnut and demo-2.')).toBeVisible()
    await expect(page.getByText('A small sample model writes here, for show.')).toBeVisible()
    await expectNoIssueInAnyColour(page)
  })

  test('H-23: every node of an answer has its badge, and one that was lost too', async ({ page, host }) => {
    host.say(servingStatus)
    host.tokenIntervalMs = 5
    host.lost = LOST
    await open(page, host, 'Try it')
    await prompt(page).fill('hacker')
    await prompt(page).press('Enter')
    const tail = (peer: string) => peer.slice(-16)
    await expect(page.getByRole('list', { name: 'Nodes that computed it' }).getByRole('listitem')).toHaveText([
      `🌐 Remote ${tail(PEERS.walnut)} · score 0.94 · 4.5 ms`,
      '🏠 Local · score 0.99 · 3.4 ms',
      `✖ Failed ${tail(PEERS.pear)} · STAGE_LOST · paused 412 ms`,
    ])
    await expect(page.getByText('The answer waited 0.4\u00a0s and went on with another one.')).toBeVisible()
  })

  test('a chat remembers what was said, sends how words are chosen, and can begin anew', async ({ page, host }) => {
    host.say((at) => {
      const status = servingStatus(at)
      return { ...status, model: status.model && { ...status.model, hasChatTemplate: true } }
    })
    host.tokenIntervalMs = 5
    await open(page, host, 'Try it')
    await expect(page.getByRole('radio', { name: 'Chat' })).toBeChecked()
    await page.getByText('How words are chosen').click()
    await page.getByRole('textbox', { name: 'Temperature' }).fill('hot')
    await expect(page.getByText('0 to 5.')).toBeVisible()
    await prompt(page).fill('first')
    await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled()
    await page.getByRole('textbox', { name: 'Temperature' }).fill('0,7')
    await page.getByRole('textbox', { name: 'Most tokens to write' }).fill('2')
    for (const words of ['first', 'second']) {
      await prompt(page).fill(words)
      await prompt(page).press('Enter')
      await expect(answer(page)).toContainText(words)
      await expect(page.getByText('Complete')).toBeVisible()
      await expect(prompt(page)).toHaveValue('')
    }
    await expect(page.getByText('seed 20261121')).toBeVisible()
    const asked = host.calls.filter(({ method }) => method === 'generate.start').at(-1)?.input
    expect(asked).toEqual({
      prompt: [
        { role: 'user', text: 'first' },
        { role: 'assistant', text: ', n.' },
        { role: 'user', text: 'second' },
      ],
      maxTokens: 2,
      sampling: { temperature: 0.7 },
    })
    await page.getByRole('button', { name: 'New chat' }).click()
    await expect(page.getByText('The answer appears here')).toBeVisible()
    await expectNoIssueInAnyColour(page)
  })

  test('an answer can be stopped, and the next one asked for', async ({ page, host }) => {
    host.say(servingStatus)
    host.tokenIntervalMs = 50
    await open(page, host, 'Try it')
    await prompt(page).fill('a hacker')
    await prompt(page).press('Enter')
    await expect(answer(page)).toContainText('who trains')
    await page.getByRole('button', { name: 'Stop writing' }).click()
    await expect(page.getByText('Stopped by you')).toBeVisible()
    const text = await answer(page).textContent()
    await prompt(page).fill('again')
    await page.getByRole('button', { name: 'Send' }).click()
    await expect(answer(page)).not.toHaveText(text ?? '')
    await expect(answer(page)).toContainText('again')
  })

  test('a question and its answer outlive a walk to another page', async ({ page, host }) => {
    host.say(servingStatus)
    host.tokenIntervalMs = 30
    await open(page, host, 'Try it')
    await prompt(page).fill('a hacker')
    await prompt(page).press('Enter')
    await page.getByRole('link', { name: 'Shards' }).click()
    await page.getByRole('link', { name: 'Try it' }).click()
    await expect(prompt(page)).toHaveValue('a hacker')
    await expect(page.getByText('Complete')).toBeVisible()
  })

  test('a refused prompt says why, what to do, and a code to search for', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, 'Try it')
    await prompt(page).fill('this is too long')
    await prompt(page).press('Enter')
    await expect(page.getByRole('alert')).toHaveText(/does not fit.*3,000 tokens.*Shorten the prompt\. PROMPT_TOO_LONG/)
  })

  test('a gap in the chain keeps the prompt back and names the blocks', async ({ page, host }) => {
    host.say(largeModelStatus)
    await open(page, host, 'Try it')
    await prompt(page).fill('anything')
    await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled()
    await expect(page.getByText('No answer can pass yet: blocks 90–94 are served by nobody.')).toBeVisible()
  })

  test('an answer that is cut off by a lost connection is not shown as a whole one', async ({
    page,
    host,
    complaints,
  }) => {
    complaints.expectOnly(/ERR_CONNECTION_(REFUSED|RESET)/)
    host.say(servingStatus)
    host.tokenIntervalMs = 100
    await open(page, host, 'Try it')
    await prompt(page).fill('a hacker')
    await prompt(page).press('Enter')
    await expect(answer(page)).toContainText('One who')
    await host.carrier.close()
    await expect(page.getByRole('alert')).toContainText('BRIDGE_DISCONNECTED')
    await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled()
  })

  test('a read-only link cannot ask', async ({ page, host }) => {
    host.say(servingStatus)
    await page.goto(`${host.carrier.url}/#token=${READ_TOKEN}`)
    await page.getByRole('link', { name: 'Try it' }).click()
    await expect(page.getByText('prompts need the operator’s link')).toBeVisible()
    await expect(page.getByRole('textbox')).toHaveCount(0)
  })
})

test.describe('diagnostics', () => {
  test('checks have a verdict, evidence, an age and a code, and run again when asked', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, 'Diagnostics')
    await expect(page.getByText('19 checks: 1 warns, 1 could not be looked at.')).toBeVisible()
    const checks = page.getByRole('region', { name: 'Checks' }).getByRole('listitem')
    await expect(checks.first()).toContainText('NAT and dial-back')
    await expect(checks.first()).toContainText('NOT_DIALLED_BACK')
    await expect(checks.first()).toContainText(/\d+\ss ago/)
    host.makeChecks = failingChecksOf
    await page.getByRole('button', { name: 'Check again' }).click()
    await expect(checks.first()).toContainText('SHARD_WRITE_FAILED')
    await expect(page.getByText('19 checks: 1 fails, 1 warns, 1 could not be looked at.')).toBeVisible()
  })

  test('the log is live, follows, and stops following when somebody scrolls up', async ({ page, host }) => {
    host.logLines = linesOf(Date.now(), 500)
    host.say(servingStatus)
    await open(page, host, 'Diagnostics')
    await expect(page.getByText('500 lines')).toBeVisible()
    const lines = page.getByRole('log', { name: 'Log lines' })
    // Its end may lie below the fold of a small window.
    await lines.evaluate((element) => element.scrollIntoView({ block: 'end' }))
    host.write('info', 'test.first', 'a line that has just come')
    await expect(lines.getByText('a line that has just come')).toBeInViewport()
    expect(await lines.getByRole('listitem').count()).toBeLessThan(80)

    await lines.hover()
    await page.mouse.wheel(0, -600)
    await expect(page.getByRole('checkbox', { name: 'Follow' })).not.toBeChecked()
    host.write('info', 'test.second', 'another line')
    await expect(page.getByText('502 lines')).toBeVisible()
    await expect(lines.getByText('another line')).not.toBeInViewport()
    await page.getByRole('checkbox', { name: 'Follow' }).check()
    await expect(lines.getByText('another line')).toBeInViewport()
  })

  test('the log is searched, filtered and copied', async ({ page, host, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    host.say(servingStatus)
    await open(page, host, 'Diagnostics')
    await page.getByRole('searchbox').fill('heartbeat time')
    await expect(page.getByText('5 of 60 lines')).toBeVisible()
    await page.getByRole('radio', { name: 'Errors' }).check()
    await expect(page.getByText('No line matches.')).toBeVisible()
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.getByRole('radio', { name: 'Errors' }).check()
    await page.getByRole('button', { name: 'Copy', exact: true }).click()
    await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied.split('\n')).toHaveLength(5)
    expect(copied).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ERROR announce\.readback NOT_READ_BACK/)
  })

  test('what cannot be run or read says so', async ({ page, host }) => {
    host.say(servingStatus)
    host.failing.set('diagnostics.run', new EspalierError('TIMED_OUT'))
    host.failing.set('logs.recent', new EspalierError('DATA_DIR_UNUSABLE'))
    await open(page, host, 'Diagnostics')
    await expect(page.getByRole('alert').filter({ hasText: 'TIMED_OUT' })).toBeVisible()
    await expect(page.getByRole('alert').filter({ hasText: 'DATA_DIR_UNUSABLE' })).toBeVisible()
  })
})

test.describe('settings', () => {
  test('C-47: the slider of blocks says what fits as it moves, and is saved', async ({ page, host }) => {
    const needBytes = Array.from({ length: 32 }, (_, index) => 600_000_000 + index * 260_000_000)
    host.fit = { ...CPU_FIT, together: { ...CPU_FIT.together, needBytes, budgetBytes: 5_000_000_000, blocks: 17 } }
    host.say(demoStatus)
    await page.goto(host.url)
    await page.getByRole('link', { name: 'Settings' }).click()
    const slider = page.getByRole('slider', { name: 'Blocks to ask for' })
    await expect(slider).toHaveAttribute('aria-valuetext', /^The host decides; 17 of 32 fit/)
    await slider.focus()
    for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowRight')
    await expect(page.getByText(/^3 of 32 blocks need about .*; it fits/)).toBeVisible()
    await page.keyboard.press('End')
    await expect(page.getByText(/^32 of 32 blocks need about .*; 17 of 32 fit/)).toBeVisible()
    await expectNoIssueInAnyColour(page)
    await page.screenshot({ path: join(SCREENSHOT_DIR, 'settings-blocks.png'), fullPage: true })
    await page.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => host.settings.requestedBlocks).toBe(32)
    await slider.focus()
    await page.keyboard.press('Home')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => host.settings.requestedBlocks).toBeNull()
  })

  test('are checked beside their fields, and saved when all are right', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, 'Settings')
    await expect(page.getByRole('button', { name: 'Save' })).toHaveCount(0)
    const port = page.getByRole('textbox', { name: 'Port for other nodes' })
    await port.fill('80')
    await expect(port).toHaveAccessibleDescription('A whole number between 1,024 and 65,535.')
    await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled()
    await expectNoIssueInAnyColour(page)
    await port.fill('40000')
    await page.getByRole('textbox', { name: 'Compute threads' }).fill('4')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('Saved. A running node uses these')).toBeVisible()
    expect(host.calls.find(({ method }) => method === 'settings.save')?.input).toEqual({
      listenPort: 40_000,
      threads: 4,
      replaces: { listenPort: SETTINGS.listenPort, threads: SETTINGS.threads },
    })
    await page.getByRole('switch', { name: 'Keep running when the window closes' }).click()
    await expect.poll(() => host.settings.closeToTray).toBe(false)
  })

  test('what was typed and not saved outlives a walk to another page, is marked, and is asked about at the end', async ({
    page,
    host,
  }) => {
    host.say(servingStatus)
    await open(page, host, 'Settings')
    const name = page.getByRole('textbox', { name: 'Name that others see' })
    await name.fill('cellar-pc')
    const link = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Settings' })
    await expect(link).toHaveAccessibleName('Settings Not saved yet')
    await page.getByRole('link', { name: 'Overview' }).click()
    await expect(headline(page)).toHaveText('Serving blocks 4–7')
    await expect(link).toHaveAccessibleName('Settings Not saved yet')
    await expectNoIssueInAnyColour(page)
    await page.screenshot({ path: `${SCREENSHOT_DIR}/settings-unsaved.png` })
    const asked = page.waitForEvent('dialog')
    await Promise.all([asked.then((dialog) => dialog.dismiss()), page.close({ runBeforeUnload: true })])
    expect((await asked).type()).toBe('beforeunload')

    await link.click()
    await expect(name).toHaveValue('cellar-pc')
    page.once('dialog', (dialog) => void dialog.accept())
    await page.reload()
    await expect(name).toHaveValue('cellar-pc')
    await page.getByRole('button', { name: 'Discard' }).click()
    await expect(link).toHaveAccessibleName('Settings')
    await page.reload()
    await expect(name).toHaveValue('attic-pc')
  })

  test('a value that another window saved under a draft is shown, and the person chooses', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, 'Settings')
    const name = page.getByRole('textbox', { name: 'Name that others see' })
    const threads = page.getByRole('textbox', { name: 'Compute threads' })
    const save = page.getByRole('button', { name: 'Save' })
    await name.fill('cellar-pc')
    await threads.fill('2')
    host.choose({ ...host.settings, publicName: 'shed-pc', threads: 3, listenPort: 40_001 })
    await expect(page.getByText('Somebody saved another value meanwhile')).toBeVisible()
    await expect(page.getByRole('textbox', { name: 'Port for other nodes' })).toHaveValue('40001')
    await expect(name).toHaveValue('cellar-pc')
    await expect(save).toBeDisabled()
    await expectNoIssueInAnyColour(page)
    await page.screenshot({ path: `${SCREENSHOT_DIR}/settings-changed.png` })
    const aboutName = page.getByRole('group', { name: 'Name that others see' })
    await expect(aboutName).toContainText('Saved elsewhere meanwhile: shed-pc')
    await aboutName.getByRole('button', { name: 'Take that' }).click()
    await expect(name).toHaveValue('shed-pc')
    await page.getByRole('group', { name: 'Compute threads' }).getByRole('button', { name: 'Keep mine' }).click()
    await save.click()
    await expect.poll(() => host.settings).toMatchObject({ publicName: 'shed-pc', threads: 2, listenPort: 40_001 })
  })

  test('a refused save keeps what was typed', async ({ page, host }) => {
    host.say(servingStatus)
    host.failing.set('settings.save', new EspalierError('DATA_DIR_UNUSABLE'))
    await open(page, host, 'Settings')
    await page.getByRole('textbox', { name: 'Name that others see' }).fill('cellar-pc')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByRole('alert')).toContainText('DATA_DIR_UNUSABLE')
    await expect(page.getByRole('textbox', { name: 'Name that others see' })).toHaveValue('cellar-pc')
    await page.getByRole('button', { name: 'Discard' }).click()
    await expect(page.getByRole('textbox', { name: 'Name that others see' })).toHaveValue('attic-pc')
  })

  test('the network is left only after a question', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, 'Settings')
    await page.getByRole('button', { name: 'Leave this network' }).click()
    const dialog = page.getByRole('dialog', { name: 'Leave this network?' })
    await expect(dialog.getByRole('button', { name: 'Stay' })).toBeFocused()
    await page.keyboard.press('Escape')
    await expect(dialog).toHaveCount(0)
    expect(host.settings.network).not.toBeNull()
    await page.getByRole('button', { name: 'Leave this network' }).click()
    host.say(firstRunStatus)
    await dialog.getByRole('button', { name: 'Leave' }).click()
    await expect(headline(page)).toHaveText('Lend a branch of this computer')
    expect(host.settings.network).toBeNull()
  })

  test('a read-only link shows them and changes nothing', async ({ page, host }) => {
    host.say(servingStatus)
    await page.goto(`${host.carrier.url}/#token=${READ_TOKEN}`)
    await page.getByRole('link', { name: 'Settings' }).click()
    await expect(page.getByText('cannot change them')).toBeVisible()
    await expect(page.getByRole('textbox', { name: 'Name that others see' })).toBeDisabled()
    await expect(page.getByRole('button', { name: 'Leave this network' })).toBeDisabled()
  })
})
