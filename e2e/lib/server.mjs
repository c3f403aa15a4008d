// The real binary in a directory of its own: started, waited for, killed, started again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Http } from './http.mjs';

export const BINARY = resolve(process.env.VESTIBULE_BIN ?? join(import.meta.dirname, '../../target/release/vestibule'));
export const ADMIN = { user: 'admin', password: 'correct-horse-battery-staple' };

/** The cheapest hash that Argon2 allows, for tests that are not about hashing. */
export const CHEAP_HASH = { VESTIBULE_HASH__MEMORY_KIB: '8', VESTIBULE_HASH__ITERATIONS: '1' };
/** The hash as it is configured by default. */
export const DEFAULT_HASH = {};
/** About a second for one password: something to be in the middle of. */
export const SLOW_HASH = { VESTIBULE_HASH__MEMORY_KIB: '65536', VESTIBULE_HASH__ITERATIONS: '24' };

/** Runs the binary with arguments, in an environment without settings of whoever runs the tests. */
export function run(args, env = {}, cwd = undefined) {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('VESTIBULE_'));
  const child = spawn(BINARY, args, {
    cwd,
    env: { ...Object.fromEntries(clean), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text));
  const closed = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  closed.catch(() => {});
  return { child, output, closed };
}

/** Runs a command to its end; one that does not end in time is killed and told so. */
export async function finish(args, env = {}, milliseconds = 20_000) {
  const { child, output, closed } = run(args, env);
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  const { code, signal } = await closed;
  clearTimeout(timer);
  return { code, signal, ...output, all: output.stdout + output.stderr };
}

export async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}

export const scratch = () => mkdtemp(join(tmpdir(), 'vestibule-e2e-'));

export class Server {
  /**
   * @param {object} options
   * @param {object} [options.env] settings besides the administrator's password; `CHEAP_HASH` unless given
   * @param {string[]} [options.args] further arguments
   * @param {string} [options.data] a directory that exists and is kept; else a new one, gone at `stop`
   * @param {string} [options.scheme] of the address that is waited for
   * @param {string} [options.host] by which the server calls itself
   * @param {string} [options.ca] certificate that is trusted
   */
  static async start(options = {}) {
    const server = new Server(options);
    server.port = await freePort();
    server.data = options.data ?? (await scratch());
    await server.launch();
    return server;
  }

  constructor({ env = CHEAP_HASH, args = [], data, scheme = 'http', host = '127.0.0.1', ca, admin = true }) {
    this.env = { ...(admin ? { VESTIBULE_ADMIN_PASSWORD: ADMIN.password } : {}), ...env };
    this.args = args;
    this.keep = data !== undefined;
    this.scheme = scheme;
    this.host = host;
    this.ca = ca;
    /** Output of all runs but the present one. */
    this.earlier = '';
  }

  get url() {
    return `${this.scheme}://${this.host}:${this.port}`;
  }

  get log() {
    return this.earlier + this.process.output.stdout + this.process.output.stderr;
  }

  /** Starts the binary on its data and waits until it is ready. */
  async launch() {
    const where = ['--data', this.data, '--listen', `127.0.0.1:${this.port}`, '--public-url', this.url];
    this.process = run(['serve', ...where, ...this.args], this.env);
    this.http = new Http(this.url, { ca: this.ca });
    let ended = null;
    this.process.closed.then((end) => (ended = end));
    for (const deadline = Date.now() + 20_000; ; await sleep(5)) {
      const answer = await this.http.get('/health/ready').catch(() => null);
      if (answer?.status === 200) return;
      if (ended) throw new Error(`the server ended with ${JSON.stringify(ended)}\n${this.log}`);
      if (Date.now() > deadline) {
        await this.kill();
        throw new Error(`the server was not ready within 20 seconds; last answer ${answer}\n${this.log}`);
      }
    }
  }

  /** Sends the signal and waits for the end; says how it ended. */
  async kill(signal = 'SIGKILL') {
    this.process.child.kill(signal);
    const end = await this.process.closed;
    this.http.close();
    return end;
  }

  async restart(signal = 'SIGKILL') {
    await this.kill(signal);
    this.earlier = this.log;
    await this.launch();
  }

  async stop() {
    await this.kill();
    if (!this.keep) await rm(this.data, { recursive: true, force: true });
  }
}
