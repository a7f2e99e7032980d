/**
 * How a user becomes a target's fields: the target type's own expressions, overridden field by field by the administrator.
 * An expression sees the whole user, never a delta.
 */
import type { DirectoryUser } from '../../../directory/people.ts';
import type { UserShape } from '../../../directory/user-shape.ts';
import { emailOf } from '../../../targets/person.ts';
import type { Mapped, Person } from '../../../targets/target.ts';
import { type Bound, bind, compileExpression, type Expression, ExpressionError } from './expression.ts';

export interface Mapping {
  /** @throws ExpressionError that names the field, where one cannot be computed. */
  valuesOf(user: DirectoryUser['resource']): Person['values'];
  /** What each expression gives by itself, for whoever looks at them. */
  eachOf(user: DirectoryUser['resource']): Record<string, Given>;
}

/** `left alone`: what the field is made of is missing; `failed`: nothing is done to the user's account. */
export type Given =
  | { kind: 'text'; text: string }
  | { kind: 'cleared' }
  | { kind: 'left alone' }
  | { kind: 'failed'; problem: string };

/** @throws ExpressionError with everything that is wrong, field by field. */
export type MappingCompiler = (
  defaults: Readonly<Record<string, Mapped>>,
  overrides: Readonly<Record<string, string>>,
) => Mapping;

export function createMappingCompiler(shape: UserShape): MappingCompiler {
  const known = new Map([
    ['user', shape.names],
    ['email', null],
  ]);
  return (defaults, overrides) => {
    const problems = Object.keys(overrides)
      .filter((field) => !(field in defaults))
      .map((field) => `${field} is no field of this target; it has ${Object.keys(defaults).join(', ')}`);
    const expressions = new Map<string, Expression>();
    for (const [field, { expression }] of Object.entries(defaults)) {
      try {
        expressions.set(field, compileExpression(overrides[field] ?? expression, known));
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        problems.push(`${field} ${error.message}`);
      }
    }
    if (problems.length > 0) throw new ExpressionError(problems.join('\n'));
    const variablesOf = (user: DirectoryUser['resource']) =>
      bind({ user: { ...shape.blank, ...user }, email: emailOf(user) });
    return {
      valuesOf(user) {
        return Object.fromEntries(
          evaluate(expressions, variablesOf(user)).flatMap(([field, given]) => entryOf(field, given)),
        );
      },
      eachOf: (user) => Object.fromEntries(evaluate(expressions, variablesOf(user))),
    };
  };
}

function* evaluate(expressions: ReadonlyMap<string, Expression>, variables: Bound): Generator<[string, Given]> {
  for (const [field, expression] of expressions) yield [field, givenBy(expression, variables)];
}

function givenBy(expression: Expression, variables: Bound): Given {
  try {
    const value = expression(variables);
    if (value === undefined) return { kind: 'left alone' };
    const text = value?.trim();
    return text ? { kind: 'text', text } : { kind: 'cleared' };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { kind: 'failed', problem: error.message };
  }
}

function entryOf(field: string, given: Given): [string, string | null][] {
  switch (given.kind) {
    case 'text':
      return [[field, given.text]];
    case 'cleared':
      return [[field, null]];
    case 'left alone':
      return [];
    case 'failed':
      throw new ExpressionError(`${field}: ${given.problem}`);
  }
}
