/**
 * Sends a recorded request as it stands: `fetch` and `URL` would encode the path anew and add headers of their own. The
 * socket is kept alive between requests, as identity providers keep it.
 */
import { type IncomingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';

export interface RawRequest {
  method: string;
  /** Absolute, with its query; goes out byte for byte. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
}

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Decoded, where the answer was compressed. */
  text: string;
}

export async function send(origin: string, { method, path, headers, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const sent = request({ host: hostname, port, method, path, headers }, (response) => {
      buffer(response)
        .then((bytes) => decoded(bytes, response.headers['content-encoding']))
        .then((bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: `${bytes}` }))
        .catch(reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

async function decoded(bytes: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return bytes;
  if (encoding === 'gzip') return promisify(gunzip)(bytes);
  if (encoding === 'deflate') return promisify(inflate)(bytes);
  throw new Error(`nobody asked for Content-Encoding ${encoding}`);
}
