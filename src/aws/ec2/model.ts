/**
 * The API model of the part of EC2 that nodes need. Written by hand after the API reference (version 2016-11-15): EC2's own
 * model is larger than all others together. Requests name fields otherwise than answers, so each has its own shapes.
 */
import type { Member, ServiceModel, Shape } from '../protocol/model.ts'

const string: Member = { shape: 'String' }
const boolean: Member = { shape: 'Boolean' }
const number: Member = { shape: 'Number' }

function structure(members: Readonly<Record<string, Member>>): Shape {
  return { kind: 'structure', members, required: [] }
}

/** A list of a request: `InstanceId.1`. */
function numbered(shape: string, wire: string): Member {
  return { shape: `${shape}List`, wire, flat: true }
}

/** Members of an answer: their names with a small letter in front, unless `wires` says otherwise. */
function answer(
  members: Readonly<Record<string, Member>>,
  wires: Readonly<Record<string, string>> = {},
): Shape {
  return structure(
    Object.fromEntries(
      Object.entries(members).map(([name, member]) => [
        name,
        { ...member, wire: wires[name] ?? `${name[0]?.toLowerCase()}${name.slice(1)}` },
      ]),
    ),
  )
}

const list = (of: string): Shape => ({ kind: 'list', of: { shape: of, wire: 'item' } })
const flat = (of: string): Shape => ({ kind: 'list', of: { shape: of } })

const operation = (name: string) => ({ input: `${name}Request`, output: `${name}Result` })

export const model: ServiceModel = {
  service: 'ec2',
  protocol: 'query',
  version: '2016-11-15',
  xmlNamespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
  source: 'by hand, after the API reference',
  operations: {
    CreateLaunchTemplate: { ...operation('CreateLaunchTemplate'), output: 'LaunchTemplateResult' },
    DeleteLaunchTemplate: { ...operation('DeleteLaunchTemplate'), output: 'LaunchTemplateResult' },
    DescribeLaunchTemplates: operation('DescribeLaunchTemplates'),
    DescribeAvailabilityZones: operation('DescribeAvailabilityZones'),
    DescribeInstances: operation('DescribeInstances'),
    DescribeRegions: operation('DescribeRegions'),
    ModifyInstanceMetadataOptions: operation('ModifyInstanceMetadataOptions'),
  },
  shapes: {
    String: { kind: 'string' },
    Boolean: { kind: 'boolean' },
    Number: { kind: 'number' },
    Timestamp: { kind: 'timestamp', format: 'date-time' },
    StringList: flat('String'),
    Filter: structure({ Name: string, Values: numbered('String', 'Value') }),
    FilterList: flat('Filter'),

    DescribeInstancesRequest: structure({
      InstanceIds: numbered('String', 'InstanceId'),
      Filters: numbered('Filter', 'Filter'),
      DryRun: boolean,
      MaxResults: number,
      NextToken: string,
    }),
    DescribeInstancesResult: answer(
      { NextToken: string, Reservations: { shape: 'Reservations' } },
      { Reservations: 'reservationSet' },
    ),
    Reservations: list('Reservation'),
    Reservation: answer(
      {
        ReservationId: string,
        OwnerId: string,
        Groups: { shape: 'Groups' },
        Instances: { shape: 'Instances' },
      },
      { Groups: 'groupSet', Instances: 'instancesSet' },
    ),
    Groups: list('String'),
    Instances: list('Instance'),
    Instance: answer(
      {
        Architecture: string,
        IamInstanceProfile: { shape: 'IamInstanceProfile' },
        InstanceLifecycle: string,
        MetadataOptions: { shape: 'MetadataOptions' },
        Tags: { shape: 'Tags' },
        InstanceId: string,
        ImageId: string,
        State: { shape: 'InstanceState' },
        PrivateDnsName: string,
        InstanceType: string,
        LaunchTime: { shape: 'Timestamp' },
        Placement: { shape: 'Placement' },
        PrivateIpAddress: string,
      },
      { State: 'instanceState', Tags: 'tagSet' },
    ),
    IamInstanceProfile: answer({ Arn: string, Id: string }),
    InstanceState: answer({ Code: number, Name: string }),
    Placement: answer({ AvailabilityZone: string, GroupName: string, Tenancy: string }),
    Tags: list('Tag'),
    Tag: answer({ Key: string, Value: string }),
    MetadataOptions: answer({
      State: string,
      HttpTokens: string,
      HttpPutResponseHopLimit: number,
      HttpEndpoint: string,
      HttpProtocolIpv6: string,
      InstanceMetadataTags: string,
    }),

    ModifyInstanceMetadataOptionsRequest: structure({
      InstanceId: string,
      HttpTokens: string,
      HttpPutResponseHopLimit: number,
      HttpEndpoint: string,
      HttpProtocolIpv6: string,
      InstanceMetadataTags: string,
      DryRun: boolean,
    }),
    ModifyInstanceMetadataOptionsResult: answer({
      InstanceId: string,
      InstanceMetadataOptions: { shape: 'MetadataOptions' },
    }),

    CreateLaunchTemplateRequest: structure({
      LaunchTemplateName: string,
      LaunchTemplateData: { shape: 'RequestLaunchTemplateData' },
      DryRun: boolean,
    }),
    RequestLaunchTemplateData: structure({
      MetadataOptions: { shape: 'RequestMetadataOptions' },
      UserData: { ...string, sensitive: true },
    }),
    RequestMetadataOptions: structure({
      HttpTokens: string,
      HttpPutResponseHopLimit: number,
      HttpEndpoint: string,
      HttpProtocolIpv6: string,
      InstanceMetadataTags: string,
    }),
    DeleteLaunchTemplateRequest: structure({
      LaunchTemplateId: string,
      LaunchTemplateName: string,
      DryRun: boolean,
    }),
    DescribeLaunchTemplatesRequest: structure({
      LaunchTemplateIds: numbered('String', 'LaunchTemplateId'),
      LaunchTemplateNames: numbered('String', 'LaunchTemplateName'),
      Filters: numbered('Filter', 'Filter'),
      DryRun: boolean,
    }),
    LaunchTemplateResult: answer({ LaunchTemplate: { shape: 'LaunchTemplate' } }),
    DescribeLaunchTemplatesResult: answer({ LaunchTemplates: { shape: 'LaunchTemplates' } }),
    LaunchTemplates: list('LaunchTemplate'),
    LaunchTemplate: answer({
      LaunchTemplateId: string,
      LaunchTemplateName: string,
      CreateTime: { shape: 'Timestamp' },
      CreatedBy: string,
      DefaultVersionNumber: number,
      LatestVersionNumber: number,
    }),

    DescribeRegionsRequest: structure({
      RegionNames: numbered('String', 'RegionName'),
      Filters: numbered('Filter', 'Filter'),
      AllRegions: boolean,
      DryRun: boolean,
    }),
    DescribeRegionsResult: answer({ Regions: { shape: 'Regions' } }, { Regions: 'regionInfo' }),
    Regions: list('Region'),
    Region: answer(
      { OptInStatus: string, RegionName: string, Endpoint: string },
      { Endpoint: 'regionEndpoint' },
    ),

    DescribeAvailabilityZonesRequest: structure({
      ZoneNames: numbered('String', 'ZoneName'),
      Filters: numbered('Filter', 'Filter'),
      AllAvailabilityZones: boolean,
      DryRun: boolean,
    }),
    DescribeAvailabilityZonesResult: answer(
      { AvailabilityZones: { shape: 'AvailabilityZones' } },
      { AvailabilityZones: 'availabilityZoneInfo' },
    ),
    AvailabilityZones: list('AvailabilityZone'),
    AvailabilityZone: answer(
      {
        State: string,
        OptInStatus: string,
        RegionName: string,
        ZoneName: string,
        ZoneType: string,
      },
      { State: 'zoneState' },
    ),
  },
  errors: {},
}
