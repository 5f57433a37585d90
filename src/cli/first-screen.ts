/** The first screen: what runs where, and what to type next. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { LabStatus } from '../lab/control.ts'
import { type CliContext, paint } from './context.ts'
import { hasProgram, pathFolders } from './programs.ts'

/** Shows a running lab; `seconds` is how long it took to be ready, where it was just started. */
export function firstScreen(context: CliContext, status: LabStatus, seconds?: number): string {
  const ready = seconds === undefined ? '' : `ready in ${seconds.toFixed(1)} s`
  const title = `${paint(context, 'bold', `Podpass ${status.version}`)}   a passport for every pod`
  const home = status.home.replace(homedir(), '~')
  const rows: [string, string, string][] = [
    [
      'AWS',
      `https://127.0.0.1:${status.awsPort}`,
      `account ${status.account}, ${status.region}, policies enforced`,
    ],
    ['issuer', `https://localhost:${status.issuerPort}`, 'signs a token for each pod'],
    ...status.clusters.map((cluster): [string, string, string] => [
      'cluster',
      cluster.endpoint,
      `${cluster.name}, ${cluster.nodes} ${cluster.nodes === 1 ? 'node' : 'nodes'}`,
    ]),
    ...podRows(status),
    ['data', home, 'kept when you stop; `podpass reset` forgets'],
  ]
  const width = Math.max(26, ...rows.map(([, address]) => address.length))
  const lines = rows.map(([name, address, note]) =>
    `  ${name.padEnd(10)} ${address.padEnd(width)}    ${paint(context, 'dim', note)}`.trimEnd(),
  )
  return [
    '',
    `  ${title.padEnd(context.color ? 75 : 66)}  ${ready}`.trimEnd(),
    '',
    ...lines,
    '',
    '  Next, in another terminal:',
    '',
    ...nextSteps(context, status).map((step) => `    ${step}`),
    '',
    `  or watch it done:  npm run tutorial${' '.repeat(39)}Ctrl-C stops everything`,
    '',
    '',
  ].join('\n')
}

function podRows({ podNetwork }: LabStatus): [string, string, string][] {
  if (!podNetwork) return []
  const { kind, note = '' } = podNetwork
  if (kind === 'namespaces') return [['pods', 'a network namespace each', '']]
  return [['pods', "on this machine's network", note]]
}

function nextSteps(context: CliContext, status: LabStatus): string[] {
  const isDefault = status.home === join(homedir(), '.podpass')
  const env = `eval "$(npx podpass env${isDefault ? '' : ` --home ${status.home}`})"`
  if (status.clusters.length > 0) return [env, 'kubectl get pods -A']
  const real = hasProgram(pathFolders(context.environment), 'eksctl')
  const note = real ? '' : '      (a Podpass command here: no eksctl found on PATH)'
  return [
    env,
    `eksctl create cluster --name irsa --region ${status.region}${paint(context, 'dim', note)}`,
  ]
}
