import type { Operation } from '../../operation.ts'
import { refuse } from '../errors.ts'
import { findInstances, ownInstances, refuseDryRun } from '../find.ts'
import type { Ec2Fleet, InstanceMetadataOptions } from '../fleet.ts'
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
    findInstances(fleet, call, [InstanceId])
    const change = changeOf(input)
    refuseDryRun(input)
    await fleet.setMetadataOptions(InstanceId, change)
    const now = fleet.metadataOptions(InstanceId)
    return { InstanceId, InstanceMetadataOptions: showMetadataOptions(now, 'pending') }
  },
}

function changeOf(input: Input): Partial<InstanceMetadataOptions> {
  const { HttpTokens, HttpEndpoint, HttpPutResponseHopLimit: hopLimit } = input
  if (hopLimit !== undefined && !(Number.isInteger(hopLimit) && hopLimit >= 1 && hopLimit <= 64)) {
    throw refuse.InvalidParameterValue({
      text: `Value (${hopLimit}) for parameter HttpPutResponseHopLimit is invalid. Valid values are between 1 and 64.`,
    })
  }
  for (const name of ['HttpProtocolIpv6', 'InstanceMetadataTags'] as const) {
    if (oneOf(name, input[name], ['enabled', 'disabled']) === 'enabled') {
      throw refuse.UnsupportedOperation({ text: `Podpass does not serve ${name}.` })
    }
  }
  const httpTokens = oneOf('HttpTokens', HttpTokens, ['optional', 'required'])
  const httpEndpoint = oneOf('HttpEndpoint', HttpEndpoint, ['enabled', 'disabled'])
  return {
    ...(httpTokens === undefined ? {} : { httpTokens }),
    ...(httpEndpoint === undefined ? {} : { httpEndpoint }),
    ...(hopLimit === undefined ? {} : { hopLimit }),
  }
}

function oneOf<const Value extends string>(
  name: string,
  given: string | undefined,
  allowed: readonly Value[],
): Value | undefined {
  if (given === undefined) return undefined
  const found = allowed.find((value) => value === given)
  if (found !== undefined) return found
  throw refuse.InvalidParameterValue({
    text: `Value (${given.slice(0, 100)}) for parameter ${name} is invalid. Valid values are ${allowed.join(', ')}.`,
  })
}
