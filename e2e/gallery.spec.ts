import type { Page } from '@playwright/test'
import { EspalierError } from '../src-shared/errors'
import { LAN, SMALL_COMPUTER } from './support/computer-fixtures'
import {
  CPU_FIT,
  diskFullStatus,
  diskOf,
  FIT,
  fetchDetailStatus,
  foundStatus,
  missingShardStatus,
  pausedStatus,
  readinessOf,
} from './support/file-fixtures'
import { expectNoIssueInAnyColour, GALLERY_DIR, picture, SIZES, writeIndex } from './support/gallery'
import { meterOf } from './support/meter-fixtures'
import { expect, headline, test } from './support/page-test'
import { LOST, READ_TOKEN, type ScriptedHost } from './support/scripted-host'
import {
  ALL_STATES,
  demoStatus,
  fetchingStatus,
  largeModelStatus,
  PEERS,
  placedStatus,
  problemStatus,
  servingStatus,
  stoppedStatus,
} from './support/status-fixtures'
import {
  crowdedStatus,
  failingChecksOf,
  firstRunStatus,
  LARGE_SHARDS,
  linesOf,
  manyPeers,
  placedAround,
  rejectedStatus,
  SETTINGS,
  safeModeStatus,
} from './support/view-fixtures'
import { emptyWeekOf, firstDayOf, weekOf } from './support/week-fixtures'

test.beforeEach(({ page }) => page.setViewportSize(SIZES.wide))
test.afterAll(writeIndex)

/** Every picture is a check too: it fits its window, and axe finds nothing serious in it. */
async function look(page: Page, name: string): Promise<void> {
  await picture(page, name)
  // A run that makes pictures is for the pictures; every other run looks for issues.
  if (!GALLERY_DIR) await expectNoIssueInAnyColour(page)
}

async function open(page: Page, host: ScriptedHost, path: string): Promise<void> {
  await page.goto(host.url)
  await expect(page.locator('main h1')).not.toHaveText(/Connecting|Reading/)
  await page.evaluate((hash) => {
    window.location.hash = hash
  }, path)
}

async function goAway(host: ScriptedHost, page: Page): Promise<void> {
  await host.carrier.close()
  await expect(page.getByText(/Last news/)).toBeVisible()
}

async function ask(page: Page, prompt = 'A hacker is'): Promise<void> {
  await page.getByRole('textbox', { name: 'Prompt' }).fill(prompt)
  await page.getByRole('button', { name: 'Send' }).click()
}

test.describe('overview', () => {
  for (const [name, make] of Object.entries({ ...ALL_STATES, rejected: rejectedStatus, crowded: crowdedStatus })) {
    test(name, async ({ page, host }) => {
      host.say(make)
      await page.goto(host.url)
      await expect(headline(page)).toHaveText(make(0).headline)
      await look(page, `overview-${name}`)
    })
  }

  for (const [name, make, words] of [
    ['week', weekOf, 'Last seven days'],
    ['first-day', firstDayOf, 'The first day that is counted'],
    ['no-day', emptyWeekOf, 'Nothing yet'],
  ] as const) {
    test(name, async ({ page, host }) => {
      host.say(servingStatus)
      host.week = make(Date.now())
      await open(page, host, '#/overview')
      const week = page.getByRole('region', { name: 'Last seven days' })
      if (name === 'week') await week.getByText('As a table').click()
      await expect(week).toContainText(words)
      await week.scrollIntoViewIfNeeded()
      await look(page, `overview-${name}`)
    })
  }

  test('more than its owner allows', async ({ page, host }) => {
    host.say((at) => {
      const status = servingStatus(at)
      const cards = { usedBytes: 9_100_000_000, totalBytes: 24_000_000_000 }
      const over = [{ what: 'memory' as const, used: 9_300_000_000, cap: 8_000_000_000, since: at - 20_000 }]
      return { ...status, resources: { ...status.resources, cards, over } }
    })
    await page.goto(host.url)
    await expect(page.getByText('More memory than you offer')).toBeVisible()
    await expect(page.getByText('Graphics memory')).toBeVisible()
    await look(page, 'overview-over-limit')
  })

  test('no contact', async ({ page, host, complaints }) => {
    complaints.expectOnly(/ERR_CONNECTION_(REFUSED|RESET)/)
    host.say(servingStatus)
    await open(page, host, '#/overview')
    await goAway(host, page)
    await look(page, 'overview-no-contact')
  })

  test('wrong link', async ({ page, host }) => {
    await page.goto(`${host.carrier.url}/#token=not-the-token-of-this-host-at-all`)
    await expect(headline(page)).toHaveText('This link is not valid here')
    await look(page, 'overview-wrong-link')
  })

  for (const [name, path] of [
    ['overview-safe-mode', '#/overview'],
    ['diagnostics-safe-mode', '#/diagnostics'],
  ] as const) {
    test(name, async ({ page, host }) => {
      host.say(safeModeStatus)
      await open(page, host, path)
      await expect(page.getByRole('button', { name: 'Start normally' })).toBeVisible()
      await look(page, name)
    })
  }

  test('loading', async ({ page, host }) => {
    host.silent.add('status.get')
    await page.goto(host.url)
    await expect(headline(page)).toHaveText('Reading the node’s state')
    await look(page, 'overview-loading')
  })
})

test.describe('commands', () => {
  for (const [name, query] of [
    ['all', ''],
    ['found', 'stop'],
    ['none', 'zzz'],
  ] as const) {
    test(name, async ({ page, host }) => {
      host.say(servingStatus)
      await open(page, host, '#/overview')
      await page.keyboard.press('Control+k')
      await page.keyboard.type(query)
      await look(page, `commands-${name}`)
    })
  }

  test('keys', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, '#/overview')
    await page.keyboard.press('Control+/')
    await look(page, 'commands-keys')
  })
})

test.describe('welcome', () => {
  test.beforeEach(({ host }) => {
    host.settings = { ...SETTINGS, network: null, publicName: 'quiet-quince-4127' }
    host.say(firstRunStatus)
  })

  const goOn = (page: Page) => page.getByRole('button', { name: 'Go on' }).click()
  async function chooseWay(page: Page, host: ScriptedHost, name: RegExp): Promise<void> {
    await page.goto(host.url)
    await page.getByRole('link', { name: 'Choose a network' }).click()
    await page.getByRole('radio', { name }).check()
  }
  async function lookAt(page: Page, host: ScriptedHost, url = 'https://orchard.example'): Promise<void> {
    await chooseWay(page, host, /^The address/)
    await page.getByRole('textbox', { name: 'Address' }).fill(url)
    await page.getByRole('button', { name: 'Look at this network' }).click()
  }
  async function comeToComputer(page: Page, host: ScriptedHost): Promise<void> {
    await lookAt(page, host)
    await goOn(page)
    await expect(headline(page)).toHaveText('What this computer gives')
    await expect(page.getByText('tokens/s with 15 threads')).toBeVisible()
  }

  test('first run', async ({ page, host }) => {
    await page.goto(host.url)
    await expect(headline(page)).toHaveText(/Lend a branch/)
    await look(page, 'welcome')
  })

  test('the ways to a network', async ({ page, host }) => {
    await chooseWay(page, host, /invite/)
    await look(page, 'welcome-network')
  })

  test('a picture without a code', async ({ page, host }) => {
    await chooseWay(page, host, /invite/)
    await page
      .getByLabel('Choose a picture')
      .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no') })
    await expect(page.getByText('This is no picture')).toBeVisible()
    await look(page, 'welcome-picture-problem')
  })

  for (const [name, lan, words] of [
    ['welcome-lan', LAN, 'Llama 3.1 8B Instruct'],
    ['welcome-lan-nobody', { networks: [], trouble: null }, 'Nobody hosts a network here'],
    [
      'welcome-lan-unavailable',
      {
        networks: [],
        trouble: 'addMembership ENODEV; this is a Docker container, which needs the host’s network for it',
      },
      'cannot be found from here',
    ],
  ] as const) {
    test(name, async ({ page, host }) => {
      host.lan = { ...lan, networks: [...lan.networks] }
      await chooseWay(page, host, /near me/)
      await expect(page.getByText(words)).toBeVisible()
      await look(page, name)
    })
  }

  test('the local network is asked', async ({ page, host }) => {
    host.silent.add('lan.find')
    await chooseWay(page, host, /near me/)
    await expect(page.getByText('Asking your local network…')).toBeVisible()
    await look(page, 'welcome-lan-asking')
  })

  test('a network looked at', async ({ page, host }) => {
    await lookAt(page, host)
    await expect(page.getByText('Llama 3.1 8B Instruct')).toBeVisible()
    await look(page, 'welcome-preview')
  })

  test('what this computer gives', async ({ page, host }) => {
    test.setTimeout(120_000)
    await comeToComputer(page, host)
    await look(page, 'welcome-computer')
    await page.getByRole('heading', { name: 'What happens then' }).scrollIntoViewIfNeeded()
    await look(page, 'welcome-computer-below')
  })

  test('a small computer, with a card that nobody could open', async ({ page, host }) => {
    host.computer = SMALL_COMPUTER
    await comeToComputer(page, host)
    await page.getByText('The disk has no room').scrollIntoViewIfNeeded()
    await look(page, 'welcome-computer-small')
  })

  test('what there is, not known yet', async ({ page, host }) => {
    for (const method of ['computer.get', 'computer.time'] as const) host.silent.add(method)
    await lookAt(page, host)
    await goOn(page)
    await expect(page.getByText('looking for graphics cards…')).toBeVisible()
    // The coordinator has said it; only this computer is not known yet.
    await expect(page.getByText('does not say before')).toHaveCount(0)
    await look(page, 'welcome-computer-loading')
  })

  test('what there is could not be read', async ({ page, host }) => {
    for (const method of ['computer.get', 'computer.time'] as const)
      host.failing.set(method, new EspalierError('ENGINE_LOAD_FAILED', 'libllama.so'))
    await lookAt(page, host)
    await goOn(page)
    await expect(page.getByText('This computer could not be timed')).toBeVisible()
    await look(page, 'welcome-computer-error')
  })

  test('a demo', async ({ page, host }) => {
    await chooseWay(page, host, /demo/)
    await goOn(page)
    await page.getByRole('button', { name: 'Start the demo' }).scrollIntoViewIfNeeded()
    await look(page, 'welcome-demo')
  })

  for (const [name, meter] of Object.entries({
    'welcome-meter': { kind: 'done', meter: meterOf('Llama 3.1 8B Instruct') },
    'welcome-meter-running': null,
    'welcome-meter-problem': { kind: 'failed', error: new EspalierError('BOOTSTRAP_UNREACHABLE').report() },
  } as const)) {
    test(name, async ({ page, host }) => {
      host.meter = meter
      await comeToComputer(page, host)
      const card = page.getByRole('region', { name: 'What joining would change' })
      await card.getByRole('button', { name: 'Measure' }).click()
      const shown = { done: 'slower than one is now', failed: 'BOOTSTRAP_UNREACHABLE' }
      await expect(page.getByText(meter ? shown[meter.kind] : 'Timing an answer')).toBeVisible()
      await card.scrollIntoViewIfNeeded()
      await look(page, name)
    })
  }

  test('a network that takes its time', async ({ page, host }) => {
    host.silent.add('network.preview')
    await lookAt(page, host)
    await expect(page.getByRole('button', { name: 'Looking…' })).toBeVisible()
    await look(page, 'welcome-loading')
  })

  test('an address that is none', async ({ page, host }) => {
    await lookAt(page, host, 'https://example.org')
    await expect(page.getByText('COORDINATOR_NOT_ONE')).toBeVisible()
    await look(page, 'welcome-problem')
  })

  test('an address without encryption', async ({ page, host }) => {
    await lookAt(page, host, 'http://192.168.1.17:8000')
    await expect(page.getByRole('textbox', { name: /To send it unencrypted/ })).toBeVisible()
    await look(page, 'welcome-insecure')
  })

  test('no contact', async ({ page, host, complaints }) => {
    complaints.expectOnly(/ERR_CONNECTION_(REFUSED|RESET)/)
    await page.goto(host.url)
    await expect(headline(page)).toHaveText(/Lend a branch/)
    await goAway(host, page)
    await look(page, 'welcome-no-contact')
  })
})

test.describe('shards', () => {
  test('serving', async ({ page, host }) => {
    host.say(demoStatus)
    await open(page, host, '#/shards')
    await expect(page.getByText('not needed here')).toBeVisible()
    await look(page, 'shards')
  })

  for (const [name, make] of Object.entries({ fetching: fetchingStatus, problem: problemStatus })) {
    test(name, async ({ page, host }) => {
      host.say(make)
      await open(page, host, '#/shards')
      await expect(page.getByText('not needed here')).toBeVisible()
      await look(page, `shards-${name}`)
    })
  }

  for (const [name, make, words] of [
    ['sources', fetchDetailStatus, 'Where it comes from'],
    ['paused', pausedStatus, 'Fetching is paused'],
    ['disk-full', diskFullStatus, 'Open settings'],
  ] as const) {
    test(name, async ({ page, host }) => {
      host.say(make)
      await open(page, host, '#/shards')
      await expect(page.getByText(words, { exact: true }).first()).toBeVisible()
      await page.getByRole('heading', { name: 'Where it comes from' }).scrollIntoViewIfNeeded()
      await look(page, `shards-${name}`)
    })
  }

  test('found before there are blocks', async ({ page, host }) => {
    host.shards = null
    host.say(foundStatus)
    await open(page, host, '#/shards')
    await expect(page.getByText('still being copied', { exact: false })).toBeVisible()
    await look(page, 'shards-found')
  })

  test('missing, and a file is chosen', async ({ page, host }) => {
    host.say(missingShardStatus)
    await open(page, host, '#/shards')
    await page.getByRole('button', { name: 'Choose the model file' }).click()
    await page.getByRole('textbox', { name: 'Path of the model file' }).fill('/models/tiny-jargon-8.gguf')
    await look(page, 'shards-missing')
  })

  test('diagnosis', async ({ page, host }) => {
    host.say((at) => ({ ...servingStatus(at), readiness: readinessOf(at) }))
    await open(page, host, '#/shards')
    await page.getByRole('button', { name: 'Run diagnosis' }).click()
    await expect(page.getByText('7 / 8, missing 5')).toBeVisible()
    await page.getByRole('heading', { name: /^Diagnosis/ }).scrollIntoViewIfNeeded()
    await look(page, 'shards-diagnosis')
  })

  test('the disk and the catalogue', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, '#/shards')
    await expect(page.getByText('Llama 3.1 8B Instruct, blocks 16–23')).toBeVisible()
    await page.getByRole('heading', { name: 'Llama 3.3 70B Instruct' }).scrollIntoViewIfNeeded()
    await look(page, 'shards-catalogue')
  })

  test('nothing on the disk', async ({ page, host }) => {
    host.say(servingStatus)
    host.disk = { ...diskOf(Date.now()), usedBytes: 0, reclaimableBytes: 0, slices: [] }
    await open(page, host, '#/shards')
    await page.getByText('No shard lies on this computer.').scrollIntoViewIfNeeded()
    await look(page, 'shards-disk-empty')
  })

  test('large', async ({ page, host }) => {
    host.say(largeModelStatus)
    host.shards = LARGE_SHARDS
    await open(page, host, '#/shards')
    await expect(page.getByText('not needed here')).toBeVisible()
    await look(page, 'shards-large')
  })

  test('empty', async ({ page, host }) => {
    host.say(firstRunStatus)
    host.shards = null
    await open(page, host, '#/shards')
    await expect(page.getByRole('heading', { name: 'Nothing on disk' })).toBeVisible()
    await look(page, 'shards-empty')
  })

  test('loading', async ({ page, host }) => {
    host.say(servingStatus)
    host.silent.add('shards.get')
    await open(page, host, '#/shards')
    await expect(page.getByText('Reading what lies on disk…')).toBeVisible()
    await look(page, 'shards-loading')
  })

  test('error', async ({ page, host }) => {
    host.say(servingStatus)
    host.failing.set('shards.get', new EspalierError('SHARD_READ_FAILED', 'manifest.json'))
    await open(page, host, '#/shards')
    await expect(page.getByText('SHARD_READ_FAILED')).toBeVisible()
    await look(page, 'shards-error')
  })

  test('no contact', async ({ page, host, complaints }) => {
    complaints.expectOnly(/ERR_CONNECTION_(REFUSED|RESET)/)
    host.say(servingStatus)
    await open(page, host, '#/shards')
    await expect(page.getByText('not needed here')).toBeVisible()
    await goAway(host, page)
    await look(page, 'shards-no-contact')
  })
})

test.describe('peers', () => {
  for (const [name, make] of Object.entries({ demo: demoStatus, crowded: crowdedStatus, stopped: stoppedStatus })) {
    for (const view of ['table', 'capabilities', 'map', 'path']) {
      test(`${view}, ${name}`, async ({ page, host }) => {
        host.say(make)
        await open(page, host, `#/peers/${view}`)
        if (view === 'map') await expect(page.getByRole('heading', { name: 'Location unknown' })).toBeVisible()
        else await expect(headline(page)).toHaveText('Peers')
        await look(page, `peers-${view}-${name}`)
      })
    }
  }

  test('a thousand', async ({ page, host }) => {
    host.say((at) => ({ ...servingStatus(at), peers: manyPeers(at, 1_000, 32) }))
    await open(page, host, '#/peers')
    await expect(page.getByText('999 other nodes')).toBeVisible()
    await look(page, 'peers-table-thousand')
  })

  test('on the map', async ({ page, host }) => {
    host.say(placedStatus)
    await open(page, host, '#/peers/map')
    await expect(page.getByRole('region', { name: 'Countries' })).toBeVisible()
    await look(page, 'peers-map-placed')
  })

  test('three hundred on the map', async ({ page, host }) => {
    host.say((at) => ({ ...servingStatus(at), peers: placedAround(manyPeers(at, 300, 32)) }))
    await open(page, host, '#/peers/map')
    await expect(page.getByRole('region', { name: 'Countries' })).toBeVisible()
    await look(page, 'peers-map-placed-many')
  })

  test('a map that is switched off', async ({ page, host }) => {
    host.settings = { ...host.settings, locatesPeers: false }
    host.say(placedStatus)
    await open(page, host, '#/peers/map')
    await expect(page.getByText('Switched off')).toBeVisible()
    await look(page, 'peers-map-off')
  })

  test('a map that cannot be loaded', async ({ page, host, complaints }) => {
    complaints.expectOnly(/ERR_FAILED/)
    host.say(servingStatus)
    await page.route(/peer-map/, (route) => route.abort())
    await open(page, host, '#/peers/map')
    await expect(page.getByRole('heading', { name: 'The map could not be opened' })).toBeVisible()
    await look(page, 'peers-map-error')
  })

  test('path of an answer', async ({ page, host }) => {
    host.say(demoStatus)
    host.tokenIntervalMs = 5
    await open(page, host, '#/try')
    await ask(page)
    await expect(page.getByText('Complete')).toBeVisible()
    await page.getByRole('link', { name: 'Peers' }).click()
    await page.getByRole('link', { name: 'Path' }).click()
    await expect(page.getByText('A token took')).toBeVisible()
    await look(page, 'peers-path-answer')
  })

  test('no contact', async ({ page, host, complaints }) => {
    complaints.expectOnly(/ERR_CONNECTION_(REFUSED|RESET)/)
    host.say(servingStatus)
    await open(page, host, '#/peers')
    await goAway(host, page)
    await look(page, 'peers-no-contact')
  })
})

test.describe('try', () => {
  test('empty', async ({ page, host }) => {
    host.say(demoStatus)
    await open(page, host, '#/try')
    await expect(headline(page)).toHaveText('Try it')
    await look(page, 'try-empty')
  })

  test('writing', async ({ page, host }) => {
    host.say(demoStatus)
    host.tokenIntervalMs = 60
    await open(page, host, '#/try')
    await ask(page)
    await expect(page.getByText('lattice')).toBeVisible()
    await picture(page, 'try-writing')
  })

  test('answered', async ({ page, host }) => {
    host.say(demoStatus)
    host.tokenIntervalMs = 5
    await open(page, host, '#/try')
    await ask(page)
    await expect(page.getByText('Complete')).toBeVisible()
    await look(page, 'try-answer')
  })

  test('stopped', async ({ page, host }) => {
    host.say(stoppedStatus)
    await open(page, host, '#/try')
    await expect(page.getByText('Start the node first')).toBeVisible()
    await look(page, 'try-stopped')
  })

  test('loading', async ({ page, host }) => {
    host.say(demoStatus)
    host.silent.add('generate.start')
    await open(page, host, '#/try')
    await ask(page)
    await expect(page.getByRole('button', { name: 'Stop writing' })).toBeVisible()
    await look(page, 'try-loading')
  })

  test('refused', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, '#/try')
    await ask(page, 'this is too long')
    await expect(page.getByText('PROMPT_TOO_LONG')).toBeVisible()
    await look(page, 'try-refused')
  })

  test('stopped while writing', async ({ page, host }) => {
    host.say(demoStatus)
    host.tokenIntervalMs = 60
    await open(page, host, '#/try')
    await ask(page)
    await expect(page.getByText('who trains')).toBeVisible()
    await page.getByRole('button', { name: 'Stop writing' }).click()
    await expect(page.getByText('Stopped by you')).toBeVisible()
    await look(page, 'try-stopped-writing')
  })

  test('an answer that moves to another node while it is written', async ({ page, host }) => {
    host.say(demoStatus)
    host.tokenIntervalMs = 60
    const [left] = LOST
    if (!left) throw new Error('nobody is lost')
    const { peerId, blocks, code } = left
    host.changes = [
      { peerId, blocks, code, replacements: [], token: 4 },
      { peerId, blocks, code, replacements: [PEERS.walnut], token: 4 },
    ]
    await open(page, host, '#/try')
    await ask(page)
    await expect(page.getByText(/left\. Continuing with .+ from token 4\./)).toBeVisible()
    await picture(page, 'try-moving')
  })

  test('an answer that lost a node on its way', async ({ page, host }) => {
    host.say(demoStatus)
    host.tokenIntervalMs = 5
    host.lost = LOST
    await open(page, host, '#/try')
    await ask(page)
    await expect(page.getByText('went on with another one')).toBeVisible()
    await look(page, 'try-failover')
  })

  test('a chat, and how its words are chosen', async ({ page, host }) => {
    host.say((at) => {
      const status = servingStatus(at)
      return { ...status, model: status.model && { ...status.model, hasChatTemplate: true } }
    })
    host.tokenIntervalMs = 5
    await open(page, host, '#/try')
    await page.getByText('How words are chosen').click()
    await page.getByRole('textbox', { name: 'Temperature' }).fill('0.7')
    for (const words of ['What is an espalier?', 'And who makes one?']) {
      await ask(page, words)
      await expect(page.getByText('Complete')).toBeVisible()
    }
    await expect(page.getByRole('list', { name: 'What was said before' })).toContainText('What is an espalier?')
    await look(page, 'try-chat')
  })

  test('own blocks on their way', async ({ page, host }) => {
    host.say((at) => ({ ...servingStatus(at), loadLevel: 'L3' }))
    await open(page, host, '#/try')
    await expect(page.getByText('once its own blocks are loaded and tested')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled()
    await look(page, 'try-own-blocks')
  })

  test('no tokenizer', async ({ page, host }) => {
    const noTokenizer = new EspalierError('TOKENIZER_UNUSABLE', 'the disk is full').report()
    host.say((at) => {
      const status = servingStatus(at)
      return { ...status, model: status.model && { ...status.model, noTokenizer } }
    })
    await open(page, host, '#/try')
    await expect(page.getByText('tokenizer was not loaded: the disk is full')).toBeVisible()
    await look(page, 'try-no-tokenizer')
  })

  test('gap', async ({ page, host }) => {
    host.say(largeModelStatus)
    await open(page, host, '#/try')
    await expect(page.getByText('No answer can pass yet')).toBeVisible()
    await look(page, 'try-gap')
  })

  test('no contact', async ({ page, host, complaints }) => {
    complaints.expectOnly(/ERR_CONNECTION_(REFUSED|RESET)/)
    host.say(servingStatus)
    host.tokenIntervalMs = 100
    await open(page, host, '#/try')
    await ask(page)
    await expect(page.getByText('who trains')).toBeVisible()
    await goAway(host, page)
    await look(page, 'try-no-contact')
  })
})

test.describe('diagnostics', () => {
  test('a warning', async ({ page, host }) => {
    host.say(demoStatus)
    host.logLines = linesOf(Date.now(), 500)
    await open(page, host, '#/diagnostics')
    await expect(page.getByRole('heading', { name: 'NAT and dial-back' })).toBeVisible()
    await expect(page.getByText('500 lines')).toBeVisible()
    await look(page, 'diagnostics')
  })

  test('a failure, and a log that is searched', async ({ page, host }) => {
    host.say(servingStatus)
    host.makeChecks = failingChecksOf
    await open(page, host, '#/diagnostics')
    await expect(page.getByText('SHARD_WRITE_FAILED')).toBeVisible()
    await page.getByRole('searchbox').fill('heartbeat')
    await expect(page.getByText('5 of 60 lines')).toBeVisible()
    await look(page, 'diagnostics-failure')
  })

  test('a thousand lines', async ({ page, host }) => {
    host.say(servingStatus)
    host.logLines = linesOf(Date.now(), 500)
    await open(page, host, '#/diagnostics')
    await expect(page.getByText('500 lines')).toBeVisible()
    host.writeMany(linesOf(Date.now(), 500, 501))
    await expect(page.getByText('1,000 lines')).toBeVisible()
    await look(page, 'diagnostics-thousand')
  })

  test('what others hold against this node', async ({ page, host }) => {
    host.say((at) => ({
      ...servingStatus(at),
      notices: [
        {
          ...{ by: PEERS.walnut, code: 'SPOT_CHECK_DISAGREED' as const, at: at - 190_000 },
          cause:
            'blocks 4–7: token 317 at position 41 of this node is 3.20 logits below the likeliest (at most 0.5 may be) for two others',
        },
      ],
    }))
    await open(page, host, '#/diagnostics')
    await expect(page.getByRole('heading', { name: 'What other nodes hold against this one' })).toBeVisible()
    await look(page, 'diagnostics-notices')
  })

  test('nothing yet', async ({ page, host }) => {
    host.say(stoppedStatus)
    host.logLines = []
    host.makeChecks = () => []
    host.talk = null
    await open(page, host, '#/diagnostics')
    await expect(page.getByText('Nothing has been written yet.')).toBeVisible()
    await look(page, 'diagnostics-empty')
  })

  test('loading', async ({ page, host }) => {
    host.say(servingStatus)
    host.silent.add('diagnostics.run').add('logs.recent').add('talk.get')
    await open(page, host, '#/diagnostics')
    await expect(page.getByText('Reading the log…')).toBeVisible()
    await look(page, 'diagnostics-loading')
  })

  test('error', async ({ page, host }) => {
    host.say(servingStatus)
    host.failing.set('diagnostics.run', new EspalierError('TIMED_OUT'))
    host.failing.set('logs.recent', new EspalierError('DATA_DIR_UNUSABLE'))
    host.failing.set('talk.get', new EspalierError('TIMED_OUT'))
    await open(page, host, '#/diagnostics')
    await expect(page.getByText('DATA_DIR_UNUSABLE')).toBeVisible()
    await look(page, 'diagnostics-error')
  })

  test('no contact', async ({ page, host, complaints }) => {
    complaints.expectOnly(/ERR_CONNECTION_(REFUSED|RESET)/)
    host.say(servingStatus)
    await open(page, host, '#/diagnostics')
    await expect(page.getByText('60 lines')).toBeVisible()
    await goAway(host, page)
    await look(page, 'diagnostics-no-contact')
  })
})

test.describe('settings', () => {
  test.beforeEach(({ host }) => host.say(demoStatus))

  for (const [name, fit] of [
    ['what fits', FIT],
    ['on the processor', CPU_FIT],
    ['no model known', { ...CPU_FIT, model: null, together: null, missedGpu: null }],
  ] as const) {
    test(name, async ({ page, host }) => {
      host.say(servingStatus)
      host.fit = fit
      await open(page, host, '#/settings')
      await expect(page.getByText('AMD Ryzen 7 5700G (linux x64)')).toBeVisible()
      await page.getByText('Disk space for models, in GB').scrollIntoViewIfNeeded()
      await look(page, `settings-${name.replaceAll(' ', '-')}`)
    })
  }

  test('a token that is kept', async ({ page, host }) => {
    host.say(servingStatus)
    await open(page, host, '#/settings')
    await page.getByLabel('Hugging Face token').fill('hf_abcdefghijklmnop')
    await page.getByRole('button', { name: 'Keep it' }).click()
    await expect(page.getByText(/^One is kept in a file/)).toBeVisible()
    await page.getByRole('button', { name: 'Forget it' }).scrollIntoViewIfNeeded()
    await look(page, 'settings-token')
  })

  test('as they are', async ({ page, host }) => {
    await open(page, host, '#/settings')
    await look(page, 'settings')
  })

  test('through a read-only link', async ({ page, host }) => {
    await page.goto(`${host.carrier.url}/#token=${READ_TOKEN}`)
    await page.getByRole('link', { name: 'Settings' }).click()
    await expect(page.getByText('cannot change them')).toBeVisible()
    await look(page, 'settings-read-only')
  })

  test('with values that need a look', async ({ page, host }) => {
    await open(page, host, '#/settings')
    await page.getByRole('textbox', { name: 'Port for other nodes' }).fill('80')
    await page.getByRole('textbox', { name: 'Name that others see' }).fill('')
    await expect(page.getByText('Some values need a look')).toBeVisible()
    await look(page, 'settings-problems')
  })

  test('a save that is refused', async ({ page, host }) => {
    host.failing.set('settings.save', new EspalierError('DATA_DIR_UNUSABLE', 'no space left'))
    await open(page, host, '#/settings')
    await page.getByRole('textbox', { name: 'Name that others see' }).fill('cellar-pc')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('DATA_DIR_UNUSABLE')).toBeVisible()
    await look(page, 'settings-refused')
  })

  test('leaving', async ({ page, host }) => {
    await open(page, host, '#/settings')
    await page.getByRole('button', { name: 'Leave this network' }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await look(page, 'settings-leave')
  })

  test('no contact', async ({ page, host, complaints }) => {
    complaints.expectOnly(/ERR_CONNECTION_(REFUSED|RESET)/)
    await open(page, host, '#/settings')
    await goAway(host, page)
    await look(page, 'settings-no-contact')
  })
})
