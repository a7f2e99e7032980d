/** The two types of resources that every server may be asked for. */
import type { JsonObject, Made, Trial } from '../../trial.ts';
import { GROUP, USER } from '../reading.ts';

export interface Kind {
  name: 'User' | 'Group';
  schema: string;
  make(trial: Trial, overrides?: JsonObject): Promise<Made>;
}

const USERS: Kind = { name: 'User', schema: USER, make: (trial, overrides) => trial.makeUser(overrides) };
const GROUPS: Kind = { name: 'Group', schema: GROUP, make: (trial, overrides) => trial.makeGroup(overrides) };

export function kinds(trial: Trial): Kind[] {
  return trial.server.hasGroups ? [USERS, GROUPS] : [USERS];
}
