/** Instances as EC2 shows and filters them. */
import { createHash } from 'node:crypto'
import type { Ec2Instance, InstanceMetadataOptions } from './fleet.ts'
import type { WireMetadataOptions, WireReservation } from './shapes.ts'

/** A reservation of its own for each instance, its id always the same. */
export function showReservation(
  instance: Ec2Instance,
  options: InstanceMetadataOptions,
): WireReservation {
  const { instanceProfile, launchedAt, tags } = instance
  const digest = createHash('sha256').update(`reservation ${instance.instanceId}`).digest('hex')
  return {
    ReservationId: `r-0${digest.slice(0, 16)}`,
    OwnerId: instance.account,
    Groups: [],
    Instances: [
      {
        InstanceId: instance.instanceId,
        ImageId: instance.imageId,
        InstanceType: instance.instanceType,
        Architecture: 'x86_64',
        State: { Code: 16, Name: 'running' },
        PrivateDnsName: instance.privateDnsName,
        PrivateIpAddress: instance.privateIp,
        ...(launchedAt === undefined ? {} : { LaunchTime: new Date(launchedAt) }),
        Placement: {
          AvailabilityZone: instance.availabilityZone,
          GroupName: '',
          Tenancy: 'default',
        },
        ...(instanceProfile
          ? { IamInstanceProfile: { Arn: instanceProfile.arn, Id: instanceProfile.id } }
          : {}),
        MetadataOptions: showMetadataOptions(options, 'applied'),
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      },
    ],
  }
}

export function showMetadataOptions(
  { httpTokens, httpEndpoint, hopLimit }: InstanceMetadataOptions,
  state: WireMetadataOptions['State'],
): WireMetadataOptions {
  return {
    State: state,
    HttpTokens: httpTokens,
    HttpPutResponseHopLimit: hopLimit,
    HttpEndpoint: httpEndpoint,
    HttpProtocolIpv6: 'disabled',
    InstanceMetadataTags: 'disabled',
  }
}

export const instanceFilters = [
  'architecture',
  'availability-zone',
  'iam-instance-profile.arn',
  'iam-instance-profile.id',
  'image-id',
  'instance-id',
  'instance-state-code',
  'instance-state-name',
  'instance-type',
  'metadata-options.http-endpoint',
  'metadata-options.http-put-response-hop-limit',
  'metadata-options.http-tokens',
  'owner-id',
  'private-dns-name',
  'private-ip-address',
  'tag-key',
]

/** What a filter of that name looks at. */
export function readInstanceFilter(
  instance: Ec2Instance,
  name: string,
  options: InstanceMetadataOptions,
): readonly string[] {
  if (name.startsWith('tag:')) {
    const value = instance.tags[name.slice('tag:'.length)]
    return value === undefined ? [] : [value]
  }
  const { instanceProfile: profile } = instance
  const values: Readonly<Record<string, readonly string[]>> = {
    architecture: ['x86_64'],
    'availability-zone': [instance.availabilityZone],
    'iam-instance-profile.arn': profile ? [profile.arn] : [],
    'iam-instance-profile.id': profile ? [profile.id] : [],
    'image-id': [instance.imageId],
    'instance-id': [instance.instanceId],
    'instance-state-code': ['16'],
    'instance-state-name': ['running'],
    'instance-type': [instance.instanceType],
    'metadata-options.http-endpoint': [options.httpEndpoint],
    'metadata-options.http-put-response-hop-limit': [String(options.hopLimit)],
    'metadata-options.http-tokens': [options.httpTokens],
    'owner-id': [instance.account],
    'private-dns-name': [instance.privateDnsName],
    'private-ip-address': [instance.privateIp],
    'tag-key': Object.keys(instance.tags),
  }
  return values[name] ?? []
}
