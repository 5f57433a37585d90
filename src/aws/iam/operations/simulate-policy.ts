/** SimulatePrincipalPolicy and SimulateCustomPolicy: what would be answered, by the evaluator that answers. */
import type {
  EvaluationResult,
  PolicySourceType,
  SimulateCustomPolicyRequest,
  SimulatePolicyResponse,
  SimulatePrincipalPolicyRequest,
  Statement,
} from '@aws-sdk/client-iam'
import type { PolicyInput } from '../../../kernel/policy/decision.ts'
import {
  type MatchedStatement,
  type EvaluationResult as Result,
  type Simulation,
  simulate,
} from '../../../kernel/policy/simulate.ts'
import type { Operation } from '../../operation.ts'
import { onAccount } from '../access.ts'
import type { IamDeps, Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import { pageOfList } from '../paging.ts'
import { simulatedCaller, simulatedEntity } from '../policy-source.ts'

type Custom = Valid<SimulateCustomPolicyRequest>
type Principal = Valid<SimulatePrincipalPolicyRequest>
type Common = Omit<Custom, 'PolicyInputList'>

/** More combinations of actions and resources than anybody asks for: refused, not computed. */
const combinationsMax = 10_000

/** The policies given decide, and no others. */
export const simulateCustomPolicy: Operation<Custom, SimulatePolicyResponse, IamDeps> = {
  name: 'SimulateCustomPolicy',
  access: onAccount('iam:SimulateCustomPolicy'),
  handle(input, _call, deps) {
    return answer(input, {
      identityPolicies: inputs(deps, 'PolicyInputList', input.PolicyInputList),
      ...common(deps, input),
      ...(input.CallerArn && { caller: simulatedCaller(deps, input.CallerArn) }),
    })
  },
}

/** The policies of a user, group or role decide, with those given beside them. */
export const simulatePrincipalPolicy: Operation<Principal, SimulatePolicyResponse, IamDeps> = {
  name: 'SimulatePrincipalPolicy',
  access: ({ PolicySourceArn }) => [
    { action: 'iam:SimulatePrincipalPolicy', resource: PolicySourceArn },
  ],
  handle(input, { account }, deps) {
    const entity = simulatedEntity(deps, account, input.PolicySourceArn)
    const caller = input.CallerArn ? simulatedCaller(deps, input.CallerArn) : entity.principal
    return answer(input, {
      identityPolicies: [
        ...entity.policies,
        ...inputs(deps, 'PolicyInputList', input.PolicyInputList ?? []),
      ],
      ...(entity.boundary && { boundary: [entity.boundary] }),
      ...common(deps, input),
      ...(caller && { caller }),
    })
  },
}

function common(
  deps: IamDeps,
  input: Common,
): Pick<
  Simulation,
  'actions' | 'resources' | 'context' | 'boundary' | 'resourcePolicy' | 'resourceOwner'
> {
  const boundary = inputs(
    deps,
    'PermissionsBoundaryPolicyInputList',
    input.PermissionsBoundaryPolicyInputList ?? [],
  )
  const count = input.ActionNames.length * Math.max(1, input.ResourceArns?.length ?? 1)
  if (count > combinationsMax) {
    throw refuse.InvalidInput({
      text: `More than ${combinationsMax} combinations of actions and resources.`,
    })
  }
  return {
    actions: input.ActionNames,
    ...(input.ResourceArns && { resources: input.ResourceArns }),
    context: (input.ContextEntries ?? []).map((entry) => ({
      key: entry.ContextKeyName ?? '',
      values: entry.ContextKeyValues ?? [],
    })),
    ...(boundary.length > 0 && { boundary }),
    ...(input.ResourcePolicy !== undefined && {
      resourcePolicy: checked(deps, 'ResourcePolicy', input.ResourcePolicy, 'resource-based'),
    }),
    ...(input.ResourceOwner !== undefined && { resourceOwner: input.ResourceOwner }),
  }
}

function inputs(deps: IamDeps, list: string, documents: readonly string[]): PolicyInput[] {
  return documents.map((text, index) => checked(deps, `${list}.${index + 1}`, text, 'identity'))
}

function checked(
  { validatePolicy }: IamDeps,
  name: string,
  document: string,
  kind: 'identity' | 'resource-based',
): PolicyInput {
  const [problem] = validatePolicy(document, kind)
  if (problem) throw refuse.InvalidInput({ text: `${name}: ${problem.message}` })
  return { name, document }
}

/** Only the page asked for is computed: one result for each action on each resource. */
function answer(input: Common, simulation: Simulation): SimulatePolicyResponse {
  const { resources, ...fixed } = simulation
  const pairs = simulation.actions.flatMap((action) =>
    (resources?.length ? resources : [undefined]).map((resource) => ({ action, resource })),
  )
  const numbered = pairs.map((pair, index) => ({ ...pair, key: String(index).padStart(6, '0') }))
  const { items, page } = pageOfList(numbered, ({ key }) => key, input)
  const results = items.flatMap(({ action, resource }) =>
    simulate({ ...fixed, actions: [action], ...(resource && { resources: [resource] }) }),
  )
  return { EvaluationResults: results.map(show), ...page }
}

function show(result: Result): EvaluationResult {
  const bounded = result.allowedByBoundary
  return {
    EvalActionName: result.action,
    EvalResourceName: result.resource,
    EvalDecision: result.decision,
    MatchedStatements: result.matchedStatements.map(showStatement),
    MissingContextValues: [...result.missingContextValues],
    ...(bounded !== undefined && {
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: bounded },
    }),
    ResourceSpecificResults: result.resourceSpecificResults.map((each) => ({
      EvalResourceName: each.resource,
      EvalResourceDecision: each.decision,
      MatchedStatements: each.matchedStatements.map(showStatement),
      MissingContextValues: [...each.missingContextValues],
    })),
  }
}

function showStatement({ policy, type, start, end }: MatchedStatement): Statement {
  return {
    SourcePolicyId: policy,
    // What AWS answers; its model has other words.
    SourcePolicyType: (type === 'resource' ? 'Resource Policy' : 'IAM Policy') as PolicySourceType,
    StartPosition: { Line: start.line, Column: start.column },
    EndPosition: { Line: end.line, Column: end.column },
  }
}
