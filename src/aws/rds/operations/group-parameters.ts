/** What parameter groups say: shown, set and set back. No parameter changes the server. */
import type { Call } from '../../operation.ts'
import { rdsNeed } from '../access.ts'
import { refuse } from '../errors.ts'
import {
  type Form,
  forms,
  type GivenParameter,
  type GroupOperation,
  nameOf,
} from '../group-forms.ts'
import { pageOf } from '../paging.ts'
import type { GroupRecord, ParameterSetting } from '../records.ts'
import type { RdsState } from '../state.ts'

/** As many as one call may set, on AWS too. */
const changedMax = 20
const parameterForm = /^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?$/
const valueCharsMax = 4096
const isDefault = (name: string) => name.startsWith('default.')

/** What is so without being set, and cannot be otherwise: nobody is let in without TLS. */
const fixed: Readonly<Record<string, { readonly value: string; readonly description: string }>> = {
  'rds.force_ssl': { value: '1', description: 'Force SSL connections.' },
}

function describe(form: Form, name: string): GroupOperation {
  return {
    name,
    access: (input, call, deps) => [
      rdsNeed(name, call, form.kind, nameOf(input, form).toLowerCase(), deps),
    ],
    handle(input, call, { state }) {
      const group = findGroup(form, nameOf(input, form), call, state)
      const set = Object.entries(group?.parameters ?? {})
      const all = [
        ...set.map(([parameter, setting]) => show(parameter, setting, 'user')),
        ...Object.entries(fixed)
          .filter(([parameter]) => !group?.parameters?.[parameter])
          .map(([parameter, { value }]) =>
            show(parameter, { value, method: 'immediate' }, 'system'),
          ),
      ]
      const wanted = all
        .filter(({ Source }) => input.Source === undefined || Source === input.Source)
        .toSorted((a, b) => (a.ParameterName < b.ParameterName ? -1 : 1))
      const { items, ...page } = pageOf(wanted, ({ ParameterName }) => ParameterName, input)
      return { Parameters: items, ...page }
    },
  }
}

function show(name: string, { value, method }: ParameterSetting, source: 'user' | 'system') {
  return {
    ParameterName: name,
    ParameterValue: value,
    ...(Object.hasOwn(fixed, name) && { Description: fixed[name]?.description }),
    Source: source,
    ApplyType: method === 'immediate' ? 'dynamic' : 'static',
    DataType: Object.hasOwn(fixed, name) ? 'boolean' : 'string',
    IsModifiable: true,
    ApplyMethod: method,
    SupportedEngineModes: ['provisioned'],
  }
}

function modify(form: Form): GroupOperation {
  const name = `Modify${form.name}`
  return change(form, name, (group, { Parameters = [] }) => {
    if (Parameters.length === 0 || Parameters.length > changedMax) {
      throw refuse.InvalidParameterValue({
        text: `The number of parameters to modify must be from 1 to ${changedMax}.`,
      })
    }
    const given = Parameters.map((parameter) => readSetting(parameter))
    return { ...group, parameters: { ...group.parameters, ...Object.fromEntries(given) } }
  })
}

function reset(form: Form): GroupOperation {
  return change(form, `Reset${form.name}`, (group, { ResetAllParameters, Parameters = [] }) => {
    if (ResetAllParameters) return { ...group, parameters: {} }
    if (Parameters.length === 0) {
      throw refuse.InvalidParameterCombination({
        text: 'Either ResetAllParameters or Parameters must be specified.',
      })
    }
    const gone = new Set(Parameters.map((parameter) => readName(parameter)))
    const left = Object.entries(group.parameters ?? {}).filter(([name]) => !gone.has(name))
    return { ...group, parameters: Object.fromEntries(left) }
  })
}

function change(
  form: Form,
  name: string,
  next: (group: GroupRecord, input: Parameters<GroupOperation['handle']>[0]) => GroupRecord,
): GroupOperation {
  return {
    name,
    access: (input, call, deps) => [
      rdsNeed(name, call, form.kind, nameOf(input, form).toLowerCase(), deps),
    ],
    async handle(input, call, { state }) {
      const identifier = nameOf(input, form).toLowerCase()
      if (isDefault(identifier)) {
        throw refuse.InvalidDBParameterGroupState({
          text: `The default parameter group ${identifier.slice(0, 255)} cannot be changed: make one of your own.`,
        })
      }
      const found = findGroup(form, identifier, call, state)
      // What is not right is refused before anything is written.
      if (found) next(found, input)
      const changed = await state.change(call, form.kind, identifier, (group) => next(group, input))
      if (!changed) throw form.notFound(identifier)
      return { [`${form.name}Name`]: identifier }
    },
  }
}

export const describeDBClusterParameters = describe(forms.cluster, 'DescribeDBClusterParameters')
export const describeDBParameters = describe(forms.instance, 'DescribeDBParameters')
export const modifyDBClusterParameterGroup = modify(forms.cluster)
export const modifyDBParameterGroup = modify(forms.instance)
export const resetDBClusterParameterGroup = reset(forms.cluster)
export const resetDBParameterGroup = reset(forms.instance)

/** Undefined: a default group, in which nothing is set. */
function findGroup(form: Form, name: string, call: Call, state: RdsState): GroupRecord | undefined {
  const identifier = name.toLowerCase()
  const group = state.find(call, form.kind, identifier)
  if (!group && !isDefault(identifier)) throw form.notFound(identifier)
  return group
}

function readName({ ParameterName = '' }: GivenParameter): string {
  if (parameterForm.test(ParameterName)) return ParameterName
  const text = `Could not find parameter with name: ${ParameterName.slice(0, 100)}`
  throw refuse.InvalidParameterValue({ text })
}

function readSetting(given: GivenParameter): [name: string, setting: ParameterSetting] {
  const name = readName(given)
  const { ParameterValue: value, ApplyMethod: method = 'immediate' } = given
  if (value === undefined || value.length > valueCharsMax) {
    throw refuse.InvalidParameterValue({ text: `Invalid parameter value for ${name}.` })
  }
  if (method !== 'immediate' && method !== 'pending-reboot') {
    throw refuse.InvalidParameterValue({
      text: 'The apply method must be immediate or pending-reboot.',
    })
  }
  const only = Object.hasOwn(fixed, name) ? fixed[name]?.value : undefined
  if (only !== undefined && value !== only) {
    throw refuse.InvalidParameterValue({
      text: `Podpass cannot set ${name} to ${value.slice(0, 40)}: it is always ${only}.`,
    })
  }
  return [name, { value, method }]
}
