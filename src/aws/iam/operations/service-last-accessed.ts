/** Which services an entity may use by its policies, and when it last did: the reports of the access advisor. */
import { randomUUID } from 'node:crypto'
import type {
  EntityDetails,
  EntityInfo,
  GenerateServiceLastAccessedDetailsRequest,
  GenerateServiceLastAccessedDetailsResponse,
  GetServiceLastAccessedDetailsRequest,
  GetServiceLastAccessedDetailsResponse,
  GetServiceLastAccessedDetailsWithEntitiesRequest,
  GetServiceLastAccessedDetailsWithEntitiesResponse,
  ServiceLastAccessed,
} from '@aws-sdk/client-iam'
import { parseArn } from '../../../kernel/arn.ts'
import type { Call, Operation } from '../../operation.ts'
import { onAccount } from '../access.ts'
import { dateOf, type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { defaultDocument, findPolicy } from '../lookup.ts'
import { entityArn } from '../names.ts'
import { pageOfList } from '../paging.ts'
import { simulatedEntity } from '../policy-source.ts'
import type { AccessReportRecord, NamedRecord, UseRecord } from '../records.ts'
import type { IamState } from '../state.ts'

/** What a policy that allows `*` lists: the services that note their use here, as AWS names them. */
const tracked: Readonly<Record<string, string>> = {
  cloudtrail: 'AWS CloudTrail',
  eks: 'Amazon Elastic Kubernetes Service',
  iam: 'AWS Identity and Access Management',
  rds: 'Amazon RDS',
  s3: 'Amazon S3',
  sts: 'AWS Security Token Service',
}

const reportsMax = 20

/** Notes what the report is about; it is made when it is read. */
export const generateServiceLastAccessedDetails: Operation<
  Valid<GenerateServiceLastAccessedDetailsRequest>,
  GenerateServiceLastAccessedDetailsResponse,
  IamDeps
> = {
  name: 'GenerateServiceLastAccessedDetails',
  access: ({ Arn }) => [{ action: 'iam:GenerateServiceLastAccessedDetails', resource: Arn }],
  async handle({ Arn: arn, Granularity }, call, deps) {
    documentsOf(deps, call.account, arn)
    const report: AccessReportRecord = {
      id: randomUUID(),
      arn,
      for: askerOf(call),
      granularity: Granularity ?? 'SERVICE_LEVEL',
      createdAt: secondsOf(call.at),
    }
    await deps.writer.changeAccount(call.account, (record) => {
      if (!record) return 'keep'
      const accessReports = [...(record.accessReports ?? []), report].slice(-reportsMax)
      return { record: { ...record, accessReports } }
    })
    return { JobId: report.id }
  },
}

export const getServiceLastAccessedDetails: Operation<
  Valid<GetServiceLastAccessedDetailsRequest>,
  GetServiceLastAccessedDetailsResponse,
  IamDeps
> = {
  name: 'GetServiceLastAccessedDetails',
  access: onAccount('iam:GetServiceLastAccessedDetails'),
  handle(input, call, deps) {
    const report = reportOf(deps, call, input.JobId)
    const services = lastAccessed(deps, call.account, report.arn)
    const { items, page } = pageOfList(services, (each) => each.ServiceNamespace ?? '', input)
    return {
      JobStatus: 'COMPLETED',
      JobType: report.granularity,
      JobCreationDate: dateOf(report.createdAt),
      JobCompletionDate: dateOf(report.createdAt),
      ServicesLastAccessed: items,
      ...page,
    }
  },
}

/** Who used one of the services, of those that the report is about. */
export const getServiceLastAccessedDetailsWithEntities: Operation<
  Valid<GetServiceLastAccessedDetailsWithEntitiesRequest>,
  GetServiceLastAccessedDetailsWithEntitiesResponse,
  IamDeps
> = {
  name: 'GetServiceLastAccessedDetailsWithEntities',
  access: onAccount('iam:GetServiceLastAccessedDetailsWithEntities'),
  handle(input, call, deps) {
    const report = reportOf(deps, call, input.JobId)
    // A user with two keys counts once, with the later use.
    const details = new Map<string, EntityDetails>()
    for (const { entity, info, use } of usesOf(deps.state, call.account, report.arn)) {
      const last = use.services?.[input.ServiceNamespace]
      const before = details.get(entity)?.LastAuthenticated
      if (!last || (before && before >= dateOf(last.at))) continue
      details.set(entity, { EntityInfo: info, LastAuthenticated: dateOf(last.at) })
    }
    const order = ({ EntityInfo }: EntityDetails) => EntityInfo?.Arn ?? ''
    const { items, page } = pageOfList([...details.values()], order, input)
    return {
      JobStatus: 'COMPLETED',
      JobCreationDate: dateOf(report.createdAt),
      JobCompletionDate: dateOf(report.createdAt),
      EntityDetailsList: items,
      ...page,
    }
  },
}

function reportOf(deps: IamDeps, call: Call, id: string): AccessReportRecord {
  const reports = deps.state.account(call.account)?.root?.record.accessReports
  const report = reports?.find((each) => each.id === id && each.for === askerOf(call))
  if (!report) throw refuse.NoSuchEntity({}, { message: `Job ${id} cannot be found.` })
  return report
}

/** Unique id of the user or role behind the call; the account's of its root user. */
function askerOf({ caller }: Call): string {
  if (caller.kind === 'session') return caller.session.roleId
  return caller.kind === 'user' ? caller.userId : caller.kind === 'root' ? caller.account : ''
}

function lastAccessed(deps: IamDeps, account: string, arn: string): ServiceLastAccessed[] {
  const uses = usesOf(deps.state, account, arn)
  return servicesIn(documentsOf(deps, account, arn)).map((service) => {
    const [last, ...others] = uses
      .flatMap(({ entity, use }) => {
        const of = use.services?.[service]
        return of ? [{ entity, ...of }] : []
      })
      .sort((a, b) => b.at - a.at)
    return {
      ServiceName: tracked[service] ?? service,
      ServiceNamespace: service,
      TotalAuthenticatedEntities: last ? new Set([last, ...others].map((e) => e.entity)).size : 0,
      ...(last && {
        LastAuthenticated: dateOf(last.at),
        LastAuthenticatedEntity: last.entity,
        LastAuthenticatedRegion: last.region,
      }),
    }
  })
}

/** The policies of a user, group or role, or the one that the ARN names. Refuses what is none of these. */
function documentsOf(deps: IamDeps, account: string, arn: string): readonly string[] {
  if (!parseArn(arn)?.resource.startsWith('policy/')) {
    return simulatedEntity(deps, account, arn).policies.map(({ document }) => document)
  }
  const policy = findPolicy(deps, arn)
  if (!policy) throw refuse.NoSuchEntity({}, { message: `Policy ${arn} does not exist.` })
  return [defaultDocument(policy)]
}

/** The services of which the documents allow an action, in order. */
function servicesIn(documents: readonly string[]): string[] {
  const services = new Set<string>()
  for (const document of documents) {
    // Stored documents are valid.
    const { Statement } = JSON.parse(document) as { Statement: Statement | readonly Statement[] }
    for (const statement of [Statement].flat()) {
      if (statement.Effect !== 'Allow') continue
      const actions = [statement.Action ?? '*'].flat()
      for (const action of actions) {
        const service = action.split(':', 1)[0]?.toLowerCase() ?? ''
        if (/[*?]/.test(service)) for (const each of Object.keys(tracked)) services.add(each)
        else services.add(service)
      }
    }
  }
  return [...services].sort()
}

interface Statement {
  readonly Effect: string
  readonly Action?: string | readonly string[]
}

interface EntityUse {
  readonly entity: string
  readonly info: EntityInfo
  readonly use: UseRecord
}

/** The uses of the entity itself, of a group's members, of whom a policy is attached to. */
function usesOf(state: IamState, account: string, arn: string): readonly EntityUse[] {
  const { resource = '' } = parseArn(arn) ?? {}
  const name = resource.slice(resource.lastIndexOf('/') + 1).toLowerCase()
  const here = state.account(account)
  if (!here) return []
  const grantees = resource.startsWith('policy/')
    ? [...here.attachedTo.of(arn)]
    : [`${resource.split('/', 1)[0]}/${name}`]
  return grantees.flatMap((grantee) => {
    const [kind, key = ''] = grantee.split('/')
    if (kind === 'group')
      return [...here.members.of(key)].flatMap((user) => userUses(state, account, user))
    return kind === 'user' ? userUses(state, account, key) : roleUses(state, account, key)
  })
}

function roleUses(state: IamState, account: string, name: string): readonly EntityUse[] {
  const role = state.entry(account, 'role', name)?.record
  const use = role && state.use(role.id)
  return role && use ? [useBy(account, 'role', role, use)] : []
}

function userUses(state: IamState, account: string, name: string): readonly EntityUse[] {
  const user = state.entry(account, 'user', name)?.record
  return (user?.keys ?? []).flatMap(({ id }) => {
    const use = state.use(id)
    return user && use ? [useBy(account, 'user', user, use)] : []
  })
}

function useBy(
  account: string,
  kind: 'role' | 'user',
  record: NamedRecord,
  use: UseRecord,
): EntityUse {
  const entity = entityArn(account, kind, record)
  const { name, id, path } = record
  const type = kind === 'role' ? 'ROLE' : 'USER'
  return { entity, info: { Arn: entity, Name: name, Type: type, Id: id, Path: path }, use }
}
