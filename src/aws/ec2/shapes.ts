/** Inputs and outputs of the operations, after `model.ts`. */
import type { Filter } from './filters.ts'

interface Asked {
  readonly DryRun?: boolean
  readonly Filters?: readonly Filter[]
}

export interface DescribeInstancesInput extends Asked {
  readonly InstanceIds?: readonly string[]
  readonly MaxResults?: number
  readonly NextToken?: string
}

export interface WireMetadataOptions {
  readonly State: 'pending' | 'applied'
  readonly HttpTokens: string
  readonly HttpPutResponseHopLimit: number
  readonly HttpEndpoint: string
  readonly HttpProtocolIpv6: string
  readonly InstanceMetadataTags: string
}

export interface WireInstance {
  readonly InstanceId: string
  readonly ImageId: string
  readonly InstanceType: string
  readonly Architecture: string
  readonly State: { readonly Code: number; readonly Name: string }
  readonly PrivateDnsName: string
  readonly PrivateIpAddress: string
  readonly LaunchTime?: Date
  readonly Placement: {
    readonly AvailabilityZone: string
    readonly GroupName: string
    readonly Tenancy: string
  }
  readonly IamInstanceProfile?: { readonly Arn: string; readonly Id: string }
  readonly MetadataOptions: WireMetadataOptions
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[]
}

export interface WireReservation {
  readonly ReservationId: string
  readonly OwnerId: string
  readonly Groups: readonly string[]
  readonly Instances: readonly WireInstance[]
}

export interface DescribeInstancesOutput {
  readonly NextToken?: string
  readonly Reservations: readonly WireReservation[]
}

export interface ModifyInstanceMetadataOptionsInput {
  readonly InstanceId?: string
  readonly HttpTokens?: string
  readonly HttpPutResponseHopLimit?: number
  readonly HttpEndpoint?: string
  readonly HttpProtocolIpv6?: string
  readonly InstanceMetadataTags?: string
  readonly DryRun?: boolean
}

export interface ModifyInstanceMetadataOptionsOutput {
  readonly InstanceId: string
  readonly InstanceMetadataOptions: WireMetadataOptions
}

export interface DescribeRegionsInput extends Asked {
  readonly RegionNames?: readonly string[]
}

export interface DescribeRegionsOutput {
  readonly Regions: readonly {
    readonly OptInStatus: string
    readonly RegionName: string
    readonly Endpoint: string
  }[]
}

export interface DescribeAvailabilityZonesInput extends Asked {
  readonly ZoneNames?: readonly string[]
}

export interface DescribeAvailabilityZonesOutput {
  readonly AvailabilityZones: readonly {
    readonly State: string
    readonly OptInStatus: string
    readonly RegionName: string
    readonly ZoneName: string
    readonly ZoneType: string
  }[]
}
