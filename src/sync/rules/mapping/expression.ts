/**
 * One mapping expression: CEL (Common Expression Language) over a user, compiled once. Pure, and bounded in time and size:
 * CEL has no loops but comprehensions, regular expressions are RE2's, and the rest is limited here and in functions.ts.
 */
import { type CelInput, celEnv, isCelError, isCelList, isCelMap, parse, plan } from '@bufbuild/cel';
import { CLEAR, functions, LONGEST_LIST, LONGEST_TEXT } from './functions.ts';

/** Text to write; null: clear the field; undefined: leave it alone, because what it is made of is missing. */
export type Value = string | null | undefined;

/** Each variable is a text, or an object of JSON values. */
export type Variables = Readonly<Record<string, unknown>>;

export type Expression = (variables: Bound) => Value;

/** Variables in the form that expressions read, to be made once for all expressions over them. */
export type Bound = Record<string, CelInput>;

/** What is wrong with an expression, or why it gives no value for this user, in words for an administrator. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

const LONGEST_EXPRESSION = 2_000;
/** Characters of all texts together. */
const LARGEST_USER = 262_144;
/** Steps that the comprehensions of one expression may take together over lists of full length: ten, none in another. */
const DEAREST = 10 * LONGEST_LIST;

const environment = celEnv({ funcs: functions });

/** To name where one is not known: ours, and those of CEL that texts and lists are made with. */
const FUNCTIONS = [
  ...new Set([
    ...functions.map(({ name }) => name).filter((name) => /^\w+$/.test(name) && !name.startsWith('_')),
    ...['contains', 'endsWith', 'exists', 'filter', 'has', 'map', 'matches', 'size', 'startsWith', 'string'],
  ]),
].sort();

/**
 * @param known the variables, each with the names that may follow it after a dot; null: any.
 * @throws ExpressionError
 */
export function compileExpression(text: string, known: ReadonlyMap<string, ReadonlySet<string> | null>): Expression {
  if (text.length > LONGEST_EXPRESSION) throw new ExpressionError(`is longer than ${LONGEST_EXPRESSION} characters`);
  const parsed = parsedOf(text);
  const findings: Findings = { cost: 0, unknown: [], places: parsed.sourceInfo?.positions ?? {} };
  look(parsed.expr as unknown as Node, known, 0, findings);
  if (findings.cost > DEAREST)
    throw new ExpressionError('has comprehensions (map, filter, exists, all) in each other, or more than ten');
  if (findings.unknown.length > 0) throw new ExpressionError(findings.unknown.join('; '));
  const run = plan(environment, parsed);
  return (variables) => readResult(run(variables));
}

/** Long texts and lists are cut to what expressions may hold, and so is the whole: a picture is nothing to compute with. */
export function bind(variables: Variables): Bound {
  const room = { left: LARGEST_USER };
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, toCel(value, room)]));
}

function parsedOf(text: string) {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof RangeError) throw new ExpressionError('is nested too deeply');
    const { message } = error as Error;
    const [, line, column, problem] = /^<input>:(\d+):(\d+): (.*)$/s.exec(message) ?? [];
    const place = line === '1' ? `character ${column}` : `line ${line}, character ${column}`;
    throw new ExpressionError(column ? `cannot be read: at ${place}: ${problem}` : `cannot be read: ${message}`);
  }
}

function toCel(value: unknown, room: { left: number }): CelInput {
  if (Array.isArray(value)) return value.slice(0, LONGEST_LIST).map((element) => toCel(element, room));
  if (typeof value === 'string') {
    const kept = value.slice(0, Math.min(LONGEST_TEXT, room.left));
    room.left -= kept.length;
    return kept;
  }
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return null;
  return new Map(Object.entries(value).map(([name, member]) => [name, toCel(member, room)]));
}

function readResult(result: unknown): Value {
  if (isCelError(result)) {
    if (isMissing(result.message)) return undefined;
    throw new ExpressionError(result.message);
  }
  if (result === null || result === CLEAR || result === '') return null;
  if (typeof result === 'string') {
    if (result.includes('\u0000')) throw new ExpressionError('clear() stands alone: it cannot be part of a text');
    return result;
  }
  if (typeof result === 'boolean' || typeof result === 'number' || typeof result === 'bigint') return String(result);
  const what = isCelList(result) ? 'a list; choose one element, or join()' : isCelMap(result) ? 'an object' : 'no text';
  throw new ExpressionError(`gives ${what}`);
}

/** A sub-attribute that the user does not have, an element that a list does not have. */
function isMissing(message: string): boolean {
  return /^field not found|^index -?\d+ out of bounds/.test(message);
}

interface Findings {
  cost: number;
  unknown: string[];
  /** Where each node begins, in characters before it. */
  places: Readonly<Record<string, number>>;
}

function place({ places }: Findings, { id }: Node): string {
  const offset = places[String(id)];
  return offset === undefined ? '' : ` (at character ${offset + 1})`;
}

/** The syntax tree, as far as it is looked at. */
interface Node {
  id: bigint;
  exprKind: { case?: string; value?: Record<string, unknown> };
}

function look(
  node: Node,
  known: ReadonlyMap<string, ReadonlySet<string> | null>,
  depth: number,
  findings: Findings,
): void {
  const { case: kind, value = {} } = node.exprKind;
  if (kind === 'comprehensionExpr') {
    findings.cost += LONGEST_LIST ** (depth + 1);
    const inner = new Map([...known, [value.iterVar as string, null], [value.accuVar as string, null]]);
    if (value.iterVar2) inner.set(value.iterVar2 as string, null);
    look(value.iterRange as Node, known, depth, findings);
    for (const part of ['accuInit', 'loopCondition', 'loopStep', 'result']) {
      look(value[part] as Node, inner, depth + 1, findings);
    }
    return;
  }
  if (kind === 'identExpr' && !known.has(value.name as string)) {
    const names = [...known.keys()].filter((name) => !name.startsWith('@')).join(', ');
    findings.unknown.push(`"${value.name}" is unknown; known are ${names}${place(findings, node)}`);
  }
  if (kind === 'selectExpr') checkMember(node, value, known, findings);
  // Operators have names of their own, `_+_`.
  if (
    kind === 'callExpr' &&
    /^[a-z]/i.test(String(value.function)) &&
    !environment.funcs.find(String(value.function))
  ) {
    const problem = `${value.function}() is no function${place(findings, node)}`;
    findings.unknown.push(`${problem}; there are ${FUNCTIONS.join(', ')}`);
  }
  if (depth > 0 && makesMany(node))
    findings.unknown.push('a comprehension makes a list of lists or objects; it may make one value for each element');
  const isMembership = kind === 'callExpr' && value.function === '@in';
  for (const child of childrenOf(value)) {
    // What is looked through is made once, and is not what the comprehension makes.
    if (!isMembership || !makesMany(child)) look(child, known, depth, findings);
  }
}

/** A list or object written out; the expansion of `map` and `filter` writes lists of one. */
function makesMany({ exprKind: { case: kind, value = {} } }: Node): boolean {
  if (kind === 'structExpr') return true;
  return kind === 'listExpr' && (value.elements as unknown[]).length > 1;
}

function checkMember(
  node: Node,
  value: Record<string, unknown>,
  known: ReadonlyMap<string, ReadonlySet<string> | null>,
  findings: Findings,
) {
  const operand = (value.operand as Node).exprKind;
  if (operand.case !== 'identExpr') return;
  const variable = operand.value?.name as string;
  const members = known.get(variable);
  if (!members || members.has(value.field as string)) return;
  // Extensions have names that cannot follow a dot.
  const names = [...members].filter((name) => /^\w+$/.test(name)).join(', ');
  findings.unknown.push(`${variable} has no attribute "${value.field}"${place(findings, node)}; it has ${names}`);
}

function childrenOf(value: Record<string, unknown>): Node[] {
  return Object.values(value)
    .flat()
    .flatMap((child) => {
      if (typeof child !== 'object' || child === null) return [];
      if ('exprKind' in child) return [child as Node];
      // Entries of a map literal hold theirs one level down.
      return childrenOf(child as Record<string, unknown>);
    });
}
