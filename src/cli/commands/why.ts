/** `podpass why`: a decision replayed along the chain, where it broke, and the command that mends it. */
import type { AdmissionregistrationV1Api, CoreV1Api } from '@kubernetes/client-node'
import { Command } from 'commander'
import { roleMappingMap } from '../../chain/links/role-mapping.ts'
import { type PodSituation, why } from '../../chain/views/why.ts'
import { type AwsAccess, awsAccess, awsFailure } from '../aws.ts'
import {
  apiFailure,
  apiStatus,
  clusterConfig,
  findCluster,
  findServiceAccount,
} from '../cluster-access.ts'
import type { CliContext } from '../context.ts'
import { type Decision, decisions } from '../decisions.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { podIdentityOf } from '../pod-identity.ts'
import { type OutputFormat, render } from '../render.ts'
import { whyText } from '../why-text.ts'

interface Options {
  readonly namespace: string
  readonly cluster?: string
  readonly region?: string
  readonly request?: string
  readonly output: OutputFormat | 'text'
}

export function whyCommand(context: CliContext): Command {
  return new Command('why')
    .description('explain a decision: each link of the chain, where it broke, what mends it')
    .argument('[pod]', '`pod/NAME`; without, the last denial')
    .option('-n, --namespace <namespace>', "the pod's namespace", 'default')
    .option('-c, --cluster <name>', "the pod's cluster (default: the only one)")
    .option('-r, --region <region>', 'AWS region')
    .option('--request <id>', 'the decision of this request')
    .option('-o, --output <format>', 'text, json or yaml', 'text')
    .addHelpText(
      'after',
      `
Exit codes: 0 it was allowed, 1 it was denied, 3 nothing could be asked.

Examples:
  podpass why                       the last denial
  podpass why pod/pod-before
  podpass why pod/api-7d9 -n shop -o json`,
    )
    .action(async (target: string | undefined, options: Options, command: Command) => {
      const aws = awsAccess(context, command, options.region)
      try {
        const report = target
          ? await aboutPod(context, aws, podName(target), options)
          : await aboutRequest(context, aws, options)
        const text =
          options.output === 'text'
            ? whyText(context, report)
            : await render(options.output, report, () => whyText(context, report))
        context.stdout.write(text)
        if (report.decision !== 'allowed') process.exitCode = exitCodes.failed
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

function podName(target: string): string {
  const match = /^(?:(?:po|pods?)\/)?([a-z0-9][-a-z0-9.]*)$/.exec(target)
  if (!match?.[1]) {
    throw new CliFailure(`\`${target}\` names no pod`, {
      exitCode: exitCodes.usage,
      hints: ['such as:    podpass why pod/pod-before -n default'],
    })
  }
  return match[1]
}

async function aboutPod(context: CliContext, aws: AwsAccess, name: string, options: Options) {
  const cluster = options.cluster ?? (await onlyCluster(aws))
  const situation = await podSituation(context, aws, cluster, options.namespace, name)
  const uid = situation.pod?.metadata.uid
  let last: Decision | undefined
  for await (const decision of decisions(aws, context.now())) {
    const { subject } = decision
    if (subject?.pod !== name || subject.namespace !== options.namespace) continue
    if (subject.cluster !== cluster || (uid && subject.podUid && subject.podUid !== uid)) continue
    last ??= decision
    if (decision.outcome === 'denied') {
      last = decision
      break
    }
  }
  if (!last && !situation.pod) {
    throw new CliFailure(
      `there is no pod \`${options.namespace}/${name}\`, and none asked before`,
      {
        hints: ['look:    kubectl get pods -A'],
      },
    )
  }
  return why(last, situation)
}

async function aboutRequest(context: CliContext, aws: AwsAccess, options: Options) {
  const attribute = options.request
    ? { AttributeKey: 'EventId', AttributeValue: options.request }
    : undefined
  for await (const decision of decisions(aws, context.now(), attribute)) {
    if (!options.request && decision.outcome !== 'denied') continue
    const { subject } = decision
    if (!subject?.pod) return why(decision, undefined)
    const { cluster, namespace, pod } = subject
    // What was recorded stays told when the cluster is gone.
    if (!(await clusterNames(aws)).includes(cluster)) return why(decision, undefined)
    return why(decision, await podSituation(context, aws, cluster, namespace, pod))
  }
  throw new CliFailure(
    options.request ? `no request \`${options.request}\` is recorded` : 'nothing was denied yet',
    { exitCode: options.request ? exitCodes.failed : exitCodes.done },
  )
}

async function onlyCluster(aws: AwsAccess): Promise<string> {
  const clusters = await clusterNames(aws)
  const [only, ...others] = clusters
  if (only && others.length === 0) return only
  throw new CliFailure(only ? `which cluster: ${clusters.join(', ')}?` : 'there is no cluster', {
    exitCode: exitCodes.usage,
    hints: [only ? 'give --cluster' : 'make one:    podpass create cluster --name irsa'],
  })
}

async function clusterNames(aws: AwsAccess): Promise<string[]> {
  const client = await aws.eks()
  const { paginateListClusters } = await import('@aws-sdk/client-eks')
  const names: string[] = []
  for await (const page of paginateListClusters({ client }, {}))
    names.push(...(page.clusters ?? []))
  return names
}

type Situation = PodSituation & {
  readonly pod: { readonly metadata: { uid?: string } } | undefined
}

async function podSituation(
  context: CliContext,
  aws: AwsAccess,
  clusterName: string,
  namespace: string,
  name: string,
): Promise<Situation> {
  const cluster = await findCluster(aws, clusterName)
  const config = await clusterConfig(context, aws, cluster)
  const { AdmissionregistrationV1Api, CoreV1Api } = await import('@kubernetes/client-node')
  const api = config.makeApiClient(CoreV1Api)
  const read = async () => {
    try {
      return await api.readNamespacedPod({ namespace, name })
    } catch (error) {
      if (apiStatus(error) === 404) return undefined
      throw apiFailure(error)
    }
  }
  const pod = plain(await read())
  const account = pod?.spec?.serviceAccountName ?? 'default'
  const serviceAccount = plain(await findServiceAccount(api, namespace, account))
  const annotated = annotatedAt(serviceAccount)
  const association = await podIdentityOf(aws, clusterName, namespace, account)
  const roleMapping = await findRoleMapping(api)
  return {
    cluster: clusterName,
    namespace,
    name,
    pod,
    serviceAccount,
    webhookRegistered: await hasWebhook(config.makeApiClient(AdmissionregistrationV1Api)),
    ...(roleMapping !== undefined && { roleMapping }),
    ...(annotated !== undefined && { annotatedAt: annotated }),
    ...association,
  } as Situation
}

/** True where a pod identity webhook is registered, ours or EKS's own. */
async function hasWebhook(api: AdmissionregistrationV1Api): Promise<boolean> {
  try {
    const { items } = await api.listMutatingWebhookConfiguration()
    return items.some(({ metadata, webhooks = [] }) =>
      [metadata?.name ?? '', ...webhooks.map((webhook) => webhook.name)].some((name) =>
        /pod-identity-webhook|iam-for-pods/.test(name),
      ),
    )
  } catch (error) {
    // Whoever may not look at webhooks still gets the rest of the chain; pods then tell by what is in them.
    if (apiStatus(error) === 403) return true
    throw apiFailure(error)
  }
}

/** The text that gives roles to ServiceAccounts; undefined where there is none, or it is not for the caller to see. */
async function findRoleMapping(api: CoreV1Api): Promise<string | undefined> {
  try {
    const { data } = await api.readNamespacedConfigMap(roleMappingMap)
    return data?.['config']
  } catch (error) {
    if ([403, 404].includes(apiStatus(error) ?? 0)) return undefined
    throw apiFailure(error)
  }
}

/** A typed object of the client library as plain JSON: dates become text again. */
function plain<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T)
}

interface Managed {
  readonly metadata?: {
    readonly managedFields?: readonly { readonly time?: unknown; readonly fieldsV1?: unknown }[]
  }
}

/** When the annotation was set, as the managed fields tell; undefined where they do not. */
function annotatedAt(account: Managed | undefined): number | undefined {
  const entries = account?.metadata?.managedFields ?? []
  const times = entries
    .filter((entry) => JSON.stringify(entry.fieldsV1 ?? {}).includes('eks.amazonaws.com/role-arn'))
    .map((entry) => Date.parse(String(entry.time)))
    .filter((time) => !Number.isNaN(time))
  return times.length > 0 ? Math.max(...times) : undefined
}
