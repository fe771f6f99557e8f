import type { ShardView } from '../../src-shared/app-views'
import type { NodeStatus } from '../../src-shared/status'
import { formatBytes, formatDecimal } from '../format'
import { say } from '.'

export function shardsLead({ model }: Pick<NodeStatus, 'model'>): string {
  return model ? say.SHARDS.lead(model.name) : say.SHARDS.leadNoModel
}

export function noShardsWords({ phase }: Pick<NodeStatus, 'phase'>): { title: string; text: string } {
  const { SHARDS } = say
  return phase === 'stopped'
    ? { title: SHARDS.stoppedTitle, text: SHARDS.stoppedText }
    : { title: SHARDS.emptyTitle, text: SHARDS.emptyText }
}

export function shareWords({ neededBytes, modelBytes }: ShardView): string {
  const percent = modelBytes > 0 ? (100 * neededBytes) / modelBytes : 0
  const shown = percent > 0 && percent < 1 ? say.SHARDS.lessThanOne : formatDecimal(percent, 0)
  return say.SHARDS.share(shown, formatBytes(modelBytes))
}
