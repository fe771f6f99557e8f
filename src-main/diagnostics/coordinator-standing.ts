import { type CheckDefinition, pass, unknown } from './check'

/** What the coordinator says about this node, and where that is not so. */
export const coordinatorStanding: CheckDefinition = {
  id: 'coordinator-standing',
  title: 'What the coordinator says of you',
  applies: ({ status }) => status?.coordinator !== undefined,
  async look({ status }) {
    const view = status?.coordinator
    if (!view) return unknown('no node runs')
    const warning = view.notices.find(({ tone }) => tone === 'warn')
    if (warning) {
      const action = 'Tell the host of the network; other nodes find you by your own records, not by this list.'
      return { verdict: 'warn', evidence: warning.text, action, code: null }
    }
    const last = view.timeline.at(-1)
    return pass(
      [`state ${view.state}`, ...(last ? [`last: ${last.kind}`, last.reason] : [])].filter(Boolean).join(', '),
    )
  },
}
