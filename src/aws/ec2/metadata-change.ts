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

/** Only what is given. Throws InvalidParameterValue, or UnsupportedOperation for what is not served here. */
export function metadataChange(given: GivenMetadataOptions): Partial<InstanceMetadataOptions> {
  const { HttpTokens, HttpEndpoint, HttpPutResponseHopLimit: hopLimit } = given
  if (hopLimit !== undefined && !(Number.isInteger(hopLimit) && hopLimit >= 1 && hopLimit <= 64)) {
    throw refuse.InvalidParameterValue({
      text: `Value (${hopLimit}) for parameter HttpPutResponseHopLimit is invalid. Valid values are between 1 and 64.`,
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
