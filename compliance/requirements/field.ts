/** What clients in the field demand, beyond the standards or more urgently: Microsoft Entra ID, Okta, and all the others. */
import type { Requirement } from '../model.ts';
import { dialects } from './field/dialects.ts';
import { entra } from './field/entra.ts';
import { okta } from './field/okta.ts';

export const field: readonly Requirement[] = [...entra, ...okta, ...dialects];
