/** What a caller needs for RDS's operations, with the tags of what is there and of what is asked for. */
import type { Call, ConditionContext, Need } from '../operation.ts'
import type { Kind, Tags } from './records.ts'
import { rdsArn } from './records.ts'
import type { RdsState } from './state.ts'
import type { TagList } from './tags.ts'

/** `rds:<action>` on a resource; its own tags are looked up. `identifier` `*`: all of the kind. */
export function rdsNeed(
  action: string,
  call: Call,
  kind: Kind,
  identifier: string,
  { state }: { readonly state: RdsState },
  context: ConditionContext = {},
): Need {
  const tags = identifier === '*' ? undefined : state.find(call, kind, identifier)?.tags
  return {
    action: `rds:${action}`,
    resource: rdsArn(call, kind, identifier),
    context: { ...resourceTags(tags), ...context },
  }
}

/** `aws:RequestTag/…` and `aws:TagKeys` of tags asked for. */
export function requestTags(tags: TagList | undefined): Record<string, string | string[]> {
  const context: Record<string, string | string[]> = {}
  for (const { Key = '', Value = '' } of tags ?? []) context[`aws:RequestTag/${Key}`] = Value
  if (tags && tags.length > 0) context['aws:TagKeys'] = tags.map(({ Key = '' }) => Key)
  return context
}

function resourceTags(tags: Tags | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags ?? {}).map(([key, value]) => [`aws:ResourceTag/${key}`, value]),
  )
}
