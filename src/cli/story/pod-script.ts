/** What runs in a pod of the story: its script, its manifest, and what its log says. */
import type { V1Pod } from '@kubernetes/client-node'
import type { Attack, Step } from './attacks.ts'
import { roleAnnotation } from './attacks.ts'
import type { StepResult } from './story.ts'

/** The row that pod 2 is there to read, as psql prints it. */
export const secretRow = 'Hanako Yamada|4242 4242 4242 4242'

/** How the commands of the story's pods are shortened; `docs/story.md` shows this. */
export const definitions = [
  'login() {',
  '  export PGPASSWORD; PGPASSWORD=$(aws rds generate-db-auth-token \\',
  '    --hostname $DB_HOST --port $DB_PORT --username app) &&',
  '  psql -XAt "host=$DB_HOST port=$DB_PORT user=app dbname=shop sslmode=verify-full \\',
  '    sslrootcert=$AWS_CA_BUNDLE" -c "SELECT name, card FROM customers"',
  '}',
]

/** `use` takes the credentials of a JSON answer; `rename` writes another name into a token and keeps its signature. */
const furtherDefinitions = String.raw`
field() { [[ $answer =~ \"$1\"\ *:\ *\"([^\"]*) ]] && printf %s "\${BASH_REMATCH[1]}"; }
use() {
  answer=$1
  AWS_ACCESS_KEY_ID=$(field AccessKeyId) || { unset AWS_ACCESS_KEY_ID; printf '%s\n' "$1"; return 1; }
  AWS_SECRET_ACCESS_KEY=$(field SecretAccessKey)
  AWS_SESSION_TOKEN=$(field SessionToken || field Token)
  export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
  echo "credentials of $AWS_ACCESS_KEY_ID"
}
rename() {
  IFS=. read -r head body signature
  body=$(printf '%s==' "$body" | tr _- /+ | base64 -d 2>/dev/null | sed "s/$1/$2/g" | base64 | tr -d '\n=' | tr /+ _-)
  printf %s "$head.$body.$signature"
}
aws() { any_aws "$@"; }
psql() { any_psql "$@"; }
curl() { any_curl -sS --max-time 20 -A "$PGAPPNAME" "$@"; }
step() { printf '\n%s %s\n' "$MARK" "$1"; }
METADATA="\${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254/}latest/meta-data/iam"
export CURL_CA_BUNDLE="$AWS_CA_BUNDLE"
work=$(mktemp -d) && cd "$work" && exec 2>&1
# In a network of its own a pod must take another's address before it can send from there.
case $POD_2_IP in
  '' | 127.*) ;;
  *) [ -z "$TAKES_ADDRESS" ] || { ip address add "$POD_2_IP/32" dev eth0 && ip neighbour flush dev eth0; } ;;
esac
`.replaceAll('\\$', '$')

const mark = '::story::'

export interface StandIn {
  readonly command: readonly string[]
  /** Also where a pod finds the program: it does not run here. */
  readonly always: boolean
}

/** The command that stands in for a program where a pod does not find it. */
export type StandIns = Readonly<Record<'aws' | 'curl' | 'psql', StandIn>>

/** The script of a pod. Steps of somebody else are waited for: a file of the step's number among the signals. */
export function podScript(steps: readonly Step[], standIns: StandIns, after = ''): string {
  const replaced = Object.entries(standIns).map(
    ([name, { command, always }]) =>
      `if ${always ? 'false' : `command -v ${name} > /dev/null`}; then any_${name}() { command ${name} "$@"; }
else any_${name}() { ${command.map(quoted).join(' ')} "$@"; }; fi`,
  )
  const lines = steps.map((step, n) =>
    'run' in step
      ? `step ${n}\n${step.run}`
      : `step ${n}\nuntil [ -e "$SIGNALS/${n}" ]; do sleep 0.05; done`,
  )
  // Without walls of its own a pod would leave what it stole on the machine.
  const end = `cd / && rm -rf "$work"\nstep end\n${after}`
  return [...replaced, ...definitions, furtherDefinitions, ...lines, end, ''].join('\n')
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** The steps of which the log tells so far, and whether the script has come to its end. */
export function readLog(
  log: string,
  commands: readonly string[],
): { readonly steps: StepResult[]; readonly isComplete: boolean; readonly reached: number } {
  const parts = log.split(new RegExp(`^${mark} (\\d+|end)\n?`, 'm')).slice(1)
  const outputs = new Map<string, string>()
  for (let n = 0; n < parts.length; n += 2) outputs.set(parts[n] ?? '', parts[n + 1]?.trim() ?? '')
  const isComplete = outputs.has('end')
  const reached = Math.max(-1, ...[...outputs.keys()].filter((n) => n !== 'end').map(Number))
  const steps = commands
    .slice(0, reached + 1)
    .map((command, n) => ({ command, output: outputs.get(String(n)) ?? '' }))
  return { steps, isComplete, reached }
}

/** A step as a person would type it. */
export function commandOf(step: Step, pod: string): string {
  if ('run' in step) return step.run
  const { key, value } = step.annotate
  return `kubectl annotate pod ${pod} ${key}=${value} --overwrite`
}

export interface PodPlan {
  readonly name: string
  readonly namespace: string
  /** Marks its requests: the name that its clients give themselves. */
  readonly mark: string
  readonly serviceAccount: string
  /** Its role under kube2iam and kiam. */
  readonly role?: string
  readonly script: string
  readonly database: { readonly host: string; readonly port: number }
  /** What the pod knows of its surroundings: further variables. */
  readonly environment?: Readonly<Record<string, string>>
  /** The node's folder of pods, for who sees it. */
  readonly nodePods?: string
  readonly attack?: Pick<Attack, 'hostNetwork' | 'takesAddress'>
}

const signalsPath = '/signals'
const nodePodsPath = '/node/pods'

/** The ConfigMap by which a pod is told that a step of somebody else is done. */
export function signalsOf(pod: string): string {
  return `${pod}-signals`
}

export function podManifest(plan: PodPlan): V1Pod {
  const { name, namespace, role, nodePods } = plan
  const env = {
    MARK: mark,
    PGAPPNAME: plan.mark,
    AWS_SDK_UA_APP_ID: plan.mark,
    AWS_DEFAULT_OUTPUT: 'json',
    // A second, the default, is little for an agent on a busy machine.
    AWS_METADATA_SERVICE_TIMEOUT: '10',
    AWS_METADATA_SERVICE_NUM_ATTEMPTS: '3',
    DB_HOST: plan.database.host,
    DB_PORT: String(plan.database.port),
    SIGNALS: signalsPath,
    ...plan.environment,
    ...(plan.attack?.takesAddress && { TAKES_ADDRESS: 'yes' }),
    ...(nodePods === undefined ? {} : { NODE_PODS: nodePodsPath }),
  }
  const node = { name: 'node', hostPath: { path: nodePods ?? '', type: 'Directory' } }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...(role && { annotations: { [roleAnnotation]: role } }) },
    spec: {
      serviceAccountName: plan.serviceAccount,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      ...(plan.attack?.hostNetwork && { hostNetwork: true }),
      containers: [
        {
          name: 'main',
          image: 'debian:12',
          command: ['bash', '--norc', '-c', plan.script],
          ...(plan.attack?.takesAddress && {
            securityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
          }),
          env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
          volumeMounts: [
            { name: 'signals', mountPath: signalsPath },
            ...(nodePods === undefined ? [] : [{ name: 'node', mountPath: nodePodsPath }]),
          ],
        },
      ],
      volumes: [
        { name: 'signals', configMap: { name: signalsOf(name), optional: true } },
        ...(nodePods === undefined ? [] : [node]),
      ],
    },
  }
}
