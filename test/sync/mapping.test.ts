import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { userShape } from '../../src/directory/user-shape.ts';
import { loadSchemas } from '../../src/schemas.ts';
import type { Complex } from '../../src/scim/document.ts';
import { createMappingCompiler } from '../../src/sync/rules/mapping/mapping.ts';

const { resourceTypes } = await loadSchemas(tmpdir());
const userType = resourceTypes.get('User');
if (!userType) throw new Error('no User');
const compile = createMappingCompiler(userShape(userType));

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const jane: Complex = {
  userName: 'Jane@example.com',
  name: { givenName: 'Jane' },
  emails: [{ value: 'old@example.com' }, { value: 'jane@example.com', primary: true }],
  active: true,
  [ENTERPRISE]: { department: 'Sales' },
};

function mapped(expression: string, user: Complex = jane) {
  return compile({ field: { expression, description: '' } }, {}).valuesOf(user).field;
}

describe('a mapping expression', () => {
  it.each([
    ['user.userName.lower()', 'jane@example.com'],
    ['user.userName.split("@")[0]', 'Jane'],
    ['user.name.givenName + " " + (has(user.name.familyName) ? user.name.familyName : "")', 'Jane'],
    ['user.emails.filter(e, has(e.primary) && e.primary)[0].value', 'jane@example.com'],
    ['user.emails.map(e, e.value).join(", ")', 'old@example.com, jane@example.com'],
    ['email', 'jane@example.com'],
    [`user["${ENTERPRISE}"].department == "Sales" ? "S" : "other"`, 'S'],
    ['user.active', 'true'],
    ['size(user.emails)', '2'],
    ['user.userName.matches("(a+)+$")', 'false'],
    ['user.userName.replace("example", "$&")', 'Jane@$&.com'],
  ])('%s', (expression, value) => {
    expect(mapped(expression)).toBe(value);
  });

  it('leaves the field alone where what it is made of is missing', () => {
    expect(mapped('user.name.familyName')).toBeUndefined();
    expect(mapped('user.title')).toBeUndefined();
    expect(mapped('user.phoneNumbers[0].value')).toBeUndefined();
    expect(mapped(`user["${ENTERPRISE}"].costCenter`)).toBeUndefined();
    expect(mapped('user.emails.filter(e, has(e.type))[0].value')).toBeUndefined();
    expect(mapped('email', { userName: 'jane' })).toBe('jane');
  });

  it('clears the field by clear(), and by an empty text', () => {
    const expression = 'has(user.name.familyName) ? user.name.familyName : clear()';
    expect(mapped(expression)).toBeNull();
    expect(mapped(expression, { userName: 'x' })).toBeNull();
    expect(mapped('""')).toBeNull();
    expect(() => mapped('clear() + "x"')).toThrow('field: clear() stands alone');
  });

  it.each([
    ['user.emails', 'gives a list'],
    ['user.name', 'gives an object'],
    ['1 / 0', 'divide by zero'],
  ])('%s is an error for this user that names the field', (expression, reason) => {
    expect(() => mapped(expression)).toThrow(new RegExp(`^field: .*${reason}`));
  });

  it.each([
    ['user.nmae', 'user has no attribute "nmae"'],
    ['usr.userName', '"usr" is unknown; known are user, email'],
    ['user.emails.map(e, f.value)', '"f" is unknown'],
    ['user.userName +', 'cannot be read'],
    ['x'.repeat(2_001), 'longer than 2000 characters'],
    ['['.repeat(999) + ']'.repeat(999), 'cannot be read|nested too deeply|gives a list'],
    ['user.emails.map(a, user.emails.map(b, b.value))', 'comprehensions .* in each other'],
  ])('%.60s is refused when it is saved', (expression, reason) => {
    expect(() => mapped(expression)).toThrow(new RegExp(reason));
  });

  it.each([
    'user.userName.replace("", user.userName).replace("", user.userName).replace("", user.userName)',
    'user.userName.split("").map(a, user.userName).join(user.userName)',
    '(user.emails + user.emails).map(e, e.value).join()',
  ])('%s grows beyond no bound', (expression) => {
    const user = {
      userName: 'x'.repeat(1_000),
      emails: Array.from({ length: 600 }, () => ({ value: 'y'.repeat(100) })),
    };
    expect(() => mapped(expression, user)).toThrow('grows beyond');
  });

  it('sees no prototype', () => {
    expect(() => mapped('user.constructor')).toThrow('no attribute');
    expect(mapped('user.name.constructor')).toBeUndefined();
    expect(mapped('user["__proto__"]')).toBeUndefined();
  });
});

describe('a mapping', () => {
  const defaults = {
    firstName: { expression: 'user.name.givenName', description: '' },
    login: { expression: 'user.userName', description: '' },
  };

  it("is the target type's own, overridden field by field", () => {
    expect(compile(defaults, {}).valuesOf(jane)).toEqual({ firstName: 'Jane', login: 'Jane@example.com' });
    expect(compile(defaults, { login: 'email' }).valuesOf(jane)).toEqual({
      firstName: 'Jane',
      login: 'jane@example.com',
    });
  });

  it('names every problem at once', () => {
    expect(() => compile(defaults, { login: 'user.', nick: '"x"', firstName: 'usr' })).toThrow(
      /nick is no field of this target; it has firstName, login\nfirstName "usr" is unknown.*\nlogin cannot be read/s,
    );
  });
});
