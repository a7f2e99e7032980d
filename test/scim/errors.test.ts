import { describe, expect, it } from 'vitest';
import { errorBody, excerpt, invalidValue, notFound, ScimError, tooLarge, uniqueness } from '../../src/scim/errors.ts';

describe('the body of an error', () => {
  it('has its status as a string, and a scimType where there is one', () => {
    expect(errorBody(invalidValue('userName is required'))).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '400',
      scimType: 'invalidValue',
      detail: 'userName is required',
    });
    expect(errorBody(notFound('User u9 not found'))).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '404',
      detail: 'User u9 not found',
    });
  });

  it.each([
    [uniqueness('x'), 409, 'uniqueness'],
    [tooLarge('x'), 413, undefined],
  ])('of %s', (error, status, scimType) => {
    expect(error).toBeInstanceOf(ScimError);
    expect(error).toMatchObject({ status, scimType, message: 'x' });
  });
});

describe('what an error quotes of a request', () => {
  it('is short, well-formed, and ends at the word password', () => {
    expect(excerpt('emails[type eq "work"].value')).toBe('emails[type eq "work"].value');
    expect(excerpt('x'.repeat(500))).toBe(`${'x'.repeat(128)}...`);
    expect(excerpt(`${'x'.repeat(127)}😀😀`).isWellFormed()).toBe(true);
    expect(excerpt('PassWord eq "hunter2"')).toBe('PassWord...');
    expect(excerpt('password')).toBe('password');
  });
});
