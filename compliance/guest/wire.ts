/**
 * One request over the network and its answer, whatever that is: HTML, ten megabytes, half an answer, none. Never throws;
 * what goes wrong below HTTP is said in `error`, in plain words.
 */
import http from 'node:http';
import https from 'node:https';
import { getCACertificates } from 'node:tls';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

export interface WireRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: string | null;
}

export interface WireAnswer {
  /** 0: no answer came. */
  status: number;
  headers: Record<string, string>;
  body: string;
  error?: string;
  /** Node's code of the error: "ECONNREFUSED". */
  code?: string;
}

export interface Wire {
  send(request: WireRequest): Promise<WireAnswer>;
  close(): void;
}

export interface WireOptions {
  timeoutMs: number;
  /** Certificates to trust besides the usual ones, in PEM. */
  ca?: string;
}

/** More than any answer to a guest needs; the rest is not read. */
export const MOST_BYTES = 16 * 1024 * 1024;

export function createWire({ timeoutMs, ca }: WireOptions): Wire {
  const proxyEnv = process.env;
  const agents = {
    'http:': new http.Agent({ keepAlive: true, proxyEnv }),
    'https:': new https.Agent({ keepAlive: true, proxyEnv, ...(ca && { ca: [...getCACertificates(), ca] }) }),
  };

  const attempt = (request: WireRequest): Promise<WireAnswer & { reused: boolean }> =>
    new Promise((resolve) => {
      const { method, url, headers, body } = request;
      const module = url.protocol === 'https:' ? https : http;
      const agent = agents[url.protocol === 'https:' ? 'https:' : 'http:'];
      const parts: Buffer[] = [];
      let answer: http.IncomingMessage | null = null;
      let size = 0;
      const end = (error?: string, code?: string) => {
        clearTimeout(timer);
        resolve({
          status: answer?.statusCode ?? 0,
          headers: answer ? flat(answer.headers) : {},
          body: answer ? decoded(Buffer.concat(parts), answer.headers['content-encoding']) : '',
          ...(error && { error }),
          ...(code && { code }),
          reused: sent.reusedSocket,
        });
        if (error) sent.destroy();
      };
      const timer = setTimeout(() => {
        end(
          answer
            ? `the answer was not complete within ${seconds(timeoutMs)}`
            : `no answer within ${seconds(timeoutMs)}`,
        );
      }, timeoutMs);
      const sent = module.request(url, { method, headers, agent }, (incoming) => {
        answer = incoming;
        incoming.on('data', (part: Buffer) => {
          size += part.length;
          if (size <= MOST_BYTES) parts.push(part);
          else end(`the answer is larger than ${MOST_BYTES / 1024 / 1024} MB; the rest was not read`);
        });
        incoming.on('end', () => end());
        incoming.on('error', (error) => end(`the answer broke off: ${error.message}`));
      });
      sent.on('error', (error: NodeJS.ErrnoException) => end(inWords(error, url), error.code));
      sent.end(body ?? undefined);
    });

  return {
    async send(request) {
      const first = await attempt(request);
      // The server closed an idle connection just as it was used again: it has not seen the request.
      const lost = first.status === 0 && first.reused && (first.code === 'ECONNRESET' || first.code === 'EPIPE');
      const { reused: _, ...answer } = lost ? await attempt(request) : first;
      return answer;
    },
    close() {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
}

function flat(headers: http.IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, String(value ?? '')]);
  return Object.fromEntries(entries);
}

/** It is not asked for, but some servers compress anyway. */
function decoded(bytes: Buffer, encoding: string | undefined): string {
  const limit = { maxOutputLength: MOST_BYTES };
  try {
    if (encoding === 'gzip' || encoding === 'x-gzip') return gunzipSync(bytes, limit).toString();
    if (encoding === 'deflate') return inflateSync(bytes, limit).toString();
    if (encoding === 'br') return brotliDecompressSync(bytes, limit).toString();
  } catch {}
  return bytes.toString();
}

const seconds = (ms: number) => (ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`);

function inWords(error: NodeJS.ErrnoException, url: URL): string {
  const code = error.code ?? '';
  if (code === 'ECONNREFUSED') return `nothing listens at ${url.host}`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the name ${url.hostname} is not known`;
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the server closed the connection without an answer';
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return `${url.host} cannot be reached`;
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME/.test(code))
    return `its certificate is not trusted (${error.message}); --ca names a file with the certificate of its issuer`;
  if (code.startsWith('HPE_')) return `what it answered is not HTTP (${error.message})`;
  if (code === 'EPROTO' || code.startsWith('ERR_SSL'))
    return `no TLS with ${url.host} (${(error as { reason?: string }).reason ?? code})`;
  return error.message || code || 'the request failed';
}
