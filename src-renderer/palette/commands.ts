import type { AppView } from '../../src-shared/app-view'
import type { HostStatus } from '../../src-shared/host-network'
import type { Settings } from '../../src-shared/settings'
import { PAGES, type Route } from '../router'
import type { Generation } from '../stores/generation'
import type { Metering } from '../stores/meter-store'
import type { NodeCommand, NodeState } from '../stores/node-store'
import { THEMES, type Theme } from '../theme'
import { type Catalogue, say } from '../words'
import { appCommands, tryCommands } from './app-commands'
import type { Searched } from './fuzzy'
import { nodeCommands } from './node-commands'

export type CommandGroup = keyof Catalogue['GROUPS']

/** Asked before something is done that a slip of the finger should not do. */
export interface Question {
  title: string
  text: string
  yes: string
  no: string
}

export interface Command extends Searched {
  id: string
  group: CommandGroup
  /** Why it cannot be done now; null when it can. */
  blocked: string | null
  question?: Question
  /** Words that it resolves to are said afterwards, where no page shows what came of it. */
  run(): unknown
}

/** What is known when the list is made; null or absent: not known. */
export interface CommandFacts {
  node: Pick<NodeState, 'status' | 'isLive' | 'mayOperate' | 'pending' | 'connection'>
  settings: Settings | null
  host: HostStatus | null
  app: AppView | null
  metering: Metering
  generation: Generation | null
  talkLength: number
  isChecking: boolean
  isDiagnosing: boolean
  theme: Theme
}

/** What commands do. A page shows what came of it, so most lead to one. */
export interface CommandHands {
  go(route: Route): void
  command(command: NodeCommand): void
  retryNow(): void
  chooseTheme(theme: Theme): void
  leaveNetwork(): void
  measure(url: string, insecure?: true): void
  makeInvite(): void
  stopHosting(): void
  diagnose(): void
  check(): void
  update(): void
  openBundle(): void
  openShortcuts(): void
  stopWriting(): void
  newChat(): void
  /** Null: it could not be made. */
  summary(): Promise<string | null>
  /** Resolves to what is said about it. */
  copy(text: string): Promise<string>
}

/** Everything that has a page or a button, in the order in which it is listed before anything is typed. */
export function commandsOf(facts: CommandFacts, hands: CommandHands): Command[] {
  return [
    ...pages(hands),
    ...nodeCommands(facts, hands),
    ...tryCommands(facts, hands),
    ...appCommands(facts, hands),
    ...colours(facts, hands),
  ]
}

function pages({ go }: CommandHands): Command[] {
  const place = (id: string, title: string, keywords: string, route: Route): Command => ({
    ...{ id, title, keywords, group: 'page', blocked: null },
    run: () => go(route),
  })
  return [
    ...PAGES.map((page) =>
      place(
        `page-${page}`,
        say.PAGE_NAMES[page],
        say.PAGE_KEYWORDS[page],
        page === 'peers' ? { page, view: 'table' } : { page },
      ),
    ),
    place('page-capabilities', say.COMMANDS.peersCapabilities, say.COMMAND_KEYWORDS.peersCapabilities, {
      page: 'peers',
      view: 'capabilities',
    }),
    place('page-map', say.COMMANDS.peersMap, say.COMMAND_KEYWORDS.peersMap, { page: 'peers', view: 'map' }),
    place('page-path', say.COMMANDS.peersPath, say.COMMAND_KEYWORDS.peersPath, { page: 'peers', view: 'path' }),
    place('page-space', say.COMMANDS.space, say.COMMAND_KEYWORDS.space, { page: 'shards' }),
  ]
}

function colours({ theme }: CommandFacts, { chooseTheme }: CommandHands): Command[] {
  return THEMES.map((name) => ({
    id: `theme-${name}`,
    group: 'colours',
    title: say.THEME_NAMES[name],
    keywords: say.THEME_KEYWORDS,
    blocked: name === theme ? say.BLOCKED.isChosen : null,
    run: () => chooseTheme(name),
  }))
}
