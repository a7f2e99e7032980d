/** What an administrator enters for a partner platform target; and the two settings that hold a table, read. */
import { z } from 'zod';

const address = z.url({ protocol: /^https?$/ }).overwrite((url) => url.replace(/\/+$/, ''));
const path = z.string().regex(/^\/\S*$/, 'must begin with a slash');
const list = z.string().overwrite((text) => text.trim());

export const Settings = z.object({
  baseUrl: address.describe('Address of the API, before /users. No default: the vendor names it with the subscription'),
  tokenUrl: address.describe('Address of the token endpoint. No default: the vendor names it'),
  clientId: z.string().min(1).describe('OAuth client id. No default'),
  clientSecret: z.string().min(1).describe('OAuth client secret. No default'),
  username: z
    .string()
    .min(1)
    .describe('API user; the platform account with the same e-mail address decides its rights. No default'),
  password: z.string().min(1).describe("The API user's password. No default"),
  subscriptionKey: z.string().min(1).describe('Sent as Ocp-Apim-Subscription-Key. No default'),
  scope: z.string().default('').describe('Asked for at the token endpoint, separated by spaces. Default: none'),
  roleByWeight: z
    .enum(['highest', 'lowest'])
    .default('highest')
    .describe(
      'Which of several wanted roles a person gets: the one with the highest weight or the lowest. On a platform where the highest weight is the most powerful role, "lowest" is the cautious choice; where 1 is the most powerful, "highest" is. Default: highest',
    ),
  rolesBy: z
    .enum(['name', 'id'])
    .default('name')
    .describe('Whether rules and settings write roles by name, in the case of the platform, or by id. Default: name'),
  defaultRole: z
    .string()
    .default('User')
    .describe('Role at the invitation of whom no rule gives one; empty: none is sent. Default: User'),
  identityProvider: z
    .string()
    .default('')
    .describe(
      'Name or id of the identity provider that invited people log in with; it must be enabled. Default: none is sent, and the platform chooses',
    ),
  organisations: list
    .refine((text) => badPairs(text).length === 0, {
      error: (issue) => `not name=id: ${badPairs(String(issue.input))}`,
    })
    .default('')
    .describe(
      'Names of organisations with their ids, which no call lists: "ACME=17, Globex=18". Where given, an organisation that is not in it is refused; where empty, rules write ids. Default: empty',
    ),
  defaultOrganisations: list
    .default('')
    .describe(
      'Names or ids, separated by commas, of the organisations that a person is invited into whom no rule gives one. Default: none',
    ),
  organisationIdsIn: z
    .enum(['payload', 'user'])
    .default('payload')
    .describe('Whether OrganizationIds stands beside Users or in each of them. Default: payload'),
  roleField: z
    .string()
    .min(1)
    .default('GroupId')
    .describe("Field of an invitation for the role's id. Default: GroupId"),
  identityProviderField: z
    .string()
    .min(1)
    .default('IdentityProviderId')
    .describe("Field of an invitation for the identity provider's id. Default: IdentityProviderId"),
  blockedStates: list
    .default('Blocked, Disabled')
    .describe('States of users who cannot log in, separated by commas. Default: Blocked, Disabled'),
  usersPath: path.default('/users').describe('Path of "List All Users". Default: /users'),
  rolesPath: path.default('/roles').describe('Path of "List All Roles". Default: /roles'),
  identityProvidersPath: path
    .default('/identity-providers')
    .describe('Path of "List Identity Providers". Default: /identity-providers'),
  invitePath: path.default('/users/invite').describe('Path of "Invite a User". Default: /users/invite'),
  paging: z
    .enum(['pages', 'none'])
    .default('pages')
    .describe('Whether "List All Users" is asked for page after page, or once for everybody. Default: pages'),
  pageSize: z.coerce.number().int().min(1).max(1000).default(100).describe('Users asked for per page. Default: 100'),
  listingSeconds: z.coerce
    .number()
    .min(0)
    .max(300)
    .default(0)
    .describe(
      'How old a list of users may be for it to be used again. Above 0 a large platform is read less often, and whom others invite in that time may be mailed twice. Default: 0',
    ),
});
export type Settings = z.infer<typeof Settings>;

export interface Organisation {
  id: string;
  name: string;
}

/** The setting `organisations`. */
export function organisationsOf({ organisations }: Pick<Settings, 'organisations'>): Organisation[] {
  return itemsOf(organisations).map((pair) => {
    const cut = pair.lastIndexOf('=');
    return { name: pair.slice(0, cut).trim(), id: pair.slice(cut + 1).trim() };
  });
}

/** The items of a setting that is a list, without the space around them. */
export function itemsOf(list: string): string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function badPairs(text: string): string[] {
  return itemsOf(text).filter((pair) => !/^[^=].*=\s*[^=\s]+$/.test(pair));
}
