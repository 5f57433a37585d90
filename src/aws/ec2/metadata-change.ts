/** Metadata options of a request: checked, and in our own form. */
import { refuse } from './errors.ts'
import type { InstanceMetadataOptions } from './fleet.ts'

export interface GivenMetadataOptions {
  readonly HttpTokens?: string
  readonly HttpPutResponseHopLimit?: number
  readonly HttpEndpoint?: string
  readonly HttpProtocolIpv6?: string
  readonly InstanceMetadataTags?: string
}

const tagKeyForm = /^[0-9a-zA-Z\-_+=,.@:]{1,255}$/
const reservedKeys = ['.', '..', '_index']

/**
 * Only what is given. Throws InvalidParameterValue, or UnsupportedOperation for what is not served here. `tags`: of the
 * instance that it is for, whose keys must be names of paths where its metadata is to show them; a node's never are.
 */
export function metadataChange(
  given: GivenMetadataOptions,
  tags: Readonly<Record<string, string>> = {},
): Partial<InstanceMetadataOptions> {
  const { HttpTokens, HttpEndpoint, HttpPutResponseHopLimit: hopLimit } = given
  if (hopLimit !== undefined && !(Number.isInteger(hopLimit) && hopLimit >= 1 && hopLimit <= 64)) {
    throw refuse.InvalidParameterValue({
      text: `Value (${hopLimit}) for parameter HttpPutResponseHopLimit is invalid. Valid values are between 1 and 64.`,
    })
  }
  const odd = Object.keys(tags).find((key) => !tagKeyForm.test(key) || reservedKeys.includes(key))
  if (given.InstanceMetadataTags === 'enabled' && odd !== undefined) {
    throw refuse.InvalidParameterValue({
      text: `'${odd}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{1,255}), and must not be a reserved name ('.', '..', '_index')`,
    })
  }
  for (const name of ['HttpProtocolIpv6', 'InstanceMetadataTags'] as const) {
    if (oneOf(name, given[name], ['enabled', 'disabled']) === 'enabled') {
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
