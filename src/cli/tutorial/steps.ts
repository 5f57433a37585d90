/** The tutorial: what is typed, what must come of it, and why it is so. */
import type { PodManifest, Result, Tools } from './tools.ts'

export type Language = 'en' | 'ja'

/** One step. `check` answers what is wrong with the result, or nothing. */
export interface Step {
  /** The command as a person would type it. */
  readonly typed: string
  readonly why: Readonly<Record<Language, string>>
  run(tools: Tools): Promise<Result>
  check(result: Result): string | undefined
}

export const bucket = 'podpass-tutorial'
const policyQuery = 'Policies[?PolicyName==`AmazonS3ReadOnlyAccess`].Arn'
const policyArn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'

/** The tutorial's pod: the AWS command line, told to list buckets. */
export function pod(name: string, serviceAccountName?: string): PodManifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      ...(serviceAccountName && { serviceAccountName }),
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'amazon/aws-cli:latest', args: ['s3', 'ls'] }],
    },
  }
}

const succeeds = (result: Result) =>
  result.exitCode === 0 ? undefined : `exit code ${result.exitCode}`

function contains(...wanted: RegExp[]) {
  return (result: Result) => {
    const missing = wanted.find((pattern) => !pattern.test(result.output))
    return missing && `the output does not contain ${missing}`
  }
}

/** The command that applies a pod, as a person types it. */
function manifestText(name: string, serviceAccountName?: string): string {
  return [
    "kubectl apply -f - <<'EOF'",
    'apiVersion: v1',
    'kind: Pod',
    `metadata: { name: ${name} }`,
    'spec:',
    ...(serviceAccountName ? [`  serviceAccountName: ${serviceAccountName}`] : []),
    '  restartPolicy: Never',
    '  containers: [{ name: main, image: "amazon/aws-cli:latest", args: [s3, ls] }]',
    'EOF',
  ].join('\n')
}

/** All of it, in order. */
export function steps(region: string): readonly Step[] {
  return [...withoutIdentity(region), ...withIdentity(region)]
}

function withoutIdentity(region: string): Step[] {
  return [
    {
      typed: `eksctl create cluster --name irsa --region ${region}`,
      why: {
        en: 'a control plane with its own OIDC issuer, and nodes that share one role',
        ja: '専用の OIDC issuer を持つコントロールプレーンと、ひとつのロールを共有するノードができました',
      },
      run: (t) => t.podpass('create', 'cluster', '--name', 'irsa', '--region', region),
      check: succeeds,
    },
    {
      typed: `aws s3 mb s3://${bucket}`,
      why: {
        en: 'something to list, made with the keys of the administrator',
        ja: '一覧に出るバケットを、管理者のキーで作りました',
      },
      run: (t) => t.aws('s3', 'mb', `s3://${bucket}`),
      check: succeeds,
    },
    {
      typed: manifestText('pod-before'),
      why: {
        en: 'a pod without an identity of its own',
        ja: '自分の ID を持たない Pod です',
      },
      run: (t) => t.apply(pod('pod-before')),
      check: succeeds,
    },
    {
      typed: 'kubectl wait pod/pod-before --for=jsonpath=…terminated && kubectl logs pod-before',
      why: {
        en: 'it spoke as its node, whose role may not list buckets: without IRSA all pods of a node share that role',
        ja: 'ノードのロールで呼び出し、拒否されました。IRSA がなければ、ノード上のすべての Pod が同じロールを共有します',
      },
      run: async (t) => {
        await t.waitForEnd('pod-before')
        return t.logs('pod-before')
      },
      check: contains(
        /An error occurred \(AccessDenied\) when calling the ListBuckets operation/,
        /assumed-role\/eksctl-irsa-nodegroup-ng-1-NodeInstanceRole-\w+\/i-[0-9a-f]{17} is not authorized to perform: s3:ListAllMyBuckets/,
        /because no identity-based policy allows the s3:ListAllMyBuckets action/,
      ),
    },
    {
      typed: 'podpass why pod/pod-before',
      why: {
        en: 'the same decision, link by link',
        ja: '同じ判定を、鎖の輪ごとに見たものです',
      },
      run: (t) => t.podpass('why', 'pod/pod-before'),
      check: contains(/DENIED/, /s3:ListAllMyBuckets/, /names no role/),
    },
  ]
}

function withIdentity(region: string): Step[] {
  return [
    {
      typed: `eksctl utils associate-iam-oidc-provider --region=${region} --cluster=irsa --approve`,
      why: {
        en: "from now on IAM roles can trust tokens that this cluster's issuer signed",
        ja: 'これで IAM ロールは、このクラスターの issuer が署名したトークンを信頼できます',
      },
      run: (t) =>
        t.podpass(
          'utils',
          'associate-iam-oidc-provider',
          `--region=${region}`,
          '--cluster=irsa',
          '--approve',
        ),
      check: succeeds,
    },
    {
      typed: `eksctl create iamserviceaccount --name my-sa --namespace default --cluster irsa --approve \\
      --attach-policy-arn $(aws iam list-policies --query '${policyQuery}' --output text)`,
      why: {
        en: 'a role that only default/my-sa may assume, and an annotation that names it',
        ja: 'default/my-sa だけが引き受けられるロールと、それを指すアノテーションができました',
      },
      run: createServiceAccount,
      check: succeeds,
    },
    {
      typed: manifestText('pod-after', 'my-sa'),
      why: {
        en: 'the same pod with serviceAccountName: my-sa; the webhook adds the role and a token',
        ja: '同じ Pod に serviceAccountName: my-sa を付けました。Webhook がロールとトークンを加えます',
      },
      run: (t) => t.apply(pod('pod-after', 'my-sa')),
      check: succeeds,
    },
    {
      typed: 'kubectl wait pod/pod-after --for=jsonpath=…terminated && kubectl logs pod-after',
      why: {
        en: 'its token, signed by the issuer, was traded at STS for an hour of the role: it lists the buckets',
        ja: 'issuer が署名したトークンを STS で 1 時間の認証情報に替え、バケットを一覧できました',
      },
      run: async (t) => {
        await t.waitForEnd('pod-after')
        return t.logs('pod-after')
      },
      check: contains(new RegExp(`\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d ${bucket}`)),
    },
  ]
}

async function createServiceAccount(t: Tools): Promise<Result> {
  let arn = policyArn
  if (!t.missing.includes('aws')) {
    const list = await t.aws('iam', 'list-policies', '--query', policyQuery, '--output', 'text')
    if (list.exitCode !== 0) return list
    arn = list.output.trim()
  }
  return t.podpass(
    'create',
    'iamserviceaccount',
    '--name',
    'my-sa',
    '--namespace',
    'default',
    '--cluster',
    'irsa',
    '--approve',
    '--attach-policy-arn',
    arn,
  )
}
