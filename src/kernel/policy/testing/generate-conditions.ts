// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are spelt like that
/** Generated conditions and the contexts that they meet. */
import fc from 'fast-check'
import type { AuthorizationRequest } from '../decision.ts'
import type { Profile } from './profile.ts'

interface Family {
  readonly operators: readonly string[]
  readonly keys: readonly string[]
  readonly wanted: readonly string[]
  readonly oddWanted: readonly string[]
  readonly actual: readonly string[]
  readonly oddActual: readonly string[]
}

const families: readonly Family[] = [
  {
    operators: [
      'StringEquals',
      'StringNotEquals',
      'StringEqualsIgnoreCase',
      'StringNotEqualsIgnoreCase',
    ],
    keys: ['aws:username', 'aws:PrincipalTag/team', 's3:prefix', 'localhost:8443/id/x:sub'],
    wanted: [
      'ann',
      'Ann',
      'blue',
      'a/b',
      '${aws:username}',
      '${aws:PrincipalTag/team}',
      "x${s3:prefix, 'none'}",
    ],
    oddWanted: ['a*', '${*}', '${', 'ünï', '${aws:TagKeys}'],
    actual: ['ann', 'ANN', 'blue', 'a/b', 'xnone'],
    oddActual: ['a*', '*', '${aws:username}', 'ÜNÏ', 'line\nbreak'],
  },
  {
    operators: ['StringLike', 'StringNotLike'],
    keys: ['s3:prefix', 'aws:UserAgent', 'localhost:8443/id/x:sub', 'aws:PrincipalTag/team'],
    wanted: [
      '*',
      'a*',
      '*b',
      'a?b',
      'system:serviceaccount:*:reader',
      'system:*:default:*',
      '${aws:PrincipalTag/team}*',
      '?*?',
    ],
    oddWanted: ['a${*}', '**a**', '${?}', '*\n*'],
    actual: ['a', 'ab', 'a/b', 'system:serviceaccount:default:reader', 'blue', 'blueish'],
    oddActual: ['a*', 'line\nb', '?', '.*', 'system:serviceaccount:Default:reader'],
  },
  {
    operators: [
      'NumericEquals',
      'NumericNotEquals',
      'NumericLessThan',
      'NumericLessThanEquals',
      'NumericGreaterThan',
      'NumericGreaterThanEquals',
    ],
    keys: ['s3:max-keys', 'aws:MultiFactorAuthAge'],
    wanted: ['0', '10', '100', '-5'],
    oddWanted: ['12abc', '', '1e2', '0x10', '10.0', '2.5'],
    actual: ['0', '10', '11', '1000', '-5'],
    oddActual: ['12abc', '10.5', '+10', 'NaN', '1e1'],
  },
  {
    operators: [
      'DateEquals',
      'DateNotEquals',
      'DateLessThan',
      'DateLessThanEquals',
      'DateGreaterThan',
      'DateGreaterThanEquals',
    ],
    keys: ['aws:CurrentTime', 'aws:TokenIssueTime'],
    wanted: ['2026-01-01T00:00:00Z', '2026-06-30T12:00:00Z', '2026-01-01'],
    oddWanted: ['1767225600', '2026-01-01T09:00:00+09:00', 'yesterday', '2026-13-01'],
    actual: ['2026-01-01T00:00:00Z', '2026-03-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    oddActual: ['1767225600', '1767225600.5', 'now', '2026-02-30'],
  },
  {
    operators: ['Bool'],
    keys: ['aws:SecureTransport', 'aws:MultiFactorAuthPresent'],
    wanted: ['true', 'false'],
    oddWanted: ['TRUE', 'yes'],
    actual: ['true', 'false'],
    oddActual: ['True', '1'],
  },
  {
    operators: ['BinaryEquals'],
    keys: ['test:Binary'],
    wanted: ['QmluYXJ5', 'AA=='],
    oddWanted: ['AA', '%%%'],
    actual: ['QmluYXJ5', 'AA=='],
    oddActual: ['AA', 'AB==', '%'],
  },
  {
    operators: ['IpAddress', 'NotIpAddress'],
    keys: ['aws:SourceIp', 'aws:VpcSourceIp'],
    wanted: ['192.0.2.0/24', '10.0.0.0/8', '2001:db8::/32', '198.51.100.0/25'],
    oddWanted: [
      '0.0.0.0/0',
      '::/0',
      '192.0.2.17',
      '2001:DB8:0:0::1',
      '::ffff:192.0.2.0/120',
      '10.0.0.0/99',
      'host',
    ],
    actual: ['192.0.2.17', '10.1.2.3', '2001:db8::1', '198.51.100.200'],
    oddActual: ['::ffff:192.0.2.17', '2001:0db8:0000::0001', '192.0.2.017', 'nowhere', '::1'],
  },
  {
    operators: ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'],
    keys: ['aws:SourceArn', 'aws:PrincipalArn'],
    wanted: [
      'arn:aws:sns:*:111122223333:*',
      'arn:aws:iam::111122223333:role/*',
      'arn:aws:iam::*:user/${aws:username}',
      'arn:aws:sns:eu-west-1:111122223333:topic',
    ],
    oddWanted: ['*', 'arn:aws:iam', 'arn:aws:sns:*', '${aws:PrincipalArn}'],
    actual: [
      'arn:aws:sns:eu-west-1:111122223333:topic',
      'arn:aws:iam::111122223333:role/reader',
      'arn:aws:iam::111122223333:user/ann',
    ],
    oddActual: ['topic', 'arn:aws:sns', 'arn:aws:sns:eu-west-1:111122223333:a*'],
  },
]

/** Keys of several values. */
const listKeys = ['aws:TagKeys', 'localhost:8443/id/x:amr']
const listValues = ['ann', 'blue', 'a', 'ab']

const anyCase = (name: string) =>
  fc.constantFrom(name, name, name, name.toLowerCase(), name.toUpperCase())

function pool(
  plain: readonly string[],
  odd: readonly string[],
  profile: Profile,
): fc.Arbitrary<string> {
  const usual = fc.constantFrom(...plain)
  if (!profile.oddValues) return usual
  return fc.oneof(
    { weight: 3, arbitrary: usual },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  )
}

function condition(
  profile: Profile,
): fc.Arbitrary<[operator: string, key: string, values: unknown]> {
  const single = fc
    .constantFrom(...families)
    .chain((family) =>
      fc.tuple(
        fc.constantFrom(...family.operators),
        fc.constantFrom('', '', '', 'IfExists'),
        fc.constantFrom(...family.keys).chain(anyCase),
        fc.oneof(
          pool(family.wanted, family.oddWanted, profile),
          fc.array(pool(family.wanted, family.oddWanted, profile), { minLength: 1, maxLength: 3 }),
        ),
        fc.constantFrom('', '', '', '', '', 'ForAnyValue:', 'ForAllValues:'),
      ),
    )
  const sets = fc.tuple(
    fc.constantFrom('StringEquals', 'StringLike', 'StringNotEquals', 'StringNotLike'),
    fc.constantFrom('', '', '', 'IfExists'),
    fc.constantFrom(...listKeys).chain(anyCase),
    fc.array(fc.constantFrom('ann', 'blue', 'a*', '${aws:username}', 'ab'), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.constantFrom('ForAnyValue:', 'ForAllValues:', 'ForAnyValue:', 'ForAllValues:', ''),
  )
  const both = fc.oneof({ weight: 3, arbitrary: single }, { weight: 1, arbitrary: sets })
  const built = both.map(([base, suffix, key, values, set]): [string, string, unknown] => {
    const drop = !profile.cornerConditions && set === 'ForAnyValue:'
    return [`${set}${base}${drop ? '' : suffix}`, key, values]
  })
  const present = fc.tuple(
    fc.constant('Null'),
    fc.constantFrom('aws:username', 'aws:TagKeys', 's3:prefix', 'aws:SourceIp').chain(anyCase),
    fc.constantFrom('true', 'false'),
  )
  return fc.oneof({ weight: 8, arbitrary: built }, { weight: 1, arbitrary: present })
}

/** Condition elements of one to three conditions. */
export function conditionBlocks(
  profile: Profile,
): fc.Arbitrary<Record<string, Record<string, unknown>>> {
  return fc.array(condition(profile), { minLength: 1, maxLength: 3 }).map((list) => {
    const block: Record<string, Record<string, unknown>> = {}
    for (const [operator, key, values] of list) {
      block[operator] ??= {}
      block[operator][key] = values
    }
    return block
  })
}

/** Request contexts: each key of the pools there or not, some with several values. */
export function contexts(profile: Profile): fc.Arbitrary<AuthorizationRequest['context']> {
  const entry = fc.constantFrom(...families).chain((family) =>
    fc.tuple(
      fc.constantFrom(...family.keys).chain(anyCase),
      profile.cornerConditions
        ? fc.oneof(
            { weight: 8, arbitrary: pool(family.actual, family.oddActual, profile) },
            {
              weight: 1,
              arbitrary: fc.array(pool(family.actual, family.oddActual, profile), {
                maxLength: 2,
              }),
            },
          )
        : pool(family.actual, family.oddActual, profile),
    ),
  )
  const several = fc.tuple(
    fc.constantFrom(...listKeys).chain(anyCase),
    fc.array(fc.constantFrom(...listValues), {
      minLength: profile.cornerConditions ? 0 : 2,
      maxLength: 3,
    }),
  )
  const all = fc.array(
    fc.oneof({ weight: 4, arbitrary: entry }, { weight: 1, arbitrary: several }),
    { maxLength: 8 },
  )
  return all.map((entries) => {
    const context: Record<string, string | readonly string[]> = {}
    const seen = new Set<string>()
    for (const [key, value] of entries) {
      // The same key in two cases is the caller's mistake, not a question to the evaluator.
      if (seen.has(key.toLowerCase())) continue
      seen.add(key.toLowerCase())
      context[key] = value
    }
    return context
  })
}
