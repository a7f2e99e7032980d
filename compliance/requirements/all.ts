/** Every requirement there is. Which of them are asked for is the profile's and the manner's business. */
import type { Requirement } from '../model.ts';
import { field } from './field.ts';
import { rfc7643 } from './rfc7643.ts';
import { operations } from './rfc7644-operations.ts';
import { protocol } from './rfc7644-protocol.ts';
import { queries } from './rfc7644-queries.ts';
import { rfc9865 } from './rfc9865.ts';

export const requirements: readonly Requirement[] = [
  ...rfc7643,
  ...protocol,
  ...queries,
  ...operations,
  ...rfc9865,
  ...field,
];
