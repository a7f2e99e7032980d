/** RFC 7643: what a server says of itself, and whether what it serves is like that. */
import type { Check } from '../trial.ts';
import { checks as characteristics } from './schemas/characteristics.ts';
import { checks as common } from './schemas/common.ts';
import { checks as configuration } from './schemas/configuration.ts';
import { checks as definitions } from './schemas/definitions.ts';
import { checks as meta } from './schemas/meta.ts';
import { checks as users } from './schemas/users.ts';
import { checks as values } from './schemas/values.ts';

export const checks: readonly Check[] = [
  ...configuration,
  ...definitions,
  ...common,
  ...meta,
  ...values,
  ...characteristics,
  ...users,
];
