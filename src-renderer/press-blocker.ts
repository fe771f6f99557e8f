import type { BlockerButton } from '../src-shared/readiness'
import { goTo } from './router'
import type { AppStores } from './stores/app-stores'

/** What a blocker's button does: a command to the node, a look at the matter here, or the page where it is settled. */
export function pressBlocker(
  button: BlockerButton,
  { node, diagnosis }: Pick<AppStores, 'node' | 'diagnosis'>,
  chooseFile: () => void,
): void {
  switch (button) {
    case 'start-node':
      void node.command('start')
      return
    case 'load-now':
    case 'fetch-again':
    case 'download':
      void node.command('load')
      return
    case 'wait-for-coordinator':
      void node.command('await')
      return
    case 'resume-fetch':
      void node.command('resume')
      return
    case 'apply-again':
      void node.command('reapply')
      return
    case 'choose-file':
      chooseFile()
      return
    case 'choose-network':
    case 'open-settings':
      goTo({ page: 'settings' })
      return
    case 'run-diagnosis':
      diagnosis.ask()
      // Where its answer shows.
      goTo({ page: 'shards' })
  }
}
