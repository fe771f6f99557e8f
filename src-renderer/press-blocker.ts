import type { BlockerButton } from '../src-shared/readiness'
import { goTo } from './router'
import type { AppStores } from './stores/app-stores'

/** What a blocker's button does: a command to the node, or the page where the matter is settled. */
export function pressBlocker(button: BlockerButton, { node }: Pick<AppStores, 'node'>): void {
  switch (button) {
    case 'start-node':
      void node.command('start')
      return
    case 'load-now':
    case 'fetch-again':
      void node.command('load')
      return
    case 'apply-again':
      void node.command('reapply')
      return
    case 'choose-file':
    case 'choose-network':
    case 'open-settings':
      goTo({ page: 'settings' })
      return
    case 'run-diagnosis':
      goTo({ page: 'diagnostics' })
  }
}
