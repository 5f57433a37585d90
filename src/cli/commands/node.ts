/** `node mode`: what stands between a cluster's pods and instance metadata. */
import type { CoreV1Api } from '@kubernetes/client-node'
import { Command } from 'commander'
import { nodeModeMap } from '../../node/node-mode.ts'
import { awsAccess, awsFailure } from '../aws.ts'
import { apiFailure, apiStatus, clusterApi, findCluster } from '../cluster-access.ts'
import type { CliContext } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'

interface Options {
  readonly cluster: string
  readonly region?: string
  readonly defaultRole?: string
  readonly namespaceRestrictions?: boolean
  readonly namespaceRestrictionFormat?: string
  readonly debugStore?: boolean
  readonly serverRole?: string
  readonly strictNamespaceRegexp: boolean
  readonly allowRouteRegexp?: string
}

const modes = ['none', 'kube2iam', 'kiam']

export function nodeCommand(context: CliContext): Command {
  return new Command('node')
    .description('what pods find at the metadata address of their node')
    .addHelpText('after', examples)
    .addCommand(modeCommand(context))
}

const examples = `
Examples:
  podpass node mode --cluster irsa                                  what it is now
  podpass node mode kube2iam --cluster irsa                         pods name their role by annotation
  podpass node mode kiam --cluster irsa --server-role kiam-server   a server decides, by namespace
  podpass node mode none --cluster irsa                             the node's own metadata, as it was

The mode is the ConfigMap ${nodeModeMap.namespace}/${nodeModeMap.name}, which kubectl shows and changes, too.`

function modeCommand(context: CliContext): Command {
  return new Command('mode')
    .description('show or set it: none, kube2iam or kiam')
    .argument('[mode]', 'none, kube2iam or kiam')
    .requiredOption('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('--default-role <role>', 'kube2iam: of pods without the annotation')
    .option('--namespace-restrictions', 'kube2iam: heed iam.amazonaws.com/allowed-roles')
    .option('--namespace-restriction-format <format>', 'kube2iam: glob or regexp')
    .option('--debug-store', 'kube2iam, its --debug: show all it knows at /debug/store, to any pod')
    .option('--server-role <role>', "kiam: the server's role, which ec2.amazonaws.com may assume")
    .option('--no-strict-namespace-regexp', 'kiam: expressions need not match the whole ARN')
    .option('--allow-route-regexp <expression>', 'kiam: other paths that pods may read')
    .addHelpText('after', examples)
    .action(async (mode: string | undefined, options: Options, command: Command) => {
      if (mode !== undefined) check(mode, options)
      const aws = awsAccess(context, command, options.region)
      try {
        const cluster = await findCluster(aws, options.cluster)
        const api = await clusterApi(context, aws, cluster)
        const now = mode === undefined ? await read(api) : await write(api, dataOf(mode, options))
        context.stdout.write(`${shown(now)}\n`)
      } catch (error) {
        throw awsFailure(apiFailure(error), aws.environment)
      }
    })
}

function check(mode: string, options: Options): void {
  const usage = (message: string, hint: string) =>
    new CliFailure(message, { exitCode: exitCodes.usage, hints: [hint] })
  if (!modes.includes(mode)) throw usage(`\`${mode}\` is no mode`, `one of ${modes.join(', ')}`)
  if (mode === 'kiam' && !options.serverRole) {
    throw usage("kiam's server needs a role", 'add --server-role NAME')
  }
  const format = options.namespaceRestrictionFormat
  if (format !== undefined && format !== 'glob' && format !== 'regexp') {
    throw usage(`\`${format}\` is no format`, 'glob or regexp')
  }
}

/** The agents' flags by their own names. */
function dataOf(mode: string, options: Options): Record<string, string> {
  const { defaultRole, namespaceRestrictionFormat: format, serverRole, allowRouteRegexp } = options
  switch (mode) {
    case 'kube2iam':
      return {
        mode,
        ...(defaultRole && { 'default-role': defaultRole }),
        ...(options.namespaceRestrictions && { 'namespace-restrictions': 'true' }),
        ...(format && { 'namespace-restriction-format': format }),
        ...(options.debugStore && { debug: 'true' }),
      }
    case 'kiam':
      return {
        mode,
        ...(serverRole && { 'server-role': serverRole }),
        ...(!options.strictNamespaceRegexp && { 'strict-namespace-regexp': 'false' }),
        ...(allowRouteRegexp && { 'allow-route-regexp': allowRouteRegexp }),
      }
    default:
      return { mode }
  }
}

async function read(api: CoreV1Api): Promise<Readonly<Record<string, string>>> {
  try {
    return (await api.readNamespacedConfigMap({ ...nodeModeMap })).data ?? {}
  } catch (error) {
    if (apiStatus(error) === 404) return {}
    throw error
  }
}

async function write(
  api: CoreV1Api,
  data: Record<string, string>,
): Promise<Readonly<Record<string, string>>> {
  const { namespace, name } = nodeModeMap
  const body = { metadata: { name }, data }
  try {
    await api.replaceNamespacedConfigMap({ name, namespace, body })
  } catch (error) {
    if (apiStatus(error) !== 404) throw error
    await api.createNamespacedConfigMap({ namespace, body })
  }
  return data
}

/** `kube2iam --default-role=plain`. */
function shown(data: Readonly<Record<string, string>>): string {
  const { mode = 'none', ...flags } = data
  return [mode, ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)].join(' ')
}
