import { type ReadMode, readResource } from '../../src/scim/resource.ts';
import { failureOf, GROUP_TYPE, USER, USER_TYPE } from './fixtures.ts';

export const user = (body: unknown, mode: ReadMode = 'create') => readResource(body, USER_TYPE, mode);
export const group = (body: unknown, mode: ReadMode = 'create') => readResource(body, GROUP_TYPE, mode);
export const minimal = (more: object = {}) => user({ schemas: [USER], userName: 'jane', ...more });
export const refusal = (body: unknown, type = USER_TYPE) => failureOf(() => readResource(body, type, 'create'));
