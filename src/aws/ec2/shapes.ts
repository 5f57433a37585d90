/** Inputs and outputs of the operations, after `model.ts`. */
import type { Filter } from './filters.ts'
import type { GivenMetadataOptions } from './metadata-change.ts'

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

export interface ModifyInstanceMetadataOptionsInput extends GivenMetadataOptions {
  readonly InstanceId?: string
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

export interface CreateLaunchTemplateInput {
  readonly LaunchTemplateName?: string
  readonly LaunchTemplateData?: {
    readonly MetadataOptions?: GivenMetadataOptions
    /** Base64. */
    readonly UserData?: string
  }
  readonly DryRun?: boolean
}

export interface NamedTemplateInput {
  readonly LaunchTemplateId?: string
  readonly LaunchTemplateName?: string
  readonly DryRun?: boolean
}

export interface DescribeLaunchTemplatesInput extends Asked {
  readonly LaunchTemplateIds?: readonly string[]
  readonly LaunchTemplateNames?: readonly string[]
}

export interface WireLaunchTemplate {
  readonly LaunchTemplateId: string
  readonly LaunchTemplateName: string
  readonly CreateTime: Date
  readonly CreatedBy: string
  readonly DefaultVersionNumber: number
  readonly LatestVersionNumber: number
}

export interface LaunchTemplateOutput {
  readonly LaunchTemplate: WireLaunchTemplate
}

export interface LaunchTemplatesOutput {
  readonly LaunchTemplates: readonly WireLaunchTemplate[]
}
