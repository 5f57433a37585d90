import type { Operation } from '../../operation.ts'
import { refuse } from '../errors.ts'
import { filtered } from '../filters.ts'
import { refuseDryRun } from '../find.ts'
import type {
  DescribeAvailabilityZonesInput,
  DescribeAvailabilityZonesOutput,
  DescribeRegionsInput,
  DescribeRegionsOutput,
} from '../shapes.ts'

/** The regions that every account has. The lab answers in AWS's others, too. */
const regions = [
  'ap-south-1',
  'eu-north-1',
  'eu-west-3',
  'eu-west-2',
  'eu-west-1',
  'ap-northeast-3',
  'ap-northeast-2',
  'ap-northeast-1',
  'ca-central-1',
  'sa-east-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'eu-central-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
]

export const describeRegions: Operation<DescribeRegionsInput, DescribeRegionsOutput, object> = {
  name: 'DescribeRegions',
  access: () => [{ action: 'ec2:DescribeRegions', resource: '*' }],
  handle(input, { region }) {
    refuseDryRun(input)
    const all = [...new Set([...regions, region])].map((name) => ({
      OptInStatus: 'opt-in-not-required',
      RegionName: name,
      Endpoint: `ec2.${name}.amazonaws.com`,
    }))
    const { RegionNames: names } = input
    const unknown = names?.find((name) => !all.some(({ RegionName }) => RegionName === name))
    if (unknown !== undefined) {
      throw refuse.InvalidParameterValue({ text: `Invalid region provided: ${unknown}` })
    }
    const chosen = names ? all.filter(({ RegionName }) => names.includes(RegionName)) : all
    const keys = ['region-name', 'endpoint', 'opt-in-status']
    const Regions = filtered(chosen, input.Filters, keys, (of, name) => {
      if (name === 'region-name') return [of.RegionName]
      return [name === 'endpoint' ? of.Endpoint : of.OptInStatus]
    })
    return { Regions }
  },
}

/** One zone: all nodes of a lab are in it. */
export const describeAvailabilityZones: Operation<
  DescribeAvailabilityZonesInput,
  DescribeAvailabilityZonesOutput,
  object
> = {
  name: 'DescribeAvailabilityZones',
  access: () => [{ action: 'ec2:DescribeAvailabilityZones', resource: '*' }],
  handle(input, { region }) {
    refuseDryRun(input)
    const zone = {
      State: 'available',
      OptInStatus: 'opt-in-not-required',
      RegionName: region,
      ZoneName: `${region}a`,
      ZoneType: 'availability-zone',
    }
    const unknown = input.ZoneNames?.find((name) => name !== zone.ZoneName)
    if (unknown !== undefined) {
      throw refuse.InvalidParameterValue({ text: `Invalid availability zone: [${unknown}]` })
    }
    const values: Readonly<Record<string, string>> = {
      'region-name': region,
      'zone-name': zone.ZoneName,
      'zone-type': zone.ZoneType,
      state: zone.State,
      'opt-in-status': zone.OptInStatus,
    }
    return {
      AvailabilityZones: filtered([zone], input.Filters, Object.keys(values), (_zone, name) => [
        values[name] ?? '',
      ]),
    }
  },
}
