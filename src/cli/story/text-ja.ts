/** The story in Japanese. */
import type { StoryText } from './text.ts'

export const japanese: StoryText = {
  title: 'Pod ① と Pod ②',
  opening: [
    'ひとつのノードに、ふたつのバックエンドがあります。Pod ② は Aurora クラスターを使います。Pod ① は外部に公開され、データベースは要りません。その Pod ① が乗っ取られました。Pod が AWS の権限を得る五つの方式を古い順に試します。どの世界でも、まず Pod ② が自分の行を読み、次に Pod ① の攻撃者が同じ行を狙います。すべて実際に動かした結果で、どの輪が拒み、どの輪が通したかはラボの記録から読みます。',
  ],
  definition:
    'どちらの Pod も同じ手順で Aurora にログインします。そのとき持っているロールで署名したトークンを使います。',
  worlds: {
    'node-role': 'ノードのロール',
    kube2iam: 'kube2iam',
    kiam: 'kiam',
    'pod-identity': 'EKS Pod Identity',
    irsa: 'IRSA',
  },
  rights: {
    'node-role':
      'Pod はノードとして AWS を呼びます。Pod ② のためにノードのロールへ rds-db:connect を与えたので、ノード上のすべての Pod が同じ権限を持ちます。',
    kube2iam:
      'Pod はアノテーションでロールを名乗り、ノードのエージェントがそれを取ってきます。そのため、どのノードのロールもすべての Pod のロールを引き受けられます。',
    kiam: 'kube2iam と似ていますが、ロールを引き受けられるのは一台のサーバーだけで、どのロールを許すかは名前空間が決めます。',
    'pod-identity':
      'ServiceAccount とロールを関連付けます。ノードのエージェントが、Pod のトークンをそのロールの認証情報に替えます。',
    irsa: 'ServiceAccount がロールを指し、ロールはその ServiceAccount を名指しで信頼します。Pod 自身が STS でトークンを替え、ノードは関わりません。',
  },
  attacks: {
    metadata: 'ノードのメタデータサービスから認証情報を盗む',
    'host-network': 'ホストのネットワークで Pod を作る',
    annotation: '自分の Pod のアノテーションを書き換える(Pod の patch 権限を使う)',
    address: 'Pod ② のアドレスから送る',
    'service-account': 'Pod ② の ServiceAccount で Pod を作る',
    'stolen-token': 'ノードの root として Pod ② のトークンを読み、使う',
    'forged-token': '自分のトークンに Pod ② の名前を書き込む',
  },
  attacksShort: {
    metadata: ['ノードの', 'メタデータ'],
    'host-network': ['ホストの', 'ネットワーク'],
    annotation: ['アノテーション', 'の書き換え'],
    address: ['Pod 2 の', 'アドレス'],
    'service-account': ['Pod 2 の', 'ServiceAccount'],
    'stolen-token': ['盗んだ', 'トークン'],
    'forged-token': ['偽造した', 'トークン'],
  },
  outcomes: {
    'all-rights': 'Pod 2 の権限',
    'any-role': '任意のロール',
    'permitted-roles': '許可分のみ',
    'pod-2-role': 'Pod 2 ロール',
    'own-role-and-paths': '自分+漏えい',
    'own-role': '自分のロール',
    'node-role': 'ノードロール',
    nothing: 'なし',
  },
  links: {
    'service-account': 'ServiceAccount',
    injection: '注入',
    token: 'トークン',
    provider: 'OIDC provider',
    trust: '信頼ポリシー',
    session: 'セッション',
    permissions: '権限',
    resource: 'リソース',
  },
  lessons: {
    'node-role': {
      metadata:
        '破るものがありません。メタデータサービスは、聞かれれば誰にでもノードのロールを渡します',
      'host-network': '違いはありません。ロールはひとつしかないからです',
    },
    kube2iam: {
      metadata:
        'エージェントは Pod 自身のロールを返します。ほかのパスはそのまま通り、ノードの情報が漏れます',
      'host-network':
        'エージェントへの転送はホストのネットワークには効きません。Pod はノードそのものになり、ノードはどのロールでも引き受けられます',
      annotation: 'アノテーションを書くだけで足ります。別のチームのロールも手に入ります',
      address: 'エージェントは Pod をアドレスだけで見分けます',
    },
    kiam: {
      metadata: 'エージェントは Pod 自身のロールだけを渡し、ほかのパスを塞ぎます',
      'host-network': 'Pod はノードそのものになりますが、ここではノードは何も引き受けられません',
      annotation:
        '別のチームのロールは名前空間が禁じます。Pod ② のロールは、同じ名前空間なので禁じられません',
      address: 'エージェントは Pod をアドレスだけで見分けます',
    },
    'pod-identity': {
      metadata:
        'メタデータサービスは今もノードのロールを渡しますが、そのロールではもうログインできません(塞ぐには hop limit 1 と HttpTokens=required)',
      'host-network': '得られるのは同じノードのロールで、Pod ② のロールはそれを信頼しません',
      annotation:
        'アノテーションに意味はありません。関連付けはトークンの ServiceAccount で決まります',
      address: 'アドレスに意味はありません。誰であるかはトークンが示します',
      'service-account': 'Pod を作れる者は ServiceAccount も選べます。守るのは RBAC です',
      'stolen-token': 'ノードの root は、ノード上のすべての Pod と同じです',
      'forged-token': '署名は名前も覆っています',
    },
    irsa: {
      metadata:
        'メタデータサービスは今もノードのロールを渡しますが、そのロールではもうログインできません(塞ぐには hop limit 1 と HttpTokens=required)',
      'host-network': '得られるのは同じノードのロールで、Pod ② のロールはそれを信頼しません',
      annotation:
        'ロールを求めることはできます。しかし信頼ポリシーは ServiceAccount を名指しし、トークンの名前は違います',
      address: 'アドレスに意味はありません。誰であるかはトークンが示します',
      'service-account': 'Pod を作れる者は ServiceAccount も選べます。守るのは RBAC です',
      'stolen-token':
        'ノードの root は、ノード上のすべての Pod と同じです。盗んだトークンは期限まで、どこからでも使えます',
      'forged-token': '署名は名前も覆っています',
    },
  },
  podTwoReads: 'Pod ② は自分の行を読みました',
  podTwoFails: 'Pod ② は自分の行を読めませんでした',
  cracked: '乗っ取られた Pod ① が試すこと:',
  letThrough: '通した輪:',
  refused: '拒んだ輪:',
  unknown: '判定の記録がありません',
  elsewhere: '実際のシステムでは',
  table: 'Pod ① が得たものと、拒んだ輪または通した輪',
  legend: [
    '✘  Pod 1 が Pod 2 の行を読んだ      ✔  読めなかった      -  その世界では攻撃の対象がない',
    '許可分のみ: 名前空間が許すロール      自分+漏えい: 自分のロールと、ノードのメタデータの一部',
    'IRSA はノードのロールから権限を外します。残る守りは、RBAC(どの ServiceAccount で Pod を作れるか)、ノードの root、そしてメタデータサービスです。',
  ],
  agrees: 'すべてのマスが実際のシステムと一致しました',
  differs: '実際のシステムと異なるマス',
  next: '次に試すこと',
  setting: {
    leftovers: '前回の残りを片付けています',
    cluster: 'クラスターを作っています',
    database: 'Aurora クラスターを作っています',
    world: '世界を用意しています',
  },
  trying: 'Pod ① の攻撃:',
  clearing: '作ったものをすべて片付けています',
}
