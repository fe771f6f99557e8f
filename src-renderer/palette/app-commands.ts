import { whyOffline } from '../internet'
import { isBusy } from '../stores/generation'
import { updateWords } from '../words/app'
import { BLOCKED, COMMANDS, QUESTIONS, SAID } from '../words/commands'
import type { Command, CommandFacts, CommandHands } from './commands'
import { firstOf, mayNotChange } from './why-blocked'

/** What is written on the page to try the network. */
export function tryCommands({ generation, talkLength, ...facts }: CommandFacts, hands: CommandHands): Command[] {
  const isWriting = isBusy(generation)
  return [
    {
      ...{ id: 'stop-writing', group: 'try', title: COMMANDS.stopWriting, keywords: 'answer cancel generation' },
      blocked: firstOf(!facts.node.isLive && BLOCKED.noContact, !isWriting && BLOCKED.nothingWritten),
      run() {
        hands.stopWriting()
        hands.go({ page: 'try' })
      },
    },
    {
      ...{ id: 'new-chat', group: 'try', title: COMMANDS.newChat, keywords: 'forget clear conversation' },
      blocked: firstOf(isWriting && BLOCKED.busy, talkLength === 0 && generation?.mode !== 'chat' && BLOCKED.noChat),
      run() {
        hands.newChat()
        hands.go({ page: 'try' })
      },
    },
  ]
}

/** Checks, help and the app itself. */
export function appCommands(facts: CommandFacts, hands: CommandHands): Command[] {
  const noContact = !facts.node.isLive && BLOCKED.noContact
  const mayNot = mayNotChange(facts)
  return [
    {
      ...{ id: 'diagnose', group: 'help', title: COMMANDS.diagnose, keywords: 'runbook problem report shards' },
      blocked: firstOf(noContact, facts.isDiagnosing && BLOCKED.diagnosing),
      run() {
        hands.diagnose()
        hands.go({ page: 'shards' })
      },
    },
    {
      ...{ id: 'check', group: 'help', title: COMMANDS.check, keywords: 'diagnostics doctor again' },
      blocked: firstOf(noContact, facts.isChecking && BLOCKED.diagnosing),
      run() {
        hands.check()
        hands.go({ page: 'diagnostics' })
      },
    },
    {
      ...{ id: 'copy-support', group: 'help', title: COMMANDS.copySupport, keywords: 'summary clipboard report' },
      blocked: mayNot,
      async run() {
        const text = await hands.summary()
        if (text !== null) return hands.copy(text)
        hands.go({ page: 'diagnostics' })
        return SAID.noSummary
      },
    },
    {
      ...{ id: 'bundle', group: 'help', title: COMMANDS.bundle, keywords: 'export save redacted log report' },
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
        title: COMMANDS.shortcuts,
        keywords: 'keys hotkeys list help',
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
      ...{ id: 'update', group: 'app', title: button ?? COMMANDS.update, keywords: `update version upgrade ${hint}` },
      blocked: firstOf(
        mayNotChange(facts),
        button === null && BLOCKED.noUpdate,
        app.update.state !== 'ready' && whyOffline(app) !== null && BLOCKED.offline,
      ),
      ...(app.update.state === 'ready' && { question: QUESTIONS.update }),
      run() {
        hands.update()
        hands.go({ page: 'settings' })
      },
    },
  ]
}
