import type { Operation } from '../../operation.ts'
import { refuse } from '../errors.ts'
import { findInstances, ownInstances, refuseDryRun } from '../find.ts'
import type { Ec2Fleet } from '../fleet.ts'
import { metadataChange } from '../metadata-change.ts'
import type {
  ModifyInstanceMetadataOptionsInput as Input,
  ModifyInstanceMetadataOptionsOutput as Output,
} from '../shapes.ts'
import { showMetadataOptions } from '../show.ts'

interface Deps {
  readonly fleet: Ec2Fleet
}

/** Changes how an instance's metadata service answers, from its next request on. */
export const modifyInstanceMetadataOptions: Operation<Input, Output, Deps> = {
  name: 'ModifyInstanceMetadataOptions',
  access({ InstanceId = '*' }, call, { fleet }) {
    const { region, account } = call
    const found = ownInstances(fleet, call).find(({ instanceId }) => instanceId === InstanceId)
    return [
      {
        action: 'ec2:ModifyInstanceMetadataOptions',
        resource: `arn:aws:ec2:${region}:${account}:instance/${InstanceId}`,
        context: Object.fromEntries(
          Object.entries(found?.tags ?? {}).map(([key, value]) => [
            `aws:ResourceTag/${key}`,
            value,
          ]),
        ),
      },
    ]
  },
  async handle(input, call, { fleet }) {
    const { InstanceId } = input
    if (!InstanceId) throw refuse.MissingParameter({ name: 'InstanceId' })
    const [instance] = findInstances(fleet, call, [InstanceId])
    const change = metadataChange(input, instance?.tags)
    refuseDryRun(input)
    await fleet.setMetadataOptions(InstanceId, change)
    const now = fleet.metadataOptions(InstanceId)
    return { InstanceId, InstanceMetadataOptions: showMetadataOptions(now, 'pending') }
  },
}
