/** Values for the usual attributes, as far as a server's schemas have them. */
import type { JsonObject, Made, Server, Trial } from '../../trial.ts';
import { ENTERPRISE, object, objects, USER } from '../reading.ts';

/** Well-formed by RFC 7643 section 4.1; a server that takes an attribute at all should take these. */
const SINGULAR: JsonObject = {
  name: {
    givenName: 'Jane',
    familyName: 'Roe',
    middleName: 'Ann',
    honorificPrefix: 'Ms.',
    formatted: 'Ms. Jane Ann Roe',
  },
  displayName: 'Jane Roe',
  nickName: 'Janie',
  profileUrl: 'https://example.com/people/jane',
  title: 'Engineer',
  userType: 'Employee',
  preferredLanguage: 'en-US',
  locale: 'en-US',
  timezone: 'Europe/Berlin',
  active: true,
};

const PLURAL: JsonObject = {
  phoneNumbers: [{ value: 'tel:+1-201-555-0123', type: 'work' }],
  ims: [{ value: 'jane', type: 'xmpp' }],
  photos: [{ value: 'https://example.com/jane.png', type: 'photo' }],
  addresses: [
    {
      streetAddress: '1 Main Street',
      locality: 'Springfield',
      region: 'CA',
      postalCode: '91608',
      country: 'US',
      type: 'work',
    },
  ],
};

const EXTENSION: JsonObject = { employeeNumber: '701984', costCenter: '4130', department: 'Sales', division: 'North' };

/** As much of a user as the schemas have. */
export function fullBody(trial: Trial): JsonObject {
  const { server } = trial;
  const extension = hasExtension(server) ? known(server, EXTENSION, `${ENTERPRISE}:`) : {};
  const urn: JsonObject = Object.keys(extension).length > 0 ? { [ENTERPRISE]: extension } : {};
  return trial.userBody({ ...known(server, SINGULAR), ...known(server, PLURAL), ...urn });
}

/** A user with as much as the server takes; a plain one where it refuses that. */
export async function fullUser(trial: Trial): Promise<Made> {
  const body = fullBody(trial);
  const endpoint = endpointOf(trial.server, USER);
  const exchange = await trial.send('POST', endpoint, body);
  const resource = exchange.json as JsonObject | undefined;
  if (exchange.status !== 201 || typeof resource?.id !== 'string') return trial.makeUser();
  return { id: resource.id, path: `${endpoint}/${encodeURIComponent(resource.id)}`, resource, exchange };
}

export function endpointOf({ resourceTypes }: Server, schema: string): string {
  const type = resourceTypes.find((each) => each.schema.toLowerCase() === schema.toLowerCase());
  return type?.endpoint ?? (schema === USER ? '/Users' : '/Groups');
}

/** Whether users have the enterprise extension. */
export function hasExtension({ resourceTypes, schemas }: Server): boolean {
  const isIt = (urn: string) => urn.toLowerCase() === ENTERPRISE.toLowerCase();
  const type = resourceTypes.find((each) => each.schema.toLowerCase() === USER.toLowerCase());
  return schemas.has(ENTERPRISE.toLowerCase()) && (type?.schemaExtensions.some((each) => isIt(each.schema)) ?? false);
}

/** Of these values those whose attributes are declared and can be written. */
function known(server: Server, values: JsonObject, start = ''): JsonObject {
  const fits = (path: string) => {
    const attribute = server.attribute('User', path);
    return attribute !== null && attribute.mutability !== 'readOnly';
  };
  const inner = (path: string, value: JsonObject) =>
    Object.fromEntries(Object.entries(value).filter(([name]) => fits(`${path}.${name}`)));
  const found: JsonObject = {};
  for (const [name, value] of Object.entries(values)) {
    const path = `${start}${name}`;
    if (!fits(path)) continue;
    if (Array.isArray(value)) found[name] = objects(value).map((each) => inner(path, each));
    else found[name] = object(value) ? inner(path, object(value) ?? {}) : value;
  }
  return found;
}
