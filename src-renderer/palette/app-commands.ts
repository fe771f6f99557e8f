import { whyOffline } from '../internet'
import { isBusy } from '../stores/generation'
import { say } from '../words'
import { updateWords } from '../words/app'
import type { Command, CommandFacts, CommandHands } from './commands'
import { firstOf, mayNotChange } from './why-blocked'

/** What is written on the page to try the network. */
export function tryCommands({ generation, talkLength, ...facts }: CommandFacts, hands: CommandHands): Command[] {
  const isWriting = isBusy(generation)
  return [
    {
      ...{
        id: 'stop-writing',
        group: 'try',
        title: say.COMMANDS.stopWriting,
        keywords: say.COMMAND_KEYWORDS.stopWriting,
      },
      blocked: firstOf(!facts.node.isLive && say.BLOCKED.noContact, !isWriting && say.BLOCKED.nothingWritten),
      run() {
        hands.stopWriting()
        hands.go({ page: 'try' })
      },
    },
    {
      ...{ id: 'new-chat', group: 'try', title: say.COMMANDS.newChat, keywords: say.COMMAND_KEYWORDS.newChat },
      blocked: firstOf(
        isWriting && say.BLOCKED.busy,
        talkLength === 0 && generation?.mode !== 'chat' && say.BLOCKED.noChat,
      ),
      run() {
        hands.newChat()
        hands.go({ page: 'try' })
      },
    },
  ]
}

/** Checks, help and the app itself. */
export function appCommands(facts: CommandFacts, hands: CommandHands): Command[] {
  const noContact = !facts.node.isLive && say.BLOCKED.noContact
  const mayNot = mayNotChange(facts)
  return [
    {
      ...{ id: 'diagnose', group: 'help', title: say.COMMANDS.diagnose, keywords: say.COMMAND_KEYWORDS.diagnose },
      blocked: firstOf(noContact, facts.isDiagnosing && say.BLOCKED.diagnosing),
      run() {
        hands.diagnose()
        hands.go({ page: 'shards' })
      },
    },
    {
      ...{ id: 'check', group: 'help', title: say.COMMANDS.check, keywords: say.COMMAND_KEYWORDS.check },
      blocked: firstOf(noContact, facts.isChecking && say.BLOCKED.diagnosing),
      run() {
        hands.check()
        hands.go({ page: 'diagnostics' })
      },
    },
    {
      ...{
        id: 'copy-support',
        group: 'help',
        title: say.COMMANDS.copySupport,
        keywords: say.COMMAND_KEYWORDS.copySupport,
      },
      blocked: mayNot,
      async run() {
        const text = await hands.summary()
        if (text !== null) return hands.copy(text)
        hands.go({ page: 'diagnostics' })
        return say.SAID.noSummary
      },
    },
    {
      ...{ id: 'bundle', group: 'help', title: say.COMMANDS.bundle, keywords: say.COMMAND_KEYWORDS.bundle },
      blocked: mayNot,
      run() {
        hands.openBundle()
        hands.go({ page: 'diagnostics' })
      },
    },
    {
      ...{
        id: 'shortcuts',
        group: 'help',
        title: say.COMMANDS.shortcuts,
        keywords: say.COMMAND_KEYWORDS.shortcuts,
        blocked: null,
      },
      run: () => hands.openShortcuts(),
    },
    ...updateCommand(facts, hands),
  ]
}

/** Only where the app has a button for it. */
function updateCommand(facts: CommandFacts, hands: CommandHands): Command[] {
  const { app } = facts
  if (app?.host !== 'desktop' || app.update.way === 'none') return []
  const { button, hint } = updateWords(app, app.update)
  return [
    {
      ...{
        id: 'update',
        group: 'app',
        title: button ?? say.COMMANDS.update,
        keywords: `${say.COMMAND_KEYWORDS.update} ${hint}`,
      },
      blocked: firstOf(
        mayNotChange(facts),
        button === null && say.BLOCKED.noUpdate,
        app.update.state !== 'ready' && whyOffline(app) !== null && say.BLOCKED.offline,
      ),
      ...(app.update.state === 'ready' && { question: say.QUESTIONS.update }),
      run() {
        hands.update()
        hands.go({ page: 'settings' })
      },
    },
  ]
}
