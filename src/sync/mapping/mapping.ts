/**
 * How a user becomes a target's fields: the target type's own expressions, overridden field by field by the administrator.
 * An expression sees the whole user, never a delta.
 */
import type { DirectoryUser } from '../../directory/people.ts';
import type { UserShape } from '../../directory/user-shape.ts';
import { emailOf } from '../../targets/person.ts';
import type { Mapped, Person } from '../../targets/target.ts';
import { bind, compileExpression, type Expression, ExpressionError } from './expression.ts';

export interface Mapping {
  /** @throws ExpressionError that names the field, where one cannot be computed. */
  valuesOf(user: DirectoryUser['resource']): Person['values'];
}

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
    return { valuesOf: (user) => evaluate(expressions, shape, user) };
  };
}

function evaluate(expressions: ReadonlyMap<string, Expression>, shape: UserShape, user: DirectoryUser['resource']) {
  const variables = bind({ user: { ...shape.blank, ...user }, email: emailOf(user) });
  const values: Record<string, string | null> = {};
  for (const [field, expression] of expressions) {
    try {
      const value = expression(variables);
      if (value !== undefined) values[field] = value?.trim() || null;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw new ExpressionError(`${field}: ${error.message}`);
    }
  }
  return values;
}
